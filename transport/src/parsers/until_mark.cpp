#include <mooring/http/parsers/until_mark.hpp>

#include <algorithm>

namespace mooring::http {

namespace {

/// How many bytes at the end of `bytes` may be the beginning of `mark`.
std::size_t overlap(std::string_view bytes, std::string_view mark) {
  for (auto length = std::min(bytes.size(), mark.size() - 1); length > 0; --length) {
    if (bytes.ends_with(mark.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace

std::string UntilMark::push(std::string_view bytes) {
  held_ += bytes;
  if (found_) return {};
  const auto at = held_.find(mark_);
  found_ = at != std::string::npos;
  const auto known = found_ ? at : held_.size() - overlap(held_, mark_);
  std::string out = held_.substr(0, known);
  held_.erase(0, found_ ? at + mark_.size() : known);
  return out;
}

}  // namespace mooring::http
