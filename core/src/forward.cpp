#include "forward.hpp"

#include "reach.hpp"
#include "thrown.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <list>

namespace asio = boost::asio;
using asio::ip::tcp;

namespace mooring::detail {

namespace {

/// One connection that somebody made to the local port. What is read of it is gone, so an attempt that has
/// moved bytes cannot be made a second time.
class Caller final : public ByteSource, public ByteSink {
 public:
  explicit Caller(tcp::socket socket) : socket_(std::move(socket)) {}

  Task<std::size_t> read(std::span<std::byte> buffer) override {
    boost::system::error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    const auto count = co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), token);
    if (ec == asio::error::eof) co_return std::size_t{0};
    if (ec) co_return std::unexpected(broken(ec));
    moved_ = true;
    co_return count;
  }

  Task<void> write(std::span<const std::byte> bytes) override {
    boost::system::error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    moved_ = true;
    co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()), token);
    if (ec) co_return std::unexpected(broken(ec));
    co_return Result<void>();
  }

  [[nodiscard]] bool moved() const { return moved_; }

 private:
  static Error broken(boost::system::error_code ec) {
    if (ec == asio::error::operation_aborted) return makeError(Errc::cancelled, "the connection was closed");
    return makeError(Errc::unavailable, "the local side of the connection broke: " + ec.message());
  }

  tcp::socket socket_;
  bool moved_ = false;
};

/// The connections that stand. Lives on the loop, in the coroutine that listens.
struct Standing {
  explicit Standing(const asio::any_io_executor& loop)
      : changed(loop, asio::steady_timer::time_point::max()) {}

  std::list<std::shared_ptr<asio::cancellation_signal>> signals;
  asio::steady_timer changed;  ///< Never fires; cancelled when a connection ends.
};

Result<ForwardingApi*> forwardingOf(Provider& provider) {
  if (auto* api = provider.forwarding()) return api;
  return failure(
      Errc::unsupported,
      "provider " + std::string(provider.name()) + " forwards no ports (portForwarding is unsupported)");
}

Task<void> connectOnce(Reached where, int port, std::shared_ptr<Caller> caller, CallOptions call) {
  auto api = forwardingOf(*where.provider);
  if (!api) co_return std::unexpected(std::move(api).error());
  co_return co_await (*api)->connect(where.instance(), port, caller, caller, std::move(call));
}

Task<void> serve(CorePtr core, SandboxId id, int port, tcp::socket socket) {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto caller = std::make_shared<Caller>(std::move(socket));
  const CallOptions unlimited;
  std::function<Task<void>(Reached)> attempt = [port, caller, unlimited](Reached where) {
    return connectOnce(std::move(where), port, caller, unlimited);
  };
  std::function<bool()> again = [caller] { return !caller->moved(); };
  co_return co_await reach<void>(core, std::move(id), std::move(attempt), unlimited, std::move(again));
}

Result<tcp::acceptor> listenOn(const asio::any_io_executor& loop, std::uint16_t port) {
  tcp::acceptor acceptor(loop);
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  boost::system::error_code ec;
  static_cast<void>(acceptor.open(endpoint.protocol(), ec));
  if (!ec) static_cast<void>(acceptor.set_option(tcp::acceptor::reuse_address(true), ec));
  if (!ec) static_cast<void>(acceptor.bind(endpoint, ec));
  if (!ec) static_cast<void>(acceptor.listen(tcp::acceptor::max_listen_connections, ec));
  if (!ec) return acceptor;
  if (ec == asio::error::address_in_use) {
    return failure(Errc::conflict,
                   "port " + std::to_string(port) +
                       " of this machine is in use: choose another, or 0 for one that is free");
  }
  const auto code = ec == asio::error::access_denied ? Errc::permissionDenied : Errc::unavailable;
  return failure(code, "cannot listen on port " + std::to_string(port) + " of this machine: " + ec.message());
}

/// Whether the provider can do it at all: said before anybody connects.
Task<void> checkOffered(CorePtr core, SandboxId id) {
  auto record = co_await loadRecord(core, std::move(id));
  if (!record) co_return std::unexpected(std::move(record).error());
  auto provider = providerNamed(*core, record->provider);
  if (!provider) co_return std::unexpected(std::move(provider).error());
  auto api = forwardingOf(**provider);
  if (!api) co_return std::unexpected(std::move(api).error());
  co_return Result<void>();
}

void begin(const CorePtr& core,
           const SandboxId& id,
           int port,
           const std::shared_ptr<Standing>& standing,
           const std::function<void(const Error&)>& onBroken,
           tcp::socket socket) {
  auto signal = std::make_shared<asio::cancellation_signal>();
  const auto place = standing->signals.insert(standing->signals.end(), signal);
  // Asio may look at the signal's slot until its handler is gone: so the handler keeps it.
  auto ended = [standing, place, signal, onBroken](std::exception_ptr thrown, Result<void> result) {
    standing->signals.erase(place);
    standing->changed.cancel();
    if (thrown) result = std::unexpected(errorOf(thrown));
    if (!result && result.error().code != Errc::cancelled && onBroken) onBroken(result.error());
  };
  asio::co_spawn(core->loop,
                 serve(core, id, port, std::move(socket)),
                 asio::bind_cancellation_slot(signal->slot(), std::move(ended)));
}

asio::awaitable<void> endAll(std::shared_ptr<Standing> standing) {
  const auto all = standing->signals;  // A connection that ends leaves the list.
  for (const auto& signal : all)
    signal->emit(asio::cancellation_type::terminal);
  while (!standing->signals.empty()) {
    boost::system::error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    co_await standing->changed.async_wait(token);
  }
}

}  // namespace

Task<void> forwardPort(CorePtr core, SandboxId id, int port, ForwardOptions options) {
  if (port < 1 || port > 65535) {
    co_return failure(Errc::invalidArgument, std::to_string(port) + " is not a port: use 1 to 65535");
  }
  auto offered = co_await checkOffered(core, id);
  if (!offered) co_return offered;
  auto acceptor = listenOn(core->loop, options.localPort);
  if (!acceptor) co_return std::unexpected(std::move(acceptor).error());
  if (options.onListening) options.onListening(acceptor->local_endpoint().port());

  auto standing = std::make_shared<Standing>(core->loop);
  Result<void> end;
  while (end) {
    boost::system::error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    auto socket = co_await acceptor->async_accept(token);
    if (!ec) {
      begin(core, id, port, standing, options.onBroken, std::move(socket));
      continue;
    }
    // Out of descriptors, or a caller that left at once: the others go on, and so does the next.
    end = co_await pause(std::chrono::milliseconds(100));
  }
  co_await endAll(standing);
  co_return end;
}

}  // namespace mooring::detail
