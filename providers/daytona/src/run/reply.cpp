#include "run/reply.hpp"

#include <mooring/detail/base64.hpp>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>

#include <charconv>
#include <utility>

namespace json = boost::json;

namespace mooring::daytona {

namespace {

constexpr std::size_t longestLine = std::size_t{64} * 1024;
constexpr std::size_t shownOfNoise = 300;

std::vector<std::string> wordsOf(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const auto end = line.find(' ');
    if (end != 0) words.emplace_back(line.substr(0, end));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  return words;
}

template <class Number>
bool readNumber(const std::string& text, Number& out) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  return ec == std::errc() && end == text.data() + text.size();
}

}  // namespace

/// The lines that the scripts print.
class AnswerReader::Text {
 public:
  Text(std::string key, AnswerEvents events) : key_(std::move(key)), events_(std::move(events)) {}

  void push(std::string_view bytes) {
    if (at_ == At::end || broken_) return;
    if (at_ == At::noise && noise_.size() < shownOfNoise)
      noise_ += bytes.substr(0, shownOfNoise - noise_.size());
    lines_.push(bytes);
    while (!broken_ && at_ != At::end) {
      auto line = lines_.next();
      if (!line) {
        broken_ = true;
        return;
      }
      if (!*line) break;
      take(**line);
    }
    flush();
  }

  Result<Answer> finish(bool whole) {
    if (at_ == At::end) return std::move(answer_);
    if (broken_) return failure(Errc::corrupted, "the answer of the sandbox's shell is damaged");
    if (at_ != At::noise || !whole)
      return failure(Errc::corrupted, "the answer of the sandbox's shell is cut short");
    std::string shown;
    for (const char c : noise_)
      shown += c >= ' ' && c <= '~' ? c : ' ';
    return failure(Errc::corrupted,
                   "the sandbox's shell did not answer as a POSIX sh does; it said \"" + shown + "\"");
  }

 private:
  enum class At { noise, pieces, end };

  void take(std::string_view line) {
    if (at_ == At::noise) {
      const auto words = wordsOf(line);
      if (words.size() < 3 || words[0] != "mooring" || words[1] != key_) return;
      broken_ = !readState(words);
      at_ = At::pieces;
      return;
    }
    if (line.find(' ') == std::string_view::npos) {
      broken_ = broken_ || !decoder_.decode(line, decoded_);
      return;
    }
    flush();
    broken_ = broken_ || !decoder_.whole();
    decoder_.reset();
    broken_ = broken_ || !readMark(wordsOf(line));
  }

  bool readState(const std::vector<std::string>& words) {
    const auto& state = words[2];
    answer_.words.assign(words.begin() + 3, words.end());
    if (state == "ended") {
      answer_.state = RunState::ended;
      return words.size() == 4 && readNumber(words[3], answer_.exitCode);
    }
    constexpr std::pair<std::string_view, RunState> plain[] = {
        {"claimed", RunState::claimed},
        {"running", RunState::running},
        {"lost", RunState::lost},
        {"void", RunState::calledOff},
        {"none", RunState::unknown},
        {"refused", RunState::refused},
    };
    for (const auto& [text, value] : plain) {
      if (state != text) continue;
      answer_.state = value;
      return true;
    }
    if (state != "taken" && state != "full" && state != "closed") return false;
    answer_.state = RunState::input;
    answer_.words.push_back(state);
    return true;
  }

  bool readMark(const std::vector<std::string>& words) {
    if (words.size() == 2 && words[0] == "end" && words[1] == key_) {
      announce();
      at_ = At::end;
      return true;
    }
    if (words.size() == 2 && words[0] == "note") {
      answer_.killed = answer_.killed || words[1] == "killed";
      answer_.groupDead = answer_.groupDead || words[1] == "dead";
      answer_.outputLost = answer_.outputLost || words[1].ends_with(".bad");
      return true;
    }
    if (words.size() != 4 || (words[0] != "o" && words[0] != "e")) return false;
    announce();
    stream_ = words[0] == "o" ? Stream::out : Stream::err;
    auto& pieces = stream_ == Stream::out ? answer_.out : answer_.err;
    pieces.end = words[3] == "end";
    return readNumber(words[1], pieces.from) && readNumber(words[2], pieces.to) && pieces.from <= pieces.to;
  }

  void announce() {
    if (std::exchange(announced_, true)) return;
    if (events_.onState) events_.onState(answer_);
  }

  void flush() {
    if (decoded_.empty()) return;
    if (events_.onBytes) events_.onBytes(stream_, decoded_);
    decoded_.clear();
  }

  std::string key_;
  AnswerEvents events_;
  http::Lines lines_{longestLine};
  At at_ = At::noise;
  Answer answer_;
  Stream stream_ = Stream::out;
  detail::Base64Decoder decoder_;
  std::string decoded_;
  std::string noise_;
  bool announced_ = false;
  bool broken_ = false;
};

/// Passes on the member "result" of the object, and skips everything else.
class AnswerReader::Json {
 public:
  explicit Json(Text& text) : parser_(json::parse_options(), text) {}

  bool push(std::string_view bytes) {
    json::error_code ec;
    parser_.write_some(true, bytes.data(), bytes.size(), ec);
    return !ec;
  }
  bool finish() {
    json::error_code ec;
    parser_.write_some(false, "", 0, ec);
    return !ec && parser_.done();
  }

 private:
  // NOLINTBEGIN(readability-identifier-naming): the names that Boost.JSON calls.
  struct Handler {
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t{64} * 1024;
    static constexpr std::size_t max_string_size = std::size_t(-1);

    explicit Handler(Text& text) : out(text) {}

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return ++depth > 0; }
    bool on_object_end(std::size_t, json::error_code&) { return depth-- > 0; }
    bool on_array_begin(json::error_code&) { return ++depth > 0; }
    bool on_array_end(std::size_t, json::error_code&) { return depth-- > 0; }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
      key += std::string_view(part.data(), part.size());
      return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
      key += std::string_view(part.data(), part.size());
      isResult = depth == 1 && key == "result";
      key.clear();
      return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
      if (isResult && depth == 1) out.push({part.data(), part.size()});
      return true;
    }
    bool on_string(json::string_view part, std::size_t size, json::error_code& ec) {
      return on_string_part(part, size, ec);
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
    bool on_double(double, json::string_view, json::error_code&) { return true; }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

    Text& out;
    std::string key;
    int depth = 0;
    bool isResult = false;
  };
  // NOLINTEND(readability-identifier-naming)

  json::basic_parser<Handler> parser_;
};

AnswerReader::AnswerReader(std::string key, AnswerEvents events)
    : text_(std::make_unique<Text>(std::move(key), std::move(events))),
      json_(std::make_unique<Json>(*text_)) {}
AnswerReader::~AnswerReader() = default;

Task<void> AnswerReader::write(std::span<const std::byte> bytes) {
  // Reply that is no JSON: said at the end, by finish(), so that it is not taken for a failed transfer.
  if (json_ && !json_->push(asText(bytes))) json_.reset();
  co_return Result<void>();
}

Result<Answer> AnswerReader::finish() {
  if (!json_) return failure(Errc::corrupted, "the reply to a command is no JSON");
  return text_->finish(json_->finish());
}

}  // namespace mooring::daytona
