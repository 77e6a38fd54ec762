#include "capture.hpp"

#include <algorithm>
#include <string_view>

namespace mooring::detail {

Capture::Capture(std::size_t limit) : headLimit_(limit - limit / 2), tailLimit_(limit / 2) {}

void Capture::add(std::span<const std::byte> bytes) {
  total_ += bytes.size();
  std::string_view rest = asText(bytes);
  const auto toHead = std::min(rest.size(), headLimit_ - head_.size());
  head_.append(rest.substr(0, toHead));
  rest.remove_prefix(toHead);
  if (rest.empty() || tailLimit_ == 0) return;
  if (tail_.empty()) {
    head_.reserve(headLimit_ + tailLimit_);
    tail_.reserve(tailLimit_);
  }

  if (rest.size() >= tailLimit_) {  // Only its last bytes can survive.
    tail_.assign(rest.substr(rest.size() - tailLimit_));
    tailStart_ = 0;
    return;
  }
  const auto toGrow = std::min(rest.size(), tailLimit_ - tail_.size());
  tail_.append(rest.substr(0, toGrow));
  rest.remove_prefix(toGrow);
  while (!rest.empty()) {
    const auto run = std::min(rest.size(), tailLimit_ - tailStart_);
    std::ranges::copy_n(rest.begin(),
                        static_cast<std::ptrdiff_t>(run),
                        tail_.begin() + static_cast<std::ptrdiff_t>(tailStart_));
    tailStart_ = (tailStart_ + run) % tailLimit_;
    rest.remove_prefix(run);
  }
}

Captured Capture::finish() && {
  Captured out;
  out.totalBytes = total_;
  out.truncated = total_ > head_.size() + tail_.size();
  std::ranges::rotate(tail_, tail_.begin() + static_cast<std::ptrdiff_t>(tailStart_));
  std::string_view tail = tail_;
  if (out.truncated) {
    head_.resize(head_.size() - incompleteSuffix(head_));
    tail.remove_prefix(continuationPrefix(tail));
  }
  out.headBytes = out.truncated ? head_.size() : total_;
  // Room for all was made when the head was full: nothing is held twice here but the tail.
  head_.append(tail);
  out.text = std::move(head_);
  return out;
}

namespace {
constexpr bool isContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

constexpr std::size_t characterLength(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte >= 0xF0U && byte <= 0xF4U) return 4;
  if (byte >= 0xE0U) return byte <= 0xEFU ? 3 : 1;
  return byte >= 0xC2U ? 2 : 1;
}
}  // namespace

std::size_t incompleteSuffix(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const char c = text[text.size() - back];
    if (isContinuation(c)) continue;
    return characterLength(c) > back ? back : 0;
  }
  return 0;
}

std::size_t continuationPrefix(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && count < 3 && isContinuation(text[count]))
    ++count;
  // Four in a row are no UTF-8 at all: binary output is kept as it is.
  return count < text.size() && count == 3 && isContinuation(text[count]) ? 0 : count;
}

}  // namespace mooring::detail
