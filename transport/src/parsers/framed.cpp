#include <mooring/http/parsers/framed.hpp>

#include <algorithm>

namespace mooring::http {

MarkedStreams::MarkedStreams(std::vector<std::pair<std::string, int>> markers, int initial)
    : markers_(std::move(markers)), stream_(initial) {}

MarkedStreams MarkedStreams::daytona() { return {{{"\x01\x01\x01", 1}, {"\x02\x02\x02", 2}}, 1}; }

void MarkedStreams::push(std::string_view bytes) {
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_ += bytes;
}

std::optional<StreamPiece> MarkedStreams::next() {
  for (;;) {
    const auto rest = std::string_view(buffer_).substr(taken_);
    if (rest.empty()) return std::nullopt;
    // The first place where a marker is, or might be once more bytes have come.
    std::size_t stop = rest.size();
    const std::pair<std::string, int>* found = nullptr;
    for (std::size_t at = 0; at < rest.size() && stop == rest.size() && !found; ++at) {
      for (const auto& marker : markers_) {
        const auto candidate = rest.substr(at, marker.first.size());
        if (candidate == marker.first) {
          stop = at;
          found = &marker;
          break;
        }
        if (!finished_ && at + candidate.size() == rest.size() && marker.first.starts_with(candidate))
          stop = at;
      }
    }
    if (stop > 0) {
      taken_ += stop;
      return StreamPiece{stream_, rest.substr(0, stop)};
    }
    if (!found) return std::nullopt;
    taken_ += found->first.size();
    stream_ = found->second;
  }
}

void Frames::push(std::string_view bytes) {
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_ += bytes;
}

Result<std::optional<Frame>> Frames::next() {
  const auto rest = std::string_view(buffer_).substr(taken_);
  const std::size_t head = 1 + padding_ + 4;
  std::size_t length = 0;
  if (rest.size() >= head) {
    for (std::size_t i = 0; i < 4; ++i)
      length = (length << 8U) | static_cast<unsigned char>(rest[1 + padding_ + i]);
    if (length > longest_) {
      return failure(Errc::corrupted,
                     "a frame of " + std::to_string(length) + " bytes, where at most " +
                         std::to_string(longest_) + " are allowed");
    }
  }
  if (rest.size() < head || rest.size() - head < length) {
    if (finished_ && !rest.empty()) return failure(Errc::corrupted, "the stream ends within a frame");
    return std::nullopt;
  }
  taken_ += head + length;
  return Frame{static_cast<std::uint8_t>(rest[0]), rest.substr(head, length)};
}

std::string Frames::encode(std::uint8_t type, std::string_view payload, std::size_t padding) {
  std::string out(1, static_cast<char>(type));
  out.append(padding, '\0');
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    out += static_cast<char>((payload.size() >> shift) & 0xFFU);
  return out.append(payload);
}

}  // namespace mooring::http
