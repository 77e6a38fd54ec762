#include "apis.hpp"
#include "errors.hpp"
#include "waiting.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mooring::local {

namespace asio = boost::asio;

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
  asio::ip::tcp::socket socket(site_->context.loop);
  const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(),
                                         static_cast<asio::ip::port_type>(port));
  boost::system::error_code ec;
  co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, ec));
  if (ec == asio::error::operation_aborted) co_return refuse(Errc::cancelled, "the call was cancelled");
  co_return !ec;
}

}  // namespace mooring::local
