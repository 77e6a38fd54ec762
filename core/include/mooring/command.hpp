/// Running programs in a sandbox: what to run, and how it ended.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/ids.hpp>
#include <mooring/sources.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mooring {

enum class Stream { out, err };

template <>
struct detail::EnumText<Stream> {
  static constexpr std::array entries{
      std::pair{Stream::out, std::string_view("stdout")},
      std::pair{Stream::err, std::string_view("stderr")},
  };
};

/// Sees every byte of a command as it arrives, also what the capture drops.
/// Threads: called on mooring's loop thread; a slow sink slows the command down (back-pressure), and calling
/// get() in it is refused. Lifetime: kept alive until the run has ended.
class OutputSink {
 public:
  virtual ~OutputSink() = default;
  virtual void onOutput(Stream stream, std::span<const std::byte> bytes) = 0;
};

/// Each limit kills the command's whole process group when it passes. Zero: no such limit.
struct Timeouts {
  std::chrono::milliseconds connect = {};    ///< Until the provider confirms that the command is running.
  std::chrono::milliseconds firstByte = {};  ///< From there until the first byte on either stream.
  std::chrono::milliseconds silence = {};    ///< Longest pause between two bytes after the first one.
  std::chrono::milliseconds total = {};      ///< From the start until the end.
};

enum class TimeoutKind { connect, firstByte, silence, total };

template <>
struct detail::EnumText<TimeoutKind> {
  static constexpr std::array entries{
      std::pair{TimeoutKind::connect, std::string_view("connect")},
      std::pair{TimeoutKind::firstByte, std::string_view("firstByte")},
      std::pair{TimeoutKind::silence, std::string_view("silence")},
      std::pair{TimeoutKind::total, std::string_view("total")},
  };
};

/// What to run. Plain data; every member has a default, so designated initialisers read like a form.
struct Command {
  std::string program = {};            ///< Looked up on the sandbox's PATH. Never passes through a shell.
  std::vector<std::string> args = {};  ///< Bytes, none of them NUL. Each arrives as exactly one argument.
  std::string cwd = {};                ///< Absolute, or relative to the sandbox's home. Empty: the home.
  std::map<std::string, std::string> env = {};  ///< Added to, and stronger than, the sandbox's env and
                                                ///< secretEnv.
  std::string input = {};  ///< Standard input. The command reads these bytes, then end of file.
  std::shared_ptr<ByteSource> inputStream = {};  ///< Standard input as a stream; used instead of `input` when
                                                 ///< set.
  Timeouts timeouts = {};
  std::size_t captureLimit = std::size_t{1} << 20;  ///< Bytes kept of each stream: half from its head, half
                                                    ///< from its tail.
  std::shared_ptr<OutputSink> sink = {};            ///< Sees all output live.
};

/// What was kept of one stream.
struct Captured {
  std::string text = {};         ///< The head, then the tail; complete when not truncated. Cut between UTF-8
                                 ///< characters.
  std::uint64_t totalBytes = 0;  ///< All that the command wrote, also what was dropped.
  bool truncated = false;
  std::size_t headBytes = 0;  ///< Where in `text` bytes are missing; text.size() when nothing is.
};

/// How the connection to the sandbox came about.
enum class OutcomeKind {
  attached,   ///< It was there and running.
  resumed,    ///< It was stopped or asleep and has been woken; its files are as they were.
  recreated,  ///< It was gone; a new generation stands in its place. State other than `setup` and volumes is
              ///< lost.
  gone,       ///< It is gone, and policy or status forbids a new one.
  unreachable,  ///< Nothing is known: the provider did not answer usefully. The record is as it was.
};

template <>
struct detail::EnumText<OutcomeKind> {
  static constexpr std::array entries{
      std::pair{OutcomeKind::attached, std::string_view("attached")},
      std::pair{OutcomeKind::resumed, std::string_view("resumed")},
      std::pair{OutcomeKind::recreated, std::string_view("recreated")},
      std::pair{OutcomeKind::gone, std::string_view("gone")},
      std::pair{OutcomeKind::unreachable, std::string_view("unreachable")},
  };
};

/// How it ended. A non-zero exit or a timeout is a result, not an Error: the sandbox did its job.
struct CommandResult {
  int exitCode = 0;         ///< 128 + n when signal n killed it, on every provider.
  std::string signal = {};  ///< "SIGKILL" …, where the provider tells; empty otherwise.
  Captured out = {};
  Captured err = {};
  Timestamp startedAt = {};
  Timestamp finishedAt = {};
  OutcomeKind connection = OutcomeKind::attached;  ///< What it took to reach the sandbox.
  std::optional<TimeoutKind> timedOut = {};        ///< Which limit killed it, if one did.
  bool killConfirmed = false;  ///< After a timeout: its process group is known to be dead.
};

/// Where a started command stands.
enum class CommandStatus {
  starting,  ///< The row is committed; whether the provider has started it is not yet known.
  running,
  exited,  ///< With an exit code.
  failed,  ///< It provably never started.
  lost,    ///< Its sandbox generation ended before its result was known.
};

template <>
struct detail::EnumText<CommandStatus> {
  static constexpr std::array entries{
      std::pair{CommandStatus::starting, std::string_view("starting")},
      std::pair{CommandStatus::running, std::string_view("running")},
      std::pair{CommandStatus::exited, std::string_view("exited")},
      std::pair{CommandStatus::failed, std::string_view("failed")},
      std::pair{CommandStatus::lost, std::string_view("lost")},
  };
};

/// The durable row behind a started command.
struct CommandRecord {
  CommandId commandId = {};
  SandboxId sandboxId = {};
  int generation = 1;  ///< The sandbox generation it runs in.
  ExternalCommandId externalCommandId = {};
  CommandStatus status = CommandStatus::starting;
  std::string program = {};
  std::vector<std::string> args = {};  ///< With every secretEnv value replaced by "***".
  std::string cwd = {};
  std::optional<int> exitCode = {};
  std::string signal = {};
  Timestamp createdAt = {};
  std::optional<Timestamp> finishedAt = {};
};

/// A piece of a started command's output.
struct OutputChunk {
  std::string bytes = {};
  std::uint64_t nextOffset = 0;  ///< Where to go on.
  bool ended = false;            ///< The command has ended and there is nothing after nextOffset.
};

/// "SIGTERM" for 15; empty for a number without a name.
std::string_view signalName(int signal);
/// 15 for "SIGTERM", "TERM" or "15"; nothing for another text.
std::optional<int> parseSignal(std::string_view text);

}  // namespace mooring
