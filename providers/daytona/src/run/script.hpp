// The texts that are sent to be run by the sandbox's shell. Plain functions of values.
#pragma once

#include <mooring/provider.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::daytona {

/// One run as both sides know it.
struct RunId {
  std::string key = {};                         ///< Letters and digits; never used for anything else.
  std::string mark = {};                        ///< The same; stands behind the last byte of each stream.
  std::string directory = "/tmp/.mooring-run";  ///< Where the sandbox keeps all runs.
};

/// Which pieces of its output have arrived: the first of each stream that has not, and those that the sandbox
/// may still hold.
struct Position {
  std::uint64_t out = 1;
  std::uint64_t err = 1;
  std::uint64_t outKept = 1;
  std::uint64_t errKept = 1;
};

/// How long a request waits in the sandbox: for the end of the run; if there is output, for no longer than
/// `withOutput` seconds; and never longer than both together.
struct Patience {
  int withOutput = 0;
  int beyond = 0;
};

/// Where the command's standard input comes from.
enum class InputFrom {
  nowhere,
  request,  ///< All of it travels with the first request.
  pieces,   ///< It is handed in afterwards.
};

struct Start {
  RunId run = {};
  InputFrom inputFrom = InputFrom::nowhere;
  std::string input = {};               ///< For InputFrom::request.
  std::vector<std::string> spent = {};  ///< Keys whose results have arrived: to be removed along the way.
  Patience patience = {};
};

/// Errors: invalidArgument, when no Linux could start it: arguments beyond what the kernel takes.
Result<void> checkSize(const CommandSpec& command);

/// Starts the command, at most once however often it is sent, and waits. Secrets are in the text; nothing of
/// it is on any process's command line, except what the command's own has.
std::string startText(const Start& start, const CommandSpec& command);
/// Forgets what has arrived, and waits for more. May be repeated.
std::string nextText(const RunId& run, const Position& position, const Patience& patience);
/// Kills the run's process group, or sees to it that it never starts. May be repeated.
std::string killText(const RunId& run, const Position& position);
/// Hands in a piece of standard input, counted from 1; null: it was uploaded to inputPath(). `last`: no other
/// follows. May be repeated.
std::string inputText(const RunId& run, std::uint64_t number, const std::string* bytes, bool last);
std::string inputPath(const RunId& run, std::uint64_t number);
/// Removes what is left of the run.
std::string forgetText(const RunId& run);

/// `bytes` as one word of a shell command, where they are printable.
std::string quoted(std::string_view bytes);

}  // namespace mooring::daytona
