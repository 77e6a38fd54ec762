#include "assignments.hpp"

#include <algorithm>

namespace mooring::cli {
namespace {

/// 8-4-4-4-12 hexadecimal digits, as every sandboxId is.
bool looksLikeId(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace

Result<std::map<std::string, std::string>> parseAssignments(std::string_view flag,
                                                            const std::vector<std::string>& entries) {
  std::map<std::string, std::string> out;
  for (std::size_t at = 0; at < entries.size(); ++at) {
    const auto equals = entries[at].find('=');
    if (equals == std::string::npos || equals == 0) {
      return failure(Errc::invalidArgument,
                     std::string(flag) + ": the value number " + std::to_string(at + 1) +
                         " has no name before a '=': write NAME=VALUE");
    }
    out.insert_or_assign(entries[at].substr(0, equals), entries[at].substr(equals + 1));
  }
  return out;
}

Result<Place> parsePlace(const std::string& text) {
  if (text.empty())
    return failure(Errc::invalidArgument, "an empty path names nothing: write . for this directory");
  if (text == "-") return Place{.kind = Place::Kind::standard};
  const auto colon = text.find(':');
  const auto slash = text.find('/');
  if (colon == std::string::npos || slash < colon) return Place{.kind = Place::Kind::here, .path = text};
  Place place{
      .kind = Place::Kind::sandbox, .sandboxId = text.substr(0, colon), .path = text.substr(colon + 1)};
  if (!looksLikeId(place.sandboxId)) {
    return failure(Errc::invalidArgument,
                   "\"" + text + "\": \"" + place.sandboxId +
                       "\" is not a sandboxId (see `mooring list`); for a file of this machine "
                       "write ./" +
                       text);
  }
  if (place.path.empty()) place.path = ".";
  return place;
}

}  // namespace mooring::cli
