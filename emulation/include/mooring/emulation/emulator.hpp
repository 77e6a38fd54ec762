/// What an emulator of one provider is, and what hosts it.
#pragma once

#include <mooring/emulation/faults.hpp>
#include <mooring/emulation/ledger.hpp>
#include <mooring/emulation/machines.hpp>
#include <mooring/emulation/router.hpp>
#include <mooring/registry.hpp>
#include <mooring/sources.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::emulation {

/// What an emulator is given to live in. Lifetime: longer than the emulator's.
struct Stage {
  boost::asio::any_io_executor loop = {};  ///< One thread; everything of an emulator runs on it.
  std::string baseUrl = {};                ///< "http://127.0.0.1:4711"
  std::filesystem::path directory = {};    ///< For files of the emulator's own; made by whoever needs it.
  std::shared_ptr<Machines> machines = {};
  std::shared_ptr<Ledger> ledger = {};
  std::shared_ptr<Faults> faults = {};
  std::shared_ptr<Clock> clock = {};
  std::shared_ptr<IdSource> ids = {};
  /// The emulator's own settings by name, as `mooring emulate NAME --set name=value` gives them. It refuses
  /// those that it does not know.
  std::map<std::string, std::string> settings = {};
};

/// One provider's wire protocol. Threads: the stage's loop.
class Emulator {
 public:
  virtual ~Emulator() = default;

  virtual void addRoutes(Router& router) = 0;
  /// The provider's own error body for `error` (statusOf() says with which status).
  [[nodiscard]] virtual Reply errorReply(const Request& request, const Error& error) const = 0;
  /// What a program sets to use the emulator instead of the cloud.
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> environment() const = 0;
  /// FaultAction::disturb: puts the sandbox that `request` is about into `state`, behind the client's back.
  /// Errors: invalidArgument (a state it does not know).
  virtual Task<void> disturb(const Request& request, std::string state) = 0;
  /// FaultAction::misbehave: whether a handler knows that manner. Errors: invalidArgument (it does not).
  [[nodiscard]] virtual Result<void> checkManner(const std::string& manner) const;
  /// Ends what it has going on; its machines are removed afterwards.
  virtual Task<void> shutDown() = 0;
};

/// Errors: invalidArgument (settings).
using EmulatorFactory = std::function<Result<std::unique_ptr<Emulator>>(const Stage&)>;

struct HostOptions {
  std::uint16_t port = 0;  ///< 0: chosen by the system.
  /// For its sandboxes. Empty: a temporary one, removed at the end; or, if this process is killed, when the
  /// next emulator of this user starts. A named one is this emulator's alone.
  std::filesystem::path directory = {};
  std::filesystem::path ledgerFile = {};  ///< Empty: no record; see Ledger::recordTo().
  std::uint64_t seed = 1;                 ///< Of what faults leave to chance.
  std::vector<Fault> faults = {};
  std::map<std::string, std::string> settings = {};
  std::shared_ptr<Clock> clock = {};  ///< Null: the system's.
};

/// An emulator at work, on a thread of its own. It also serves /__emulator/ledger (GET, DELETE) and
/// /__emulator/faults (GET, POST one rule or an array of them, DELETE); these are not counted and not struck.
/// Threads: any. Dropping it ends all connections and removes all sandboxes.
class Host {
 public:
  /// What emulators that were killed have left behind is removed first.
  /// Errors: conflict (the port or the directory is taken), notConfigured (no sandboxes can be made here),
  /// invalidArgument.
  static Result<std::unique_ptr<Host>> start(EmulatorFactory factory, HostOptions options = HostOptions());
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  [[nodiscard]] const std::string& url() const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& environment() const;
  [[nodiscard]] Ledger& ledger();
  [[nodiscard]] Faults& faults();
  /// Runs `work` on the emulator's loop and returns when it is done.
  void onLoop(std::function<void()> work);
  /// Awaits `work` there.
  Result<void> runOnLoop(std::function<Task<void>()> work);

 private:
  struct State;
  explicit Host(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace mooring::emulation
