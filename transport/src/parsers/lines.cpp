#include <mooring/http/parsers/lines.hpp>

namespace mooring::http {

void Lines::push(std::string_view bytes) {
  buffer_.erase(0, taken_);
  searched_ -= taken_;
  taken_ = 0;
  buffer_ += bytes;
}

Result<std::optional<std::string_view>> Lines::next() {
  const auto newline = buffer_.find('\n', searched_);
  if (newline == std::string::npos) {
    searched_ = buffer_.size();
    if (buffer_.size() - taken_ > longest_) {
      return failure(Errc::corrupted, "a line is longer than " + std::to_string(longest_) + " bytes");
    }
    if (!finished_ || taken_ == buffer_.size()) return std::nullopt;
  }
  const auto end = newline == std::string::npos ? buffer_.size() : newline;
  auto line = std::string_view(buffer_).substr(taken_, end - taken_);
  if (line.size() > longest_) {
    return failure(Errc::corrupted, "a line is longer than " + std::to_string(longest_) + " bytes");
  }
  taken_ = newline == std::string::npos ? end : end + 1;
  searched_ = taken_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace mooring::http
