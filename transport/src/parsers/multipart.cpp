#include <mooring/http/parsers/multipart.hpp>

#include <algorithm>

namespace mooring::http {

namespace {
constexpr std::size_t maxHeaders = std::size_t{16} * 1024;
constexpr std::size_t maxPreamble = std::size_t{64} * 1024;
}  // namespace

std::optional<std::string> MultipartEvent::disposition(std::string_view parameterName) const {
  const auto value = headers.get("Content-Disposition");
  return value ? parameter(*value, parameterName) : std::nullopt;
}

// The first boundary has no line before it; pretending that there was an empty one makes all boundaries
// alike.
Multipart::Multipart(std::string_view boundary)
    : delimiter_("\r\n--" + std::string(boundary)), buffer_("\r\n") {}

Result<Multipart> Multipart::forContentType(std::string_view contentType) {
  const auto boundary = parameter(contentType, "boundary");
  if (!mediaType(contentType).starts_with("multipart/") || !boundary || boundary->empty() ||
      boundary->size() > 200) {
    return failure(Errc::corrupted, "a multipart reply was expected, with a boundary in its Content-Type");
  }
  return Multipart(*boundary);
}

void Multipart::push(std::string_view bytes) {
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_ += bytes;
}

Result<std::optional<MultipartEvent>> Multipart::needMore() const {
  if (finished_) return failure(Errc::corrupted, "a multipart body ends before its closing boundary");
  return std::nullopt;
}

Result<std::optional<MultipartEvent>> Multipart::next() {
  for (;;) {
    const auto before = state_;
    Result<std::optional<MultipartEvent>> event;
    switch (state_) {
      case State::preamble:
        event = readPreamble();
        break;
      case State::afterBoundary:
        event = readAfterBoundary();
        break;
      case State::headers:
        event = readHeaders();
        break;
      case State::data:
        event = readData();
        break;
      case State::partEnded:
        state_ = State::afterBoundary;
        return MultipartEvent{.kind = MultipartEvent::Kind::end};
      case State::closed:
        taken_ = buffer_.size();  // An epilogue means nothing.
        return std::nullopt;
    }
    if (!event || *event) return event;
    if (state_ == before) return needMore();
  }
}

Result<std::optional<MultipartEvent>> Multipart::readPreamble() {
  const auto at = rest().find(delimiter_);
  if (at != std::string_view::npos) {
    taken_ += at + delimiter_.size();
    state_ = State::afterBoundary;
  } else if (rest().size() > maxPreamble) {
    return failure(Errc::corrupted, "a multipart body does not begin with its boundary");
  }
  return std::nullopt;
}

Result<std::optional<MultipartEvent>> Multipart::readAfterBoundary() {
  const auto text = rest();
  if (text.starts_with("--")) {
    taken_ += 2;
    state_ = State::closed;
    return MultipartEvent{.kind = MultipartEvent::Kind::close};
  }
  if (text == "-") return std::nullopt;
  const auto content = text.find_first_not_of(" \t");
  if (content == std::string_view::npos || text.substr(content) == "\r") {
    if (text.size() > maxHeaders) return failure(Errc::corrupted, "a multipart boundary's line does not end");
    return std::nullopt;
  }
  if (!text.substr(content).starts_with("\r\n"))
    return failure(Errc::corrupted, "a multipart boundary is followed by text");
  taken_ += content;  // Its line end stays: with no headers at all, it is half of the empty line.
  state_ = State::headers;
  return std::nullopt;
}

Result<std::optional<MultipartEvent>> Multipart::readHeaders() {
  const auto text = rest();
  const auto end = text.find("\r\n\r\n");
  if (end > maxHeaders) {  // Not found counts as further away than anything.
    if (text.size() > maxHeaders)
      return failure(Errc::corrupted, "the headers of a part are longer than 16 KiB");
    return std::nullopt;
  }
  MultipartEvent event{.kind = MultipartEvent::Kind::begin};
  auto lines = text.substr(0, end);
  while (!lines.empty()) {
    lines.remove_prefix(2);
    const auto line = lines.substr(0, lines.find("\r\n"));
    lines.remove_prefix(line.size());
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
      return failure(Errc::corrupted, "a part has a header without a colon");
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t'))
      value.remove_prefix(1);
    event.headers.add(std::string(line.substr(0, colon)), std::string(value));
  }
  taken_ += end + 4;
  state_ = State::data;
  return event;
}

Result<std::optional<MultipartEvent>> Multipart::readData() {
  const auto text = rest();
  const auto at = text.find(delimiter_);
  if (at != std::string_view::npos && at > 0) {
    taken_ += at;
    return MultipartEvent{.kind = MultipartEvent::Kind::data, .bytes = text.substr(0, at)};
  }
  if (at == 0) {
    taken_ += delimiter_.size();
    state_ = State::partEnded;
    return std::nullopt;
  }
  // What may be the beginning of a boundary waits until that is decided.
  auto certain = text.size() - std::min(text.size(), delimiter_.size() - 1);
  while (certain < text.size() && !delimiter_.starts_with(text.substr(certain)))
    ++certain;
  if (certain == 0) return std::nullopt;
  taken_ += certain;
  return MultipartEvent{.kind = MultipartEvent::Kind::data, .bytes = text.substr(0, certain)};
}

}  // namespace mooring::http
