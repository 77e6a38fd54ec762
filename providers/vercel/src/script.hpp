// Commands as Vercel can carry them: a POSIX-sh wrapper that keeps bytes whole. docs/decisions/0008.
#pragma once

#include <mooring/provider.hpp>

#include <boost/json/object.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace mooring::vercel {

/// How the wrapper gets a command's standard input.
enum class Input {
  none,
  text,   ///< With the command, in its environment.
  files,  ///< From files that were sent before, in the order of their names.
};

/// What fits into one variable of an environment (128 KiB), as base64.
inline constexpr std::size_t longestInlineInput = std::size_t{64} * 1024;

/// A command in its wrapper.
struct Wrapped {
  std::string nonce = {};         ///< Of this execution alone; among the arguments, so that it can be found.
  std::string mark = {};          ///< Ends each output stream.
  boost::json::object body = {};  ///< Of POST …/cmd, without `wait`. May hold secrets.
};

/// Where the execution `nonce` keeps its files in the sandbox.
std::string scratchDirectory(std::string_view nonce);

/// `inlineInput` only with Input::text. Errors: invalidArgument (an environment that cannot be carried).
Result<Wrapped> wrap(const CommandSpec& command,
                     std::string nonce,
                     Input input,
                     std::string_view inlineInput);

/// What the wrapper says beside the output, on its standard error: lines that begin with a '.'.
namespace word {
inline constexpr std::string_view tool = "tool ";       ///< The image lacks this program.
inline constexpr std::string_view scratch = "scratch";  ///< /tmp cannot be written.
inline constexpr std::string_view cwd = "cwd";          ///< No such working directory.
inline constexpr std::string_view killed = "killed";    ///< The whole process group is dead.
}  // namespace word

/// The exit code that goes with the first three.
inline constexpr int wrapperFailed = 125;

}  // namespace mooring::vercel
