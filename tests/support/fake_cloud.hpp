#pragma once

/// A cloud in memory, for tests of the rules: it keeps a ledger of every effect and fails on demand.
/// Lifecycle, capabilities and faults are its own; commands and files are really done, by an inner provider.

#include <mooring/registry.hpp>

#include "support/gate.hpp"
#include "support/temp_dir.hpp"

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::test {

/// The calls of the contract, by the interface that they belong to.
enum class FakeCall {
  provision,
  find,
  inspect,
  attach,
  stop,
  destroy,
  list,
  extend,
  run,
  start,
  findStarted,
  poll,
  wait,
  output,
  kill,
  writeInput,
  read,
  write,
  listFiles,
  stat,
  makeDirectory,
  remove,
  move,
  setMode,
};

/// What happens to one call. See FakeCloud::fault.
struct Fault {
  enum class Kind {
    none,        ///< It works; for a queue whose first calls shall work.
    fail,        ///< Nothing happens, and `error` comes back.
    loseReply,   ///< It happens, and `error` comes back all the same.
    vanish,      ///< The instance it is about is deleted just before.
    sleep,       ///< The instance it is about falls asleep just before.
    block,       ///< It stands still at `gate` before anything happens, then works.
    blockAfter,  ///< It happens, and stands still at `gate` before it returns.
  };
  Kind kind = Kind::none;
  Error error = {};
  std::shared_ptr<Gate> gate = {};

  static Fault none() { return {}; }
  static Fault fail(Errc code, std::string message = "told to fail");
  static Fault loseReply(Errc code = Errc::outcomeUnknown, std::string message = "told to lose the reply");
  static Fault vanish() { return {.kind = Kind::vanish}; }
  static Fault sleep() { return {.kind = Kind::sleep}; }
  static Fault block(std::shared_ptr<Gate> gate) { return {.kind = Kind::block, .gate = std::move(gate)}; }
  static Fault blockAfter(std::shared_ptr<Gate> gate) {
    return {.kind = Kind::blockAfter, .gate = std::move(gate)};
  }
};

struct FakeCommandRun {
  std::string provisionKey = {};
  std::string program = {};
  std::vector<std::string> args = {};
};

/// Every effect, in order. An effect whose reply was lost is in here too.
struct FakeLedger {
  std::vector<std::string> provisioned = {};  ///< Keys; one entry each time something was really made.
  std::vector<std::string> destroyed = {};    ///< Keys; one entry each time something was really removed.
  std::vector<std::string> stopped = {};
  std::vector<std::string> woken = {};
  std::vector<FakeCommandRun> commands = {};  ///< Run or started.
};

struct FakeOptions {
  std::string name = "fake";
  /// Few, so that the refusing half of the promises is put to the test as well.
  CapabilityTable capabilities = {
      {Capability::commandInput, {Support::native, "the inner provider's"}},
      {Capability::resume, {Support::native, "instances stop and wake"}},
  };
  /// Does the work. Null: commands are answered by FakeCloud::answerWith alone, files are `unsupported`.
  ProviderFactory worker = {};
  /// Options for the worker's own config.
  boost::json::object workerOptions = {};
};

/// One cloud, seen by any number of services through copies of its registration. Threads: any.
class FakeCloud : public std::enable_shared_from_this<FakeCloud> {
 public:
  static std::shared_ptr<FakeCloud> make(FakeOptions options = FakeOptions());
  ~FakeCloud();

  /// The provider of this cloud, for ServiceParts::providers.
  void registerIn(ProviderRegistry& registry);

  /// The next calls of that kind meet these faults, one each, in this order; later ones work.
  void fault(FakeCall call, std::vector<Fault> faults);
  /// How often it was called, faults included.
  [[nodiscard]] int calls(FakeCall call) const;
  /// Of all kinds together.
  [[nodiscard]] int calls() const;
  void forgetCalls();

  /// Every run is answered by this instead of being done.
  using Answer = std::function<CommandEnd(const CommandSpec& command, RunObserver& observer)>;
  void answerWith(Answer answer);

  [[nodiscard]] FakeLedger ledger() const;
  /// How many commands were begun whose program or one of its arguments contains `nonce`.
  [[nodiscard]] int timesRun(std::string_view nonce) const;

  /// Keys of what exists, stopped or not.
  [[nodiscard]] std::vector<std::string> existing() const;
  [[nodiscard]] std::optional<InstanceState> stateOf(std::string_view provisionKey) const;

  /// Behind everybody's back: deleted with all it holds. False when there is no such thing.
  bool vanish(std::string_view provisionKey);
  /// Behind everybody's back: its processes end, its files stay.
  bool putToSleep(std::string_view provisionKey);
  /// Something with that owner tag that no service made. Returns its external id.
  ExternalSandboxId plant(std::string provisionKey, std::string ownerTag);
  /// Left out of list() from now on, as a listing that lags would.
  void hideFromList(std::string provisionKey);

 private:
  friend class FakeProvider;
  class Janitor;

  /// The connection fact that every instance is given out with.
  static constexpr std::string_view endpointKey = "endpoint";

  struct Box {
    Instance instance = {};
    std::string ownerTag = {};
    SandboxConfig config = {};
    bool worked = false;  ///< The worker has something for it.
    bool hidden = false;
  };

  explicit FakeCloud(FakeOptions options);

  Fault next(FakeCall call);
  [[nodiscard]] std::optional<Box> boxByKey(std::string_view key) const;
  [[nodiscard]] std::optional<Box> boxById(const ExternalSandboxId& id) const;

  FakeOptions options_;
  TempDir home_;
  mutable std::mutex mutex_;
  std::map<std::string, Box, std::less<>> boxes_;  ///< By key.
  std::map<FakeCall, std::deque<Fault>> faults_;
  std::map<FakeCall, int> calls_;
  FakeLedger ledger_;
  Answer answer_;
  int made_ = 0;
  std::unique_ptr<Janitor> janitor_;
};

}  // namespace mooring::test
