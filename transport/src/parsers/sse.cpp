#include <mooring/http/parsers/sse.hpp>

#include <charconv>
#include <utility>

namespace mooring::http {

void ServerEvents::push(std::string_view bytes) {
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_ += bytes;
}

std::optional<std::string> ServerEvents::takeLine() {
  if (skipNewline_ && taken_ < buffer_.size()) {
    if (buffer_[taken_] == '\n') ++taken_;
    skipNewline_ = false;
  }
  const auto end = buffer_.find_first_of("\r\n", taken_);
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer_.substr(taken_, end - taken_);
  skipNewline_ = buffer_[end] == '\r';
  taken_ = end + 1;
  if (!begun_ && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
  begun_ = true;
  return line;
}

Result<std::optional<ServerEvent>> ServerEvents::next() {
  while (auto line = takeLine()) {
    if (line->empty()) {
      if (auto event = endOfEvent()) return event;
      continue;
    }
    field(*line);
    if (event_.data.size() > longest_) break;
  }
  if (event_.data.size() + (buffer_.size() - taken_) > longest_) {
    return failure(Errc::corrupted, "an event is longer than " + std::to_string(longest_) + " bytes");
  }
  return std::nullopt;
}

std::optional<ServerEvent> ServerEvents::endOfEvent() {
  ServerEvent event = std::move(event_);
  event_ = {.type = {}, .data = {}, .id = event.id};
  if (!std::exchange(hasData_, false)) return std::nullopt;
  if (event.type.empty()) event.type = "message";
  event.data.pop_back();  // Each data line had added a newline.
  return event;
}

void ServerEvents::field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == 0) return;  // A comment, often sent to keep the connection open.
  const auto name = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    event_.data.append(value).push_back('\n');
    hasData_ = true;
  } else if (name == "event") {
    event_.type = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) event_.id = value;
  } else if (name == "retry") {
    int milliseconds = 0;
    const auto [stop, problem] = std::from_chars(value.data(), value.data() + value.size(), milliseconds);
    if (!value.empty() && problem == std::errc() && stop == value.data() + value.size() && milliseconds >= 0)
      retry_ = milliseconds;
  }
}

}  // namespace mooring::http
