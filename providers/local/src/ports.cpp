#include <mooring/detail/duplex.hpp>

#include "apis.hpp"
#include "client.hpp"
#include "errors.hpp"
#include "waiting.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <vector>

namespace mooring::local {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr int highestPort = 65535;

Task<void> checkPort(SitePtr site, Instance instance, int port) {
  if (port < 1 || port > highestPort) {
    co_return refuse(Errc::invalidArgument, std::to_string(port) + " is no port: use 1 to 65535");
  }
  auto definition = co_await definitionOf(std::move(site), std::move(instance));
  if (!definition) co_return std::unexpected(std::move(definition).error());
  if (definition->networkBlocked) {
    co_return refuse(
        Errc::unsupported,
        "the sandbox's network is blocked, so its ports cannot be reached: create it with network \"open\"");
  }
  co_return Result<void>();
}

tcp::endpoint endpointOf(int port) {
  return {asio::ip::address_v4::loopback(), static_cast<asio::ip::port_type>(port)};
}

constexpr std::size_t piece = std::size_t{64} << 10;

std::unexpected<Error> broken(boost::system::error_code ec) {
  if (ec == asio::error::operation_aborted) return refuse(Errc::cancelled, "the connection was closed");
  return refuse(Errc::unavailable, "the connection to the port broke: " + ec.message());
}

/// To the sandbox; the end of the source closes this direction only.
Task<void> send(std::shared_ptr<tcp::socket> socket, std::shared_ptr<ByteSource> input) {
  std::vector<std::byte> buffer(piece);
  while (true) {
    auto count = co_await input->read(buffer);
    if (!count) co_return std::unexpected(std::move(count).error());
    boost::system::error_code ec;
    if (*count == 0) {
      // It fails when the other side has left, and receive() says that.
      static_cast<void>(socket->shutdown(tcp::socket::shutdown_send, ec));
      co_return Result<void>();
    }
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    co_await asio::async_write(*socket, asio::buffer(buffer.data(), *count), token);
    if (ec) co_return broken(ec);
  }
}

Task<void> receive(std::shared_ptr<tcp::socket> socket, std::shared_ptr<ByteSink> output) {
  std::vector<std::byte> buffer(piece);
  while (true) {
    boost::system::error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    const auto count = co_await socket->async_read_some(asio::buffer(buffer), token);
    if (ec == asio::error::eof) co_return Result<void>();
    if (ec) co_return broken(ec);
    auto written = co_await output->write(std::span(buffer).first(count));
    if (!written) co_return written;
  }
}

}  // namespace

Task<PreviewUrl> LocalPreviews::url(Instance instance, int port, CallOptions /*call*/) {
  auto good = co_await checkPort(site_, std::move(instance), port);
  if (!good) co_return std::unexpected(std::move(good).error());
  PreviewUrl preview;
  preview.url = "http://127.0.0.1:" + std::to_string(port);
  co_return preview;
}

Task<bool> LocalPreviews::answers(Instance instance, int port, CallOptions /*call*/) {
  auto good = co_await checkPort(site_, std::move(instance), port);
  if (!good) co_return std::unexpected(std::move(good).error());
  tcp::socket socket(site_->context.loop);
  boost::system::error_code ec;
  co_await socket.async_connect(endpointOf(port), asio::redirect_error(asio::use_awaitable, ec));
  if (ec == asio::error::operation_aborted) co_return refuse(Errc::cancelled, "the call was cancelled");
  co_return !ec;
}

Task<void> Forwarding::connect(Instance instance,
                               int port,
                               std::shared_ptr<ByteSource> input,
                               std::shared_ptr<ByteSink> output,
                               CallOptions /*call*/) {
  auto good = co_await checkPort(site_, instance, port);
  if (!good) co_return good;
  const auto key = keyOf(instance);
  if (!key) co_return std::unexpected(key.error());
  // Says whether it runs, and held, that it is in use: what is used is not stopped as idle.
  auto supervisor = co_await connectToKey(site_, *key);
  if (!supervisor) co_return std::unexpected(std::move(supervisor).error());
  auto socket = std::make_shared<tcp::socket>(site_->context.loop);
  boost::system::error_code ec;
  auto token = asio::redirect_error(asio::use_awaitable, ec);
  co_await socket->async_connect(endpointOf(port), token);
  if (ec == asio::error::operation_aborted) co_return refuse(Errc::cancelled, "the call was cancelled");
  if (ec) {
    co_return refuse(Errc::notFound, "nothing takes connections on port " + std::to_string(port));
  }
  auto inward = send(socket, std::move(input));
  auto outward = receive(socket, std::move(output));
  co_return co_await detail::carryBothWays(std::move(inward), std::move(outward));
}

}  // namespace mooring::local
