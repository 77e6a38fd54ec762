#include <mooring/http/parsers/ndjson.hpp>

namespace mooring::http {

Result<std::optional<boost::json::value>> Ndjson::next() {
  for (;;) {
    auto line = lines_.next();
    if (!line)
      return std::unexpected(withContext(std::move(line).error(), "line " + std::to_string(number_ + 1)));
    if (!*line) return std::nullopt;
    ++number_;
    if ((*line)->find_first_not_of(" \t\r") == std::string_view::npos) continue;
    JsonLimits limits;
    limits.size = limits_.line;
    limits.depth = limits_.depth;
    auto value = parseJson(**line, limits);
    if (!value)
      return std::unexpected(withContext(std::move(value).error(), "line " + std::to_string(number_)));
    return std::move(*value);
  }
}

}  // namespace mooring::http
