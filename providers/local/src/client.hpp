// Talking to a sandbox's supervisor.
#pragma once

#include "protocol.hpp"
#include "site.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::local {

struct Reply {
  protocol::Say kind = protocol::Say::done;
  std::string fields = {};
  std::vector<Descriptor> descriptors = {};
};

/// One connection to a supervisor: one request and its answers. Threads: the loop.
class Connection {
 public:
  Connection(boost::asio::any_io_executor loop, int socket) : socket_(loop, socket) {}

  /// Sends a frame with descriptors, which stay the caller's.
  /// Errors: unavailable, cancelled: the frame is incomplete there, so nothing is done about it.
  Task<void> send(std::string frame, std::vector<int> descriptors);

  /// The next answer. `patience` zero: however long it takes.
  /// Errors: unavailable (the supervisor ended, or patience did), corrupted, cancelled.
  Task<Reply> receive(std::chrono::milliseconds patience = std::chrono::milliseconds(0));

  /// What has arrived already; nothing when that is not yet a whole answer.
  Result<std::optional<Reply>> poll();
  /// Sends as much as fits. Errors: unavailable.
  Result<bool> trySend();
  void queue(std::string_view frame) { out_ += frame; }

  boost::asio::posix::stream_descriptor& socket() { return socket_; }

 private:
  Result<bool> trySendWith(const std::vector<int>& descriptors);

  boost::asio::posix::stream_descriptor socket_;
  protocol::FrameReader frames_;
  std::vector<Descriptor> received_;
  std::string out_;
};

using ConnectionPtr = std::shared_ptr<Connection>;

/// Whether the instance was made where this provider now looks; else its absence proves nothing. Errors:
/// notConfigured.
Result<void> checkPlace(const Layout& layout, const Instance& instance, const std::string& key);

/// Errors: notRunning, gone; nothing was sent.
Task<ConnectionPtr> connectTo(SitePtr site, Instance instance);

/// The same by key, when what is known about the instance does not matter.
Task<ConnectionPtr> connectToKey(SitePtr site, std::string key);

/// What a request is repeated for, or not, when its answer got lost.
enum class Effect { none, changes };

/// One request with one answer; `failed` answers come back as they are. Errors: notRunning, gone, cancelled;
/// unavailable or, for a request that changes something, outcomeUnknown when the answer got lost.
Task<Reply> ask(SitePtr site, Instance instance, std::string frame, Effect effect);
Task<Reply> askOn(ConnectionPtr connection, std::string frame, std::vector<int> descriptors, Effect effect);

/// The frame of a run or start. Errors: invalidArgument.
Result<std::string> launchFrame(protocol::Encoder request, const CommandSpec& command);

/// The errno of a `failed` answer; 0 for another.
int errnoOf(const Reply& reply);
protocol::Failure failureOf(const Reply& reply);

/// Turns answers that are about no particular request into errors: shuttingDown, another version.
Result<Reply> checked(Reply reply);

std::unexpected<Error> notRunningFailure(const std::string& key);
std::unexpected<Error> goneFailure(const std::string& key);
std::unexpected<Error> unreadableAnswer();

}  // namespace mooring::local
