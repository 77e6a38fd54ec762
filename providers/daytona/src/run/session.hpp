// One command from its first request to its end.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"
#include "run/output.hpp"
#include "run/reply.hpp"
#include "run/script.hpp"
#include "run/spent.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace mooring::daytona {

/// Every request carries the run's key, so that the sandbox knows it when it comes again: each is repeated
/// until it is answered, and the command starts once.
/// Lifetime: shared, because feeding its standard input may outlast the run by a moment. Threads: the loop.
class RunSession final : public std::enable_shared_from_this<RunSession> {
 public:
  RunSession(AccountPtr account,
             std::shared_ptr<SpentRuns> spent,
             Instance instance,
             RunObserver& observer,
             CallOptions call);

  /// What CommandsApi::run promises.
  Task<CommandEnd> run(CommandSpec command);

 private:
  struct Asking {
    int attempts = 6;
    std::optional<std::chrono::steady_clock::time_point> deadline = {};
    std::chrono::seconds atMost = std::chrono::seconds(60);  ///< One exchange.
    bool persistent = false;  ///< A temporary refusal is worth another attempt, too: much is lost otherwise.
  };
  using Events = std::function<AnswerEvents()>;

  Task<Answer> ask(std::string text, Events events, Asking asking);
  Task<Answer> attempt(const std::string& text, AnswerEvents events, Asking asking, bool& doubtful);

  Task<Start> prepared(CommandSpec& command);
  Task<Answer> follow(Answer answer);
  Task<CommandEnd> ended(Answer answer);
  Task<CommandEnd> callOff(Error reason);
  Error refusal(const Answer& answer, const std::string& cwd) const;
  Error failed(Error error) const;

  /// Standard input in pieces (input.cpp).
  void beginFeeding(std::shared_ptr<ByteSource> source);
  Task<void> feed(std::shared_ptr<ByteSource> source);
  Task<std::string> handIn(std::uint64_t number, std::string bytes, bool last);
  Task<void> upload(std::uint64_t number, const std::string& bytes);

  AccountPtr account_;
  std::shared_ptr<SpentRuns> spent_;
  Instance instance_;
  RunId id_;
  Output output_;
  CallOptions call_;
  bool maybeBegun_ = false;  ///< A request that may have started it was not answered.
  bool over_ = false;
  boost::asio::cancellation_signal feeding_;
  std::optional<Error> inputError_;
};

/// A key that nobody uses again: of letters and digits.
std::string newKey(const Account& account);

}  // namespace mooring::daytona
