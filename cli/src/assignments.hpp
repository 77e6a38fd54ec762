// NAME=VALUE and other small forms of the command line.
#pragma once

#include <mooring/error.hpp>
#include <mooring/files.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::cli {

/// Errors: invalidArgument naming `flag` and, without what may be a secret value, the entry.
Result<std::map<std::string, std::string>> parseAssignments(std::string_view flag,
                                                            const std::vector<std::string>& entries);

/// The enumerator named `text`. Errors: invalidArgument listing the names.
template <detail::NamedEnum E>
Result<E> parseChoice(std::string_view flag, const std::string& text) {
  if (const auto value = parseEnum<E>(text)) return *value;
  return failure(Errc::invalidArgument,
                 std::string(flag) + ": \"" + text + "\" is none of: " + enumChoices<E>());
}

/// One end of a copy, as written: `ID:PATH` is in a sandbox, `-` is standard input or output, the rest is on
/// this machine.
struct Place {
  enum class Kind { here, sandbox, standard };
  Kind kind = Kind::here;
  std::string sandboxId = {};
  std::string path = {};
};

/// Errors: invalidArgument for a text with ':' that could mean either, saying how to write both.
Result<Place> parsePlace(const std::string& text);

}  // namespace mooring::cli
