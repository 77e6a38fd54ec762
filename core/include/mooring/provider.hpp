/// The contract that a provider implements: a bundle of small interfaces. One that it lacks is a null
/// pointer, so "can it?" has one answer. tests/conformance holds every promise made here as a test.
///
/// All members are coroutines on mooring's loop; a provider that must block does so through
/// ProviderContext::blocking. Cancellation (of the awaiting coroutine) reaches each call; what it leaves
/// behind is said per call.
///
/// Errors mean the same from all of them. Nothing has happened, and asking again is safe, for every code
/// except `outcomeUnknown`. `gone` is a proof (an exact "this id does not exist"), `notRunning` says it
/// exists but sleeps, `unavailable`/`rateLimited`/`unauthenticated` prove nothing about the sandbox.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/command.hpp>
#include <mooring/config.hpp>
#include <mooring/files.hpp>
#include <mooring/ids.hpp>
#include <mooring/operation.hpp>
#include <mooring/secret.hpp>

#include <boost/json/object.hpp>

#include <any>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring {

enum class InstanceState {
  starting,
  running,
  stopped,  ///< Exists; attach() wakes it.
  failed,   ///< Exists but cannot be used any more; only destroy() helps.
};

template <>
struct detail::EnumText<InstanceState> {
  static constexpr std::array entries{
      std::pair{InstanceState::starting, std::string_view("starting")},
      std::pair{InstanceState::running, std::string_view("running")},
      std::pair{InstanceState::stopped, std::string_view("stopped")},
      std::pair{InstanceState::failed, std::string_view("failed")},
  };
};

/// What stands behind a sandbox, as its provider describes it.
struct Instance {
  ExternalSandboxId id = {};
  std::string provisionKey = {};
  InstanceState state = InstanceState::running;
  std::string url = {};                 ///< For people; may be empty.
  boost::json::object connection = {};  ///< What the provider wants back on later calls. Stored in the
                                        ///< record: no secrets.
};

/// Everything a provider may look at to make one generation.
struct ProvisionRequest {
  std::string provisionKey = {};  ///< Unique name of this generation: [a-z0-9-], at most 53 characters.
  std::string ownerTag = {};      ///< Put on everything created, so that a sweep sees only its own.
  SandboxConfig config = {};
  std::chrono::milliseconds timeout = {};  ///< Lifetime wanted. Zero: the provider's default.
};

struct Attachment {
  Instance instance = {};
  bool woken = false;  ///< It was stopped or asleep before this call.
};

struct InstancePage {
  std::vector<Instance> instances = {};
  std::string nextCursor = {};  ///< Empty: the last page.
};

class LifecycleApi {
 public:
  virtual ~LifecycleApi() = default;

  /// Makes the generation named by the key, and returns when it can run commands. Idempotent on the key: when
  /// it already exists it is returned (and awaited), never made twice. An ambiguous reply is resolved by the
  /// key inside. Errors: outcomeUnknown when that could not be settled. Cancelling leaves it made or not;
  /// find() tells.
  virtual Task<Instance> provision(ProvisionRequest request, CallOptions call) = 0;

  /// Exact look-up by key. Nothing is a proof of absence. Wakes nothing.
  virtual Task<std::optional<Instance>> find(std::string provisionKey, CallOptions call) = 0;

  /// Exact look-up by external id. Nothing is a proof of absence. Wakes nothing.
  virtual Task<std::optional<Instance>> inspect(ExternalSandboxId id, CallOptions call) = 0;

  /// Makes it able to run commands: wakes a stopped one, waits out transitions. Errors: gone.
  virtual Task<Attachment> attach(Instance instance, CallOptions call) = 0;

  /// Ends all its processes and keeps its files where Capability::resume is offered. Fine when it is stopped
  /// already. Errors: gone.
  virtual Task<void> stop(Instance instance, CallOptions call) = 0;

  /// Removes it with all it holds (not its volumes). Fine when it is gone already. `instance.id` may be
  /// empty: then the key says which.
  virtual Task<void> destroy(Instance instance, CallOptions call) = 0;

  /// What carries our owner tag. Evidence of presence, never of absence.
  virtual Task<InstancePage> list(std::string ownerTag, std::string cursor, CallOptions call) = 0;

  /// Gives it `lifetime` from now. Errors: unsupported, gone.
  virtual Task<void> extend(Instance instance, std::chrono::milliseconds lifetime, CallOptions call) = 0;
};

/// A command as a provider gets it: env is complete (the sandbox's, its secrets', the command's own).
struct CommandSpec {
  std::string program = {};
  std::vector<std::string> args = {};
  std::string cwd = {};
  std::map<std::string, std::string> env = {};  ///< May hold secrets: never logged, never in an error or a
                                                ///< URL.
  std::shared_ptr<ByteSource> input = {};       ///< Null: standard input is at its end.
};

/// How a command ended, as the provider saw it.
struct CommandEnd {
  int exitCode = 0;  ///< 128 + n when signal n killed it. A program that does not exist is 127, one that may
                     ///< not be executed 126, on every provider.
  std::string signal = {};     ///< "SIGKILL" …, where known.
  bool interrupted = false;    ///< The call was cancelled and the command killed because of that.
  bool killConfirmed = false;  ///< After an interruption: its whole process group is known to be dead.
};

/// What core hands to CommandsApi::run to watch it.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  /// The command is known to have been started. From here on a failure is `outcomeUnknown`, not retried.
  virtual void onStarted() = 0;
  virtual void onOutput(Stream stream, std::span<const std::byte> bytes) = 0;
};

class CommandsApi {
 public:
  virtual ~CommandsApi() = default;

  /// Runs one command to its end; `observer` outlives the task. One request where the provider allows it.
  /// Does not attach first: a stopped sandbox is `notRunning`, a vanished one `gone`. Cancelling kills the
  /// process group, waits briefly for the confirmation and returns `interrupted`.
  virtual Task<CommandEnd> run(Instance instance,
                               CommandSpec command,
                               RunObserver& observer,
                               CallOptions call) = 0;
};

/// A started command as its provider sees it now.
struct StartedState {
  CommandStatus status = CommandStatus::running;  ///< running, exited or lost.
  int exitCode = 0;
  std::string signal = {};
};

/// Commands that outlive the client. A provider without them leaves this null; if it then lists
/// Capability::startedCommands as emulated, core keeps a journal of them inside the sandbox, on top of run().
class StartedCommandsApi {
 public:
  virtual ~StartedCommandsApi() = default;

  /// Starts it and returns when it runs. Idempotent on `key`: a second call returns the first one's id.
  /// With `command.input` null its standard input stays open for writeInput().
  virtual Task<ExternalCommandId> start(Instance instance,
                                        CommandId key,
                                        CommandSpec command,
                                        CallOptions call) = 0;

  /// Finds what an interrupted start() left: nothing proves that it never started.
  virtual Task<std::optional<ExternalCommandId>> find(Instance instance, CommandId key, CallOptions call) = 0;

  /// Errors: notFound.
  virtual Task<StartedState> poll(Instance instance, ExternalCommandId id, CallOptions call) = 0;

  /// Returns when it has ended; the call's deadline and cancellation end the waiting only.
  virtual Task<StartedState> wait(Instance instance, ExternalCommandId id, CallOptions call) = 0;

  /// Up to `maxBytes` of one stream from `offset`. Waits for at least one byte, or the end, when `follow` is
  /// set.
  virtual Task<OutputChunk> output(Instance instance,
                                   ExternalCommandId id,
                                   Stream stream,
                                   std::uint64_t offset,
                                   std::size_t maxBytes,
                                   bool follow,
                                   CallOptions call) = 0;

  /// Sends `signal` to its process group. Fine when it has ended.
  virtual Task<void> kill(Instance instance, ExternalCommandId id, int signal, CallOptions call) = 0;

  /// Appends to its standard input; `close` then ends it. Errors: conflict (its input is closed, or it has
  /// ended).
  virtual Task<void> writeInput(
      Instance instance, ExternalCommandId id, std::string bytes, bool close, CallOptions call) = 0;
};

/// A file to be written by FilesApi::writeMany.
struct FileUpload {
  SandboxPath path = {};
  std::shared_ptr<ByteSource> source = {};
  WriteOptions options = {};
};

/// Files of one sandbox. Missing files are `notFound`. Paths cannot leave the sandbox.
class FilesApi {
 public:
  virtual ~FilesApi() = default;

  /// Sends the whole file to `sink`, from byte `offset` on.
  virtual Task<void> read(Instance instance,
                          SandboxPath path,
                          std::uint64_t offset,
                          std::shared_ptr<ByteSink> sink,
                          CallOptions call) = 0;

  /// Replaces or makes the file; missing parents are made (mode 0755). The old content stays until the new
  /// one is complete.
  virtual Task<void> write(Instance instance,
                           SandboxPath path,
                           std::shared_ptr<ByteSource> source,
                           WriteOptions options,
                           CallOptions call) = 0;

  /// Writes files until `next` gives no more. One request where the provider can; the default writes one by
  /// one.
  virtual Task<void> writeMany(Instance instance,
                               std::function<std::optional<FileUpload>()> next,
                               CallOptions call);

  /// A directory's entries by name, without "." and "..". Not recursive. Errors: notFound, invalidArgument
  /// (no directory).
  virtual Task<std::vector<FileInfo>> list(Instance instance, SandboxPath path, CallOptions call) = 0;

  /// About the thing itself: a symlink is not followed.
  virtual Task<FileInfo> stat(Instance instance, SandboxPath path, CallOptions call) = 0;

  /// With missing parents. Fine when the directory exists. Errors: conflict (something else is there).
  virtual Task<void> makeDirectory(Instance instance, SandboxPath path, int mode, CallOptions call) = 0;

  /// A file, a symlink itself, or with RemoveMode::tree a directory with all in it.
  /// Errors: notFound; conflict (a directory, and mode is RemoveMode::file).
  virtual Task<void> remove(Instance instance, SandboxPath path, RemoveMode mode, CallOptions call) = 0;

  /// Renames; an existing file at `to` is replaced. Errors: notFound.
  virtual Task<void> move(Instance instance, SandboxPath from, SandboxPath to, CallOptions call) = 0;

  virtual Task<void> setMode(Instance instance, SandboxPath path, int mode, CallOptions call) = 0;
};

/// How to reach a port of a sandbox.
struct PreviewUrl {
  std::string url = {};
  std::map<std::string, Secret> headers = {};  ///< To be sent along. Secrets: never in the URL.
  std::optional<Timestamp> expiresAt = {};
};

class PreviewsApi {
 public:
  virtual ~PreviewsApi() = default;
  /// Errors: unsupported (for example no network), invalidArgument (not a port, or one that was not
  /// declared).
  virtual Task<PreviewUrl> url(Instance instance, int port, CallOptions call) = 0;
  /// Whether something answers on the port now.
  virtual Task<bool> answers(Instance instance, int port, CallOptions call) = 0;
};

/// TCP connections to the ports of a sandbox, whatever they speak.
class ForwardingApi {
 public:
  virtual ~ForwardingApi() = default;
  /// Makes one connection to `port` on the sandbox's own loopback, sends it `input` and gives what it answers
  /// to `output`, until it closes. The end of `input` is passed on where the provider can close one
  /// direction; where it cannot, it ends the connection. Cancelling closes it. Errors: invalidArgument (not a
  /// port), notFound (nothing listens there), unavailable (it broke).
  virtual Task<void> connect(Instance instance,
                             int port,
                             std::shared_ptr<ByteSource> input,
                             std::shared_ptr<ByteSink> output,
                             CallOptions call) = 0;
};

struct VolumeInfo {
  std::string name = {};
  std::string state = {};                ///< The provider's own word, for people.
  std::vector<std::string> usedBy = {};  ///< Provision keys, where the provider tells.
};

class VolumesApi {
 public:
  virtual ~VolumesApi() = default;
  /// Gets or makes it, and returns when it can be mounted.
  virtual Task<VolumeInfo> ensure(std::string name, CallOptions call) = 0;
  virtual Task<std::vector<VolumeInfo>> list(CallOptions call) = 0;
  /// Errors: notFound; conflict (in use).
  virtual Task<void> remove(std::string name, CallOptions call) = 0;
};

struct CheckpointInfo {
  CheckpointId id = {};
  std::string comment = {};
  std::optional<Timestamp> createdAt = {};
  std::optional<std::uint64_t> sizeBytes = {};
};

class CheckpointsApi {
 public:
  virtual ~CheckpointsApi() = default;
  virtual Task<CheckpointInfo> create(Instance instance, std::string comment, CallOptions call) = 0;
  /// Oldest first.
  virtual Task<std::vector<CheckpointInfo>> list(Instance instance, CallOptions call) = 0;
  /// Puts the files back as they were; processes end. Returns the instance to go on with.
  /// Errors: notFound.
  virtual Task<Instance> restore(Instance instance, CheckpointId id, CallOptions call) = 0;
  /// Errors: notFound, unsupported.
  virtual Task<void> remove(Instance instance, CheckpointId id, CallOptions call) = 0;
};

enum class Support {
  native,    ///< The provider does it.
  emulated,  ///< mooring does it on top of the provider.
  unsupported,
};

template <>
struct detail::EnumText<Support> {
  static constexpr std::array entries{
      std::pair{Support::native, std::string_view("native")},
      std::pair{Support::emulated, std::string_view("emulated")},
      std::pair{Support::unsupported, std::string_view("unsupported")},
  };
};

struct CapabilityInfo {
  Support support = Support::unsupported;
  std::string note = {};  ///< How, or why not. One line.
};

/// Capabilities that are not listed are unsupported.
using CapabilityTable = std::map<Capability, CapabilityInfo>;

/// One thing that `mooring doctor` looked at.
struct Finding {
  bool good = false;
  std::string what = {};
  std::string fix = {};  ///< Empty when good.
};

/// Threads: one loop. Lifetime: shared by all operations of a service.
class Provider {
 public:
  virtual ~Provider() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual const CapabilityTable& capabilities() const = 0;

  /// Everything that can be refused without a request: options, combinations, unsupported wishes.
  /// Errors: invalidArgument or unsupported, naming the key.
  [[nodiscard]] virtual Result<void> validate(const SandboxConfig& config) const = 0;

  virtual LifecycleApi& lifecycle() = 0;
  virtual CommandsApi& commands() = 0;
  virtual FilesApi& files() = 0;
  virtual StartedCommandsApi* startedCommands() { return nullptr; }
  virtual PreviewsApi* previews() { return nullptr; }
  virtual ForwardingApi* forwarding() { return nullptr; }
  virtual VolumesApi* volumes() { return nullptr; }
  virtual CheckpointsApi* checkpoints() { return nullptr; }

  /// Is all in place to work? Never changes anything.
  virtual Task<std::vector<Finding>> diagnose(CallOptions call) = 0;

  /// The provider's own typed handle on one instance (documented in its options header); empty when it has
  /// none.
  virtual std::any native(const Instance& instance);
};

}  // namespace mooring
