// One running command: its pipes and its connection, watched together until it has ended.
#pragma once

#include "client.hpp"
#include "pipes.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mooring::local {

/// Callbacks instead of a coroutine for each descriptor: thousands of them run at once. Threads: the loop.
class RunSession : public std::enable_shared_from_this<RunSession> {
 public:
  RunSession(
      SitePtr site, ConnectionPtr connection, RunObserver& observer, std::string program, std::string cwd);

  /// Makes the pipes; gives the ends that are the command's, to be sent with the request.
  Result<std::vector<Descriptor>> open(bool withInput);
  /// The request is with the supervisor: watches until the end, then calls `done` once. The observer is not
  /// used after.
  void watch(std::shared_ptr<ByteSource> input, std::move_only_function<void(Result<CommandEnd>)> done);
  /// Kills the command; `done` is called when that is confirmed, or has become too long.
  void interrupt();

 private:
  using Pipe = boost::asio::posix::stream_descriptor;

  void watchPipe(Pipe& pipe, Stream stream);
  void drain(Pipe& pipe, Stream stream);
  void readRest(Pipe& pipe, Stream stream);
  void watchConnection();
  bool onReply(const Reply& reply);
  void onStarted();
  void onRefused(const Reply& reply);
  void onEnded(const protocol::Ended& ended);
  void onLost(Error error);
  void finish(Result<CommandEnd> result);
  void sendQueued();
  void feed(std::shared_ptr<ByteSource> input);
  static boost::asio::awaitable<void> feedFrom(std::shared_ptr<RunSession> self,
                                               std::shared_ptr<ByteSource> input);

  SitePtr site_;
  ConnectionPtr connection_;
  RunObserver* observer_;
  std::string program_;
  std::string cwd_;
  std::optional<Pipe> in_;
  std::optional<Pipe> out_;
  std::optional<Pipe> err_;
  boost::asio::steady_timer patience_;
  boost::asio::cancellation_signal feeding_;
  std::move_only_function<void(Result<CommandEnd>)> done_;
  std::shared_ptr<ByteSource> input_;
  std::shared_ptr<const Error> inputError_;  ///< Why its input broke off, and with it the command.
  bool started_ = false;
  bool interrupted_ = false;
};

}  // namespace mooring::local
