#include "toolbox/session_log.hpp"

#include <spdlog/fmt/fmt.h>

#include <charconv>

namespace mooring::daytona::emulator {

namespace {

constexpr char recordSeparator = '\x1e';
/// The longest exit code, "-2147483648".
constexpr std::size_t longestCode = 11;

}  // namespace

void SessionLog::addLine(Stream stream, std::string_view line) {
  marked_.append(stream == Stream::out ? outMarker : errMarker).append(line);
  plain_ += line;
  (stream == Stream::out ? out_ : err_) += line;
}

void SessionLog::add(Stream stream, std::string_view bytes) {
  auto& partial = stream == Stream::out ? partialOut_ : partialErr_;
  for (const char c : bytes) {
    if (c == '\0') continue;
    partial += c;
    if (c != '\n') continue;
    addLine(stream, partial);
    partial.clear();
  }
}

void SessionLog::close(Stream stream) {
  const auto& partial = stream == Stream::out ? partialOut_ : partialErr_;
  if (!partial.empty()) add(stream, "\n");
}

std::optional<SessionCutter::Piece> SessionCutter::next(std::string_view id) {
  if (buffer_.empty()) return std::nullopt;
  const std::string head = recordSeparator + std::string(id) + ":";
  const auto take = [this](std::size_t size, std::size_t skipped, std::optional<int> code) {
    Piece piece{buffer_.substr(0, size), code};
    buffer_.erase(0, size + skipped);
    return piece;
  };
  for (std::size_t from = 0;;) {
    const auto mark = buffer_.find(recordSeparator, from);
    if (mark == std::string::npos) return take(buffer_.size(), 0, std::nullopt);
    const std::string_view rest = std::string_view(buffer_).substr(mark);
    const auto compared = std::min(rest.size(), head.size());
    if (rest.substr(0, compared) != std::string_view(head).substr(0, compared)) {
      from = mark + 1;
      continue;
    }
    const auto end = rest.find(recordSeparator, 1);
    if (end == std::string_view::npos) {
      // Perhaps a mark that is still on its way; what is before it is not.
      if (rest.size() > head.size() + longestCode) {
        from = mark + 1;
        continue;
      }
      if (mark == 0) return std::nullopt;
      return take(mark, 0, std::nullopt);
    }
    int code = 0;
    const auto digits = rest.substr(head.size(), end - head.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), code);
    return take(mark, end + 1, code);
  }
}

std::string markStatement(std::string_view id, std::string_view code, int descriptor) {
  return fmt::format("printf '\\036{}:%s\\036' {} >&{}", id, code, descriptor);
}

}  // namespace mooring::daytona::emulator
