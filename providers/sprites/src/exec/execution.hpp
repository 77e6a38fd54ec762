// One waited command from its socket to its end.
#pragma once

#include <mooring/http/websocket.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"
#include "exec/gate.hpp"
#include "exec/output.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mooring::sprites {

/// Lives on the loop. Its own coroutine keeps it alive until it has finished.
class Execution : public std::enable_shared_from_this<Execution> {
 public:
  Execution(AccountPtr account, Instance instance, CommandSpec command, AtRest atRest, RunObserver& observer);

  /// Runs it; `done` is called once, with its end. After that the observer is not touched.
  void start(CallOptions call, std::move_only_function<void(Result<CommandEnd>)> done);
  /// Kills it; its end is still awaited, for a while.
  void interrupt();

 private:
  static boost::asio::awaitable<void> drive(std::shared_ptr<Execution> self, CallOptions call);
  static boost::asio::awaitable<void> feed(std::shared_ptr<Execution> self);
  static boost::asio::awaitable<void> kill(std::shared_ptr<Execution> self);

  Task<CommandEnd> toItsEnd(CallOptions call);
  /// Until the command has been told to begin. Whatever fails before that has done nothing.
  Task<void> passGate(CallOptions call);
  Task<void> approach(CallOptions call);
  /// Reads until the end is known.
  Task<CommandEnd> readOn();
  /// The end, if this message brings it.
  Result<std::optional<CommandEnd>> take(const http::Message& message);
  Result<std::optional<CommandEnd>> refusalOf(const std::string& word) const;
  Result<CommandEnd> endWithoutWord(int exitCode) const;
  void killNow();
  void finish(Result<CommandEnd> result);

  AccountPtr account_;
  Instance instance_;
  CommandSpec command_;
  AtRest atRest_;
  RunObserver* observer_;
  std::move_only_function<void(Result<CommandEnd>)> done_;
  Gated gated_;
  GateOutput output_;
  std::shared_ptr<http::WebSocket> socket_;
  std::string session_;   ///< The server's name for the gate's process.
  bool begun_ = false;    ///< "go" may have arrived.
  bool started_ = false;  ///< The gate has said so.
  bool interrupted_ = false;
  bool over_ = false;  ///< There is nothing more to read.
  std::optional<Error> inputFailed_;
  boost::asio::steady_timer patience_;
  boost::asio::cancellation_signal driving_;
  boost::asio::cancellation_signal feeding_;
};

/// Runs a command. Errors: as CommandsApi::run says. Cost: one socket; one request for a kill.
Task<CommandEnd> execute(AccountPtr account,
                         Instance instance,
                         CommandSpec command,
                         AtRest atRest,
                         RunObserver& observer,
                         CallOptions call);

/// SIGTERM to a session, SIGKILL ten seconds later. Fine when it has ended. One request.
Task<void> killSession(AccountPtr account, Instance instance, std::string id);

}  // namespace mooring::sprites
