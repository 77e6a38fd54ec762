#include "output_decoder.hpp"

#include <mooring/detail/base64.hpp>

#include <algorithm>

namespace mooring::vercel {

namespace {

constexpr std::size_t mostWords = 8;
constexpr std::size_t longestWord = 200;

}  // namespace

std::string OutputDecoder::push(std::string_view text) {
  const auto known = std::min<std::uint64_t>(text.size(), seen_ - position_);
  position_ += text.size();
  text.remove_prefix(static_cast<std::size_t>(known));
  seen_ = std::max(seen_, position_);
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    line_ += text.substr(0, end);
    if (end == std::string_view::npos) break;
    out += takeLine(line_);
    line_.clear();
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string OutputDecoder::takeLine(std::string_view line) {
  if (complete() || line.empty()) return {};
  if (const auto bytes = detail::decodeBase64(line)) return bytes_.push(*bytes);
  if (words_.size() < mostWords) {
    if (line.starts_with('.')) line.remove_prefix(1);
    words_.emplace_back(line.substr(0, longestWord));
  }
  return {};
}

bool OutputDecoder::said(std::string_view word) const {
  return std::ranges::any_of(words_, [word](const std::string& each) { return each.starts_with(word); });
}

}  // namespace mooring::vercel
