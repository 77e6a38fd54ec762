#include <mooring/emulation/server.hpp>

#include "connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <set>

namespace mooring::emulation {

namespace asio = boost::asio;
using asio::ip::tcp;

struct Server::State : std::enable_shared_from_this<Server::State> {
  State(asio::any_io_executor executor, ExchangeHandler given)
      : loop(std::move(executor)),
        handler(std::move(given)),
        acceptor(loop),
        idle(loop, asio::steady_timer::time_point::max()) {}

  Result<void> open(std::uint16_t wanted) {
    boost::system::error_code problem;
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), wanted);
    static_cast<void>(acceptor.open(endpoint.protocol(), problem));
    if (!problem) static_cast<void>(acceptor.set_option(tcp::acceptor::reuse_address(true), problem));
    if (!problem) static_cast<void>(acceptor.bind(endpoint, problem));
    if (!problem) static_cast<void>(acceptor.listen(4096, problem));
    if (!problem) {
      port = acceptor.local_endpoint(problem).port();
      if (!problem) return {};
    }
    const auto code = problem == asio::error::address_in_use ? Errc::conflict : Errc::unavailable;
    return failure(code,
                   "cannot listen on 127.0.0.1:" + std::to_string(wanted) + " (" + problem.message() +
                       "): choose another port, or 0 for any");
  }

  asio::awaitable<void> accept() {
    const auto self = shared_from_this();
    while (!stopping) {
      auto [problem, socket] = co_await acceptor.async_accept(quiet());
      if (stopping) break;
      if (problem) {
        // Out of descriptors, most likely: connections that end make room.
        asio::steady_timer pause(loop, std::chrono::milliseconds(10));
        co_await pause.async_wait(quiet());
        continue;
      }
      ++accepted;
      auto connection = std::make_shared<Connection>(std::move(socket), handler);
      connections.insert(connection);
      asio::co_spawn(loop, connection->serve(), [self, connection](const std::exception_ptr& /*none*/) {
        self->connections.erase(connection);
        self->idle.cancel();
      });
    }
    accepting = false;
    idle.cancel();
  }

  asio::any_io_executor loop;
  ExchangeHandler handler;
  tcp::acceptor acceptor;
  std::uint16_t port = 0;
  std::set<std::shared_ptr<Connection>> connections;
  std::uint64_t accepted = 0;
  bool stopping = false;
  bool accepting = true;
  asio::steady_timer idle;  ///< Never fires; cancelled when a connection has ended.
};

Server::Server(std::shared_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::listen(asio::any_io_executor loop,
                                               std::uint16_t port,
                                               ExchangeHandler handler) {
  auto state = std::make_shared<State>(std::move(loop), std::move(handler));
  if (auto opened = state->open(port); !opened) return std::unexpected(std::move(opened).error());
  asio::co_spawn(state->loop, state->accept(), asio::detached);
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

std::string Server::url() const { return "http://127.0.0.1:" + std::to_string(state_->port); }
std::uint16_t Server::port() const { return state_->port; }
std::uint64_t Server::acceptedConnections() const { return state_->accepted; }

Task<void> Server::stop() {
  const auto state = state_;
  state->stopping = true;
  boost::system::error_code ignored;
  static_cast<void>(state->acceptor.close(ignored));
  const auto open = state->connections;
  for (const auto& connection : open)
    connection->cancel();
  while (state->accepting || !state->connections.empty()) {
    co_await state->idle.async_wait(quiet());
  }
  co_return Result<void>();
}

}  // namespace mooring::emulation
