// One waited command from its request to its end, over as many streams as that takes.
#pragma once

#include <mooring/guest/file_answers.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"
#include "command_stream.hpp"
#include "output_decoder.hpp"
#include "script.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mooring::vercel {

/// Lives on the loop. Its own coroutine keeps it alive until it has finished.
class Execution : public std::enable_shared_from_this<Execution> {
 public:
  Execution(AccountPtr account, Instance instance, Wrapped wrapped, std::string cwd, RunObserver& observer);

  /// Sends the command; `done` is called once, with its end. After that the observer is not touched.
  void start(CallOptions call, std::move_only_function<void(Result<CommandEnd>)> done);
  /// Kills it; its end is still awaited, for a while.
  void interrupt();

 private:
  class Sink;

  static boost::asio::awaitable<void> drive(std::shared_ptr<Execution> self, CallOptions call);
  static boost::asio::awaitable<void> kill(std::shared_ptr<Execution> self);
  /// The same when no answer has told its id: it may run all the same.
  static boost::asio::awaitable<void> seekAndKill(std::shared_ptr<Execution> self);

  Task<CommandEnd> toItsEnd(CallOptions call);
  Task<void> sendCommand(CallOptions call);
  /// After a stream that broke: by the command's id, or by our nonce among its arguments.
  Task<void> followAgain(Error reason);
  /// One round of it: all output there is, and the exit code when it has ended.
  Task<void> lookAgain();
  /// What the session knows of it.
  Task<std::optional<CommandView>> findInSession();
  Task<void> readLog();
  Task<void> askForEnd();
  [[nodiscard]] bool allRead() const { return out_.complete() && err_.complete(); }

  Result<void> take(std::string_view bytes);
  Result<void> drain();
  void apply(CommandView command);
  void apply(LogText log);
  void apply(StreamError error);
  void noteStart(std::string id);
  Result<CommandEnd> end() const;
  void finish(Result<CommandEnd> result);

  AccountPtr account_;
  Instance instance_;
  Wrapped wrapped_;
  std::string cwd_;
  RunObserver* observer_;
  std::move_only_function<void(Result<CommandEnd>)> done_;
  CommandStream stream_;
  OutputDecoder out_;
  OutputDecoder err_;
  std::string id_;
  std::optional<int> exitCode_;
  std::optional<StreamError> givenUp_;  ///< By the service, on the present stream.
  bool begun_ = false;                  ///< An answer came, however little of it.
  bool interrupted_ = false;
  boost::asio::steady_timer patience_;
  boost::asio::cancellation_signal driving_;
};

/// Runs a command in its wrapper. Errors: as CommandsApi::run says.
Task<CommandEnd> execute(
    AccountPtr account, Instance instance, CommandSpec command, RunObserver& observer, CallOptions call);

/// Runs `script` in POSIX sh with `args` as $1, $2, …; for scripts that print little.
Task<guest::Printed> runScript(AccountPtr account,
                               Instance instance,
                               std::string_view script,
                               std::vector<std::string> args,
                               CallOptions call);

}  // namespace mooring::vercel
