#include "exec/output.hpp"

#include "exec/gate.hpp"

#include <charconv>

namespace mooring::sprites {

GateOutput::GateOutput(const std::string& mark)
    : greeting_(mark + " "), out_(mark + " "), err_(mark + "\n") {}

std::string GateOutput::push(Stream stream, std::string_view bytes) {
  return stream == Stream::err ? err_.push(bytes) : pushOut(bytes);
}

std::string GateOutput::pushOut(std::string_view bytes) {
  if (word_) return out_.push(bytes);
  head_ += bytes;
  const auto end = head_.find('\n');
  if (end == std::string::npos) return {};
  const std::string_view line(head_.data(), end);
  // Anything else is not the gate's: what it says is not to be believed.
  word_ = line.starts_with(greeting_) ? line.substr(greeting_.size()) : std::string_view();
  auto rest = out_.push(std::string_view(head_).substr(end + 1));
  head_.clear();
  return rest;
}

std::optional<GateEnd> GateOutput::end() const {
  if (!err_.found()) return std::nullopt;
  const auto line = out_.rest().substr(0, out_.rest().find('\n'));
  if (line.size() == out_.rest().size()) return std::nullopt;
  const auto space = line.find(' ');
  const auto how = line.substr(0, space == std::string_view::npos ? space : space + 1);
  GateEnd end;
  const auto digits = line.substr(how.size());
  const auto [stop, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), end.exitCode);
  if (ec != std::errc() || stop != digits.data() + digits.size()) return std::nullopt;
  end.killed = how == word::killed || how == word::struck;
  end.confirmed = how == word::killed;
  return end;
}

}  // namespace mooring::sprites
