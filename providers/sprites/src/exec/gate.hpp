// A command as it goes through the gate: a small script that stands in its place until it is told to begin.
// docs/decisions/0010.
#pragma once

#include <mooring/provider.hpp>

#include <string>
#include <string_view>

namespace mooring::sprites {

/// What the gate is told on its standard input, which afterwards is the command's.
struct Gated {
  std::string mark = {};    ///< Of this execution alone; begins what the gate itself prints.
  std::string header = {};  ///< May hold secrets. Until `go` follows it nothing happens.
};

inline constexpr std::string_view go = "go\n";

/// Whether a sprite that was stopped runs it all the same.
enum class AtRest { refused, allowed };

/// Errors: invalidArgument.
Result<Gated> gate(const CommandSpec& command, std::string nonce, AtRest atRest = AtRest::refused);

/// The gate itself, for `sh -c`.
std::string_view gateScript();

/// The query of the request that starts the gate. Always the same, so nothing of a command is in a URL.
std::string gateQuery();

/// In the sprite's home: it was stopped, and runs nothing until it is attached.
inline constexpr std::string_view restFile = ".mooring-stopped";

/// What the gate prints after its mark.
namespace word {
inline constexpr std::string_view started = "started";
inline constexpr std::string_view stopped = "stopped";  ///< Nothing was run.
inline constexpr std::string_view lacks = "lacks ";     ///< A program that it needs; nothing was run.
inline constexpr std::string_view nowhere = "nowhere";  ///< No such working directory; nothing was run.
inline constexpr std::string_view ended = "ended ";     ///< With its exit code.
inline constexpr std::string_view killed = "killed ";   ///< On request, and its process group is dead.
inline constexpr std::string_view struck = "struck ";   ///< On request; something of its group lives on.
}  // namespace word

}  // namespace mooring::sprites
