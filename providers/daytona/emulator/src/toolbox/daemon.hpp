// What Daytona runs inside each sandbox, as far as clients can tell.
#pragma once

#include <mooring/emulation/exchange.hpp>
#include <mooring/emulation/ledger.hpp>
#include <mooring/emulation/machines.hpp>
#include <mooring/sources.hpp>

#include "toolbox/release.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <map>
#include <memory>
#include <string>

namespace mooring::daytona::emulator {

class Sessions;
class Terminals;

/// What a daemon is made of. Lifetime of the pointers: shared.
struct DaemonParts {
  boost::asio::any_io_executor loop = {};
  std::string sandboxId = {};
  Release release = Release::v205;
  emulation::MachinePtr machine = {};
  std::map<std::string, std::string> environment = {};  ///< The sandbox's.
  std::shared_ptr<emulation::Ledger> ledger = {};
  std::shared_ptr<IdSource> ids = {};
  std::shared_ptr<Clock> clock = {};
};

/// One sandbox's daemon: what it knows between requests. It is born with each start of its sandbox.
/// Threads: the loop. Lifetime: shared with the requests at work.
class Daemon : public std::enable_shared_from_this<Daemon> {
 public:
  static std::shared_ptr<Daemon> make(DaemonParts parts);
  ~Daemon();

  [[nodiscard]] const boost::asio::any_io_executor& loop() const { return parts_.loop; }
  [[nodiscard]] const std::string& sandboxId() const { return parts_.sandboxId; }
  [[nodiscard]] Release release() const { return parts_.release; }
  [[nodiscard]] emulation::Machine& machine() { return *parts_.machine; }
  [[nodiscard]] const emulation::MachinePtr& machinePtr() const { return parts_.machine; }
  [[nodiscard]] emulation::Ledger& ledger() { return *parts_.ledger; }
  [[nodiscard]] IdSource& ids() { return *parts_.ids; }
  [[nodiscard]] Timestamp now() const { return parts_.clock->now(); }

  [[nodiscard]] const std::string& home() const { return parts_.machine->spec().home; }
  [[nodiscard]] const std::string& user() const { return parts_.machine->spec().user; }
  /// `path` as it is, or below the working directory; an empty one is the working directory.
  [[nodiscard]] std::string resolve(std::string_view path) const;
  /// The sandbox's environment with `more` on top.
  [[nodiscard]] std::map<std::string, std::string> environment(
      const std::map<std::string, std::string>& more = std::map<std::string, std::string>()) const;
  std::map<std::string, std::string>& variables() { return parts_.environment; }

  Sessions& sessions() { return *sessions_; }
  Terminals& terminals() { return *terminals_; }

  /// The sandbox has been stopped: whoever waits for something of its is told.
  void end();

 private:
  explicit Daemon(DaemonParts parts);

  DaemonParts parts_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<Terminals> terminals_;
};

using DaemonPtr = std::shared_ptr<Daemon>;

}  // namespace mooring::daytona::emulator
