/// An HTTP/1.1 server on loopback.
#pragma once

#include <mooring/emulation/exchange.hpp>
#include <mooring/operation.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace mooring::emulation {

/// Answers one exchange. An error that it returns before it has begun the reply becomes a plain 500; after
/// that the connection is cut.
using ExchangeHandler = std::function<Task<void>(ExchangePtr)>;

/// Keep-alive, bodies streamed both ways, WebSocket upgrades; thousands of connections at a time.
/// Threads: all of it runs on one executor (one thread); members are called there, too, except url() and
/// port(). Lifetime: await stop() before dropping it.
class Server {
 public:
  /// Listens on 127.0.0.1; port 0 is chosen by the system. Errors: conflict (the port is taken), unavailable.
  static Result<std::unique_ptr<Server>> listen(boost::asio::any_io_executor loop,
                                                std::uint16_t port,
                                                ExchangeHandler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// "http://127.0.0.1:4711".
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::uint16_t port() const;
  /// Ever.
  [[nodiscard]] std::uint64_t acceptedConnections() const;

  /// Takes no more connections, cuts those there are, cancels their handlers and returns when all have ended.
  Task<void> stop();

 private:
  struct State;
  explicit Server(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace mooring::emulation
