/// The handle on one sandbox, and the smaller handles it gives out. All are cheap values: copy them freely,
/// keep only the id. Lifetime: they keep the service's inner parts alive. Threads: any.
#pragma once

#include <mooring/command.hpp>
#include <mooring/files.hpp>
#include <mooring/operation.hpp>
#include <mooring/provider.hpp>
#include <mooring/record.hpp>

#include <any>
#include <concepts>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mooring {

namespace detail {
struct Core;
/// What every handle holds. The engine outlives the core it runs.
struct Handle {
  std::shared_ptr<Engine> engine = {};
  std::shared_ptr<Core> core = {};
};
/// What Provider::native() gave. Made of a std::any and of nothing that could become one, as a whole Result
/// could.
struct AnyNative {
  AnyNative() = default;
  template <std::same_as<std::any> Any>
  explicit AnyNative(Any native) : value(std::move(native)) {}

  std::any value = {};
};
}  // namespace detail

/// What connecting came to. `gone` and `unreachable` are answers, not errors.
struct ConnectionOutcome {
  OutcomeKind kind = OutcomeKind::unreachable;
  SandboxRecord record = {};         ///< As it is now.
  std::optional<Error> reason = {};  ///< For gone and unreachable: why.
};

/// Bytes done so far of one file while a file or tree is copied; `path` is relative to the tree's root, or
/// the file's name. Called on mooring's loop thread.
using ProgressCallback = std::function<void(const std::string& path, std::uint64_t bytes)>;

struct TransferOptions {
  ProgressCallback progress = {};
};

struct TransferSummary {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

/// Files of one sandbox. Every call reaches the sandbox as run() does: at once, reconnecting only when told
/// to. Errors, everywhere: notFound, gone, invalidArgument (a path with NUL, or empty), and the provider's.
class Files {
 public:
  Files(detail::Handle handle, SandboxId id);

  /// The whole file in memory. Errors: also quotaExceeded when it is larger than `limit` bytes.
  Operation<std::string> read(SandboxPath path,
                              std::size_t limit = std::size_t{64} << 20,
                              CallOptions call = CallOptions()) const;
  /// Streams it, from byte `offset` on.
  Operation<void> readTo(SandboxPath path,
                         std::shared_ptr<ByteSink> sink,
                         std::uint64_t offset = 0,
                         CallOptions call = CallOptions()) const;
  /// Replaces or makes it; missing parents are made, and the old content stays until the new one is complete.
  Operation<void> write(SandboxPath path,
                        std::string bytes,
                        WriteOptions options = WriteOptions(),
                        CallOptions call = CallOptions()) const;
  Operation<void> writeFrom(SandboxPath path,
                            std::shared_ptr<ByteSource> source,
                            WriteOptions options = WriteOptions(),
                            CallOptions call = CallOptions()) const;

  Operation<std::vector<FileInfo>> list(SandboxPath path, CallOptions call = CallOptions()) const;
  /// A symlink is not followed.
  Operation<FileInfo> stat(SandboxPath path, CallOptions call = CallOptions()) const;
  Operation<void> makeDirectory(SandboxPath path, int mode = 0755, CallOptions call = CallOptions()) const;
  Operation<void> remove(SandboxPath path,
                         RemoveMode mode = RemoveMode::file,
                         CallOptions call = CallOptions()) const;
  Operation<void> move(SandboxPath from, SandboxPath to, CallOptions call = CallOptions()) const;
  Operation<void> setMode(SandboxPath path, int mode, CallOptions call = CallOptions()) const;

  /// A file or a whole tree of this machine into the sandbox, modes kept. `to` is the new name of `from`.
  /// Symlinks inside a tree are followed when they stay in it, and refused by name (invalidArgument) when
  /// they leave it.
  Operation<TransferSummary> upload(std::filesystem::path from,
                                    SandboxPath to,
                                    TransferOptions options = TransferOptions(),
                                    CallOptions call = CallOptions()) const;
  /// A file or a whole tree of the sandbox to this machine. Nothing is written outside `to`, whatever the
  /// sandbox says: symlinks become symlinks only when they stay inside, else an error names them.
  Operation<TransferSummary> download(SandboxPath from,
                                      std::filesystem::path to,
                                      TransferOptions options = TransferOptions(),
                                      CallOptions call = CallOptions()) const;

 private:
  detail::Handle handle_;
  SandboxId id_;
};

/// A command that outlives this process. Any process finds it again by its commandId.
/// Errors, everywhere: notFound; gone is not one: a command whose generation ended has the status `lost`.
class StartedCommand {
 public:
  StartedCommand(detail::Handle handle, CommandId id);

  [[nodiscard]] const CommandId& id() const { return id_; }
  /// Where it stands now; an end seen for the first time is recorded (one commit).
  Operation<CommandRecord> status(CallOptions call = CallOptions()) const;
  /// Waits for its end. The deadline ends the waiting, not the command.
  Operation<CommandRecord> wait(CallOptions call = CallOptions()) const;
  /// What one stream holds from `offset` on, at most `maxBytes`.
  Operation<OutputChunk> output(Stream stream,
                                std::uint64_t offset = 0,
                                std::size_t maxBytes = std::size_t{1} << 20,
                                CallOptions call = CallOptions()) const;
  /// The same, but waits until there is at least one byte, or the end.
  Operation<OutputChunk> follow(Stream stream,
                                std::uint64_t offset,
                                std::size_t maxBytes = std::size_t{1} << 20,
                                CallOptions call = CallOptions()) const;
  /// Sends a signal to its process group; fine when it has ended.
  Operation<void> kill(int signal = 15, CallOptions call = CallOptions()) const;
  Operation<void> writeInput(std::string bytes, CallOptions call = CallOptions()) const;
  Operation<void> closeInput(CallOptions call = CallOptions()) const;

 private:
  detail::Handle handle_;
  CommandId id_;
};

struct PreviewOptions {
  /// Wait until something answers on the port, at most this long (then deadlineExceeded). Zero: do not wait.
  std::chrono::milliseconds waitUntilReady = {};
};

class Previews {
 public:
  Previews(detail::Handle handle, SandboxId id);
  /// Errors: unsupported, deadlineExceeded.
  Operation<PreviewUrl> url(int port,
                            PreviewOptions options = PreviewOptions(),
                            CallOptions call = CallOptions()) const;

 private:
  detail::Handle handle_;
  SandboxId id_;
};

struct ForwardOptions {
  std::uint16_t localPort = 0;  ///< On this machine's loopback (127.0.0.1). 0: a free one that the system
                                ///< chooses.
  /// Told the local port as soon as connections are taken. Called once, on mooring's loop: must not block.
  std::function<void(std::uint16_t)> onListening = {};
  /// Told why a connection ended, where it broke; the others go on. Called on mooring's loop: must not block.
  std::function<void(const Error&)> onBroken = {};
};

/// Saved states of the sandbox's files. Errors, everywhere: unsupported, before any request.
class Checkpoints {
 public:
  Checkpoints(detail::Handle handle, SandboxId id);
  Operation<CheckpointInfo> create(std::string comment = std::string(),
                                   CallOptions call = CallOptions()) const;
  Operation<std::vector<CheckpointInfo>> list(CallOptions call = CallOptions()) const;
  /// Puts the files back; processes end. Recorded as an event (one commit).
  Operation<void> restore(CheckpointId id, CallOptions call = CallOptions()) const;
  Operation<void> remove(CheckpointId id, CallOptions call = CallOptions()) const;

 private:
  detail::Handle handle_;
  SandboxId id_;
};

class Sandbox {
 public:
  Sandbox(detail::Handle handle, SandboxId id);

  /// The one string to keep.
  [[nodiscard]] const SandboxId& id() const { return id_; }

  /// The record as it is in the database. Errors: notFound.
  Operation<SandboxRecord> record(CallOptions call = CallOptions()) const;
  /// What happened to it, oldest first, from after `afterSeq`.
  Operation<std::vector<SandboxEvent>> events(std::int64_t afterSeq = 0,
                                              CallOptions call = CallOptions()) const;

  /// Finds, wakes or (as its policy allows) rebuilds what stands behind it. Waits for whoever is rebuilding
  /// it already. Errors: notFound, storeFailed; everything else is an outcome.
  Operation<ConnectionOutcome> connect(CallOptions call = CallOptions()) const;

  /// Runs `command` and waits for its end. Goes straight to the sandbox and reconnects only when that fails:
  /// one request and no commit when it stands. The command is killed when the deadline passes or the stop
  /// token fires. Errors: notFound (no such record), gone (policy forbids another), deadlineExceeded,
  /// cancelled, outcomeUnknown (it may
  ///   have run; not repeated unless call.idempotent), and the provider's. Error::partial holds what it had
  ///   printed.
  Operation<CommandResult> run(Command command, CallOptions call = CallOptions()) const;
  Operation<CommandResult> run(std::string program,
                               std::vector<std::string> args,
                               CallOptions call = CallOptions()) const;

  /// Starts `command` and lets it go: a row is committed, then it is started. Its timeouts, capture and sink
  /// are not used (invalidArgument when set). Cost: two commits.
  Operation<StartedCommand> start(Command command, CallOptions call = CallOptions()) const;
  /// A handle from a stored id. No I/O.
  [[nodiscard]] StartedCommand command(CommandId id) const;
  /// Newest first.
  Operation<std::vector<CommandRecord>> commands(CallOptions call = CallOptions()) const;

  [[nodiscard]] Files files() const;
  [[nodiscard]] Previews previews() const;
  [[nodiscard]] Checkpoints checkpoints() const;

  /// Carries every TCP connection made to a local port to `port` inside the sandbox, until it is cancelled or
  /// its deadline passes, which closes them all. Each connection finds the sandbox as run() does.
  /// Errors: invalidArgument (not a port), unsupported (Capability::portForwarding), conflict (the local port
  /// is taken), deadlineExceeded, cancelled.
  Operation<void> forward(int port,
                          ForwardOptions options = ForwardOptions(),
                          CallOptions call = CallOptions()) const;

  /// Gives it `lifetime` from now. Errors: unsupported, gone.
  Operation<void> extend(std::chrono::milliseconds lifetime, CallOptions call = CallOptions()) const;

  /// Ends its processes and marks it shutdown. Always ends so: what the provider did not confirm is a debt
  /// that recover() pays. An ephemeral sandbox is destroyed. Fine when it is shut down already. Cost: one
  /// commit.
  Operation<SandboxRecord> stop(CallOptions call = CallOptions()) const;
  /// The same, and nothing is kept but the record.
  Operation<SandboxRecord> destroy(CallOptions call = CallOptions()) const;
  /// Brings back a stopped sandbox with its files: shutdown → active. `gone` when nothing is left of it.
  Operation<ConnectionOutcome> resume(CallOptions call = CallOptions()) const;
  /// A new generation, whatever stood before (that is destroyed). The setup runs again. Cost: two commits.
  Operation<SandboxRecord> recreate(CallOptions call = CallOptions()) const;

  /// The provider's own typed handle, for what the common surface does not cover, for example
  /// `sandbox.native<local::Native>()`. Errors: invalidArgument (another provider's type), and connect's.
  template <class Native>
  Operation<Native> native(CallOptions call = CallOptions()) const {
    return Operation<Native>(
        handle_.engine, call, [any = anyNative(call)]() mutable { return cast<Native>(std::move(any)); });
  }

 private:
  Operation<detail::AnyNative> anyNative(CallOptions call) const;
  template <class Native>
  static Task<Native> cast(Operation<detail::AnyNative> operation) {
    auto any = co_await std::move(operation);
    if (!any) co_return std::unexpected(std::move(any).error());
    auto* native = std::any_cast<Native>(&any->value);
    if (native == nullptr)
      co_return failure(Errc::invalidArgument, "native(): this sandbox's provider has another type");
    co_return std::move(*native);
  }

  detail::Handle handle_;
  SandboxId id_;
};

}  // namespace mooring
