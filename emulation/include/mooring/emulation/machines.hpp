/// The real sandboxes behind an emulator's pretended ones, by the local provider.
#pragma once

#include <mooring/emulation/waiting.hpp>
#include <mooring/provider.hpp>
#include <mooring/registry.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mooring::emulation {

struct MachineSpec {
  std::string name = {};            ///< Letters, digits, '-', '_', '.'; unique in its pool.
  std::string home = "/workspace";  ///< Where its files are and its programs start: what the vendor's clients
                                    ///< expect, such as /home/daytona.
  std::string user = "sandbox";     ///< Its user's name.
  std::vector<VolumeMount> volumes = {};
  bool networkBlocked = false;
};

/// What a captured command printed.
struct CommandOutput {
  CommandEnd end = {};
  std::string out = {};
  std::string err = {};
  std::string both = {};  ///< As it came, on either stream.
  bool late = false;      ///< The time limit passed; it was killed.
};

/// One sandbox. Threads: the loop. Lifetime: its pool outlives it. After destroy() calls answer `gone`, after
/// stop() `notRunning`.
class Machine {
 public:
  [[nodiscard]] const MachineSpec& spec() const { return spec_; }

  Task<void> start();
  /// Ends all its processes; the files in its home and in /var/tmp stay.
  Task<void> stop();

  /// Runs a command to its end; `observer` sees its output as it comes. Killed after `patience` (zero:
  /// never), and when the awaiting coroutine is cancelled.
  boost::asio::awaitable<Limited<CommandEnd>> run(CommandSpec command,
                                                  RunObserver& observer,
                                                  std::chrono::milliseconds patience);
  /// The same, holding at most `limit` bytes of what it prints; what is beyond is dropped.
  Task<CommandOutput> runCaptured(CommandSpec command,
                                  std::chrono::milliseconds patience = std::chrono::milliseconds(0),
                                  std::size_t limit = std::size_t{64} << 20);

  /// For launch().
  [[nodiscard]] std::string newId() { return ids_->uuid(); }
  /// Starts a command in the background, with its input open and its output kept in files; returns its id.
  /// `key`: empty, or an id of the caller's (a second call with it starts nothing).
  Task<std::string> launch(CommandSpec command, std::string key = std::string());
  Task<StartedState> poll(std::string id);
  Task<StartedState> awaitEnd(std::string id);
  /// Up to `maxBytes` of its output from `offset`. With `follow` it waits for at least one byte, or the end.
  Task<OutputChunk> output(
      std::string id, Stream stream, std::uint64_t offset, std::size_t maxBytes, bool follow);
  /// To its process group.
  Task<void> signal(std::string id, int number);
  Task<void> input(std::string id, std::string bytes, bool close);

  Task<void> read(SandboxPath path, std::uint64_t offset, std::shared_ptr<ByteSink> sink);
  Task<std::string> readAll(SandboxPath path, std::size_t limit = std::size_t{16} << 20);
  Task<void> write(SandboxPath path, std::shared_ptr<ByteSource> source, WriteOptions options);
  Task<std::vector<FileInfo>> list(SandboxPath path);
  Task<FileInfo> stat(SandboxPath path);
  Task<void> makeDirectory(SandboxPath path, int mode);
  Task<void> remove(SandboxPath path, RemoveMode mode);
  Task<void> move(SandboxPath from, SandboxPath to);
  Task<void> setMode(SandboxPath path, int mode);

  /// Whether something listens on that port. The network is this machine's: ports are shared by all.
  Task<bool> answers(int port);

  /// For what is not here: checkpoints and the like.
  Provider& provider() { return *provider_; }
  [[nodiscard]] const Instance& instance() const { return instance_; }
  /// After a restored checkpoint.
  void replaceInstance(Instance instance) { instance_ = std::move(instance); }

 private:
  friend class Machines;
  Machine(std::shared_ptr<Provider> provider,
          std::shared_ptr<IdSource> ids,
          MachineSpec spec,
          Instance instance)
      : provider_(std::move(provider)),
        ids_(std::move(ids)),
        spec_(std::move(spec)),
        instance_(std::move(instance)) {}

  std::shared_ptr<Provider> provider_;
  std::shared_ptr<IdSource> ids_;
  MachineSpec spec_;
  Instance instance_;
};

using MachinePtr = std::shared_ptr<Machine>;

/// The pool. Threads: the loop.
class Machines {
 public:
  /// `directory` is the pool's own. Errors: notConfigured (the local provider cannot work here).
  static Result<std::shared_ptr<Machines>> open(boost::asio::any_io_executor loop,
                                                boost::asio::any_io_executor blocking,
                                                const std::filesystem::path& directory);

  /// Removes those that a pool before this one has left in the directory.
  Task<void> destroyAbandoned();

  /// Makes one and starts it.
  Task<MachinePtr> make(MachineSpec spec);
  /// Removes it with its files. Fine when it is gone.
  Task<void> destroy(MachinePtr machine);
  /// Those that are just being made, too. From then on none can be made.
  Task<void> destroyAll();

  Task<void> ensureVolume(std::string name);
  /// Errors: notFound, conflict (in use).
  Task<void> removeVolume(std::string name);

 private:
  Machines(std::shared_ptr<Provider> provider,
           std::shared_ptr<IdSource> ids,
           const boost::asio::any_io_executor& loop)
      : provider_(std::move(provider)), ids_(std::move(ids)), made_(loop) {}

  std::shared_ptr<Provider> provider_;
  std::shared_ptr<IdSource> ids_;
  std::map<std::string, MachinePtr> living_;
  int making_ = 0;
  bool closing_ = false;
  Notice made_;
};

}  // namespace mooring::emulation
