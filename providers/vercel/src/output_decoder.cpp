#include "output_decoder.hpp"

#include <mooring/detail/base64.hpp>

#include <algorithm>

namespace mooring::vercel {

namespace {

constexpr std::size_t mostWords = 8;
constexpr std::size_t longestWord = 200;

/// How many bytes at the end of `bytes` may be the beginning of `mark`.
std::size_t overlap(std::string_view bytes, std::string_view mark) {
  for (auto length = std::min(bytes.size(), mark.size() - 1); length > 0; --length) {
    if (bytes.ends_with(mark.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace

std::string OutputDecoder::push(std::string_view text) {
  const auto known = std::min<std::uint64_t>(text.size(), seen_ - position_);
  position_ += text.size();
  text.remove_prefix(static_cast<std::size_t>(known));
  seen_ = std::max(seen_, position_);
  while (!text.empty()) {
    const auto end = text.find('\n');
    line_ += text.substr(0, end);
    if (end == std::string_view::npos) break;
    takeLine(line_);
    line_.clear();
    text.remove_prefix(end + 1);
  }
  return release();
}

void OutputDecoder::takeLine(std::string_view line) {
  if (complete_ || line.empty()) return;
  auto bytes = detail::decodeBase64(line);
  if (bytes) {
    held_ += *bytes;
  } else if (words_.size() < mostWords) {
    if (line.starts_with('.')) line.remove_prefix(1);
    words_.emplace_back(line.substr(0, longestWord));
  }
}

std::string OutputDecoder::release() {
  if (complete_) return {};
  auto end = held_.find(mark_);
  complete_ = end != std::string::npos;
  if (!complete_) end = held_.size() - overlap(held_, mark_);
  std::string out = held_.substr(0, end);
  held_.erase(0, complete_ ? held_.size() : end);
  return out;
}

bool OutputDecoder::said(std::string_view word) const {
  return std::ranges::any_of(words_, [word](const std::string& each) { return each.starts_with(word); });
}

}  // namespace mooring::vercel
