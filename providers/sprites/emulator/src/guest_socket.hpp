// A WebSocket to a client that mostly listens.
#pragma once

#include <mooring/emulation/waiting.hpp>
#include <mooring/http/websocket.hpp>

#include <boost/json/object.hpp>

#include <memory>

namespace mooring::sprites::emulated {

/// Says JSON and knows when the client has gone. Threads: the loop.
class GuestSocket {
 public:
  /// Listens from now on; what the client says is passed over.
  GuestSocket(const boost::asio::any_io_executor& loop, std::shared_ptr<http::WebSocket> socket);

  [[nodiscard]] bool gone() const { return watch_->gone; }
  Task<void> say(boost::json::object event);
  /// Returns early when the client goes. Errors: cancelled.
  Task<void> rest(std::chrono::milliseconds span);

 private:
  struct Watch {
    explicit Watch(const boost::asio::any_io_executor& loop) : left(loop) {}
    bool gone = false;
    emulation::Notice left;
  };

  static boost::asio::awaitable<void> listen(std::shared_ptr<http::WebSocket> socket,
                                             std::shared_ptr<Watch> watch);

  std::shared_ptr<http::WebSocket> socket_;
  std::shared_ptr<Watch> watch_;
};

}  // namespace mooring::sprites::emulated
