#include "websocket/opening.hpp"

namespace mooring::http::detail {

Task<Upgrade> openPlain(std::shared_ptr<Attempt> attempt, const Network& network) {
  auto stream = std::make_unique<beast::websocket::stream<beast::tcp_stream>>(
      co_await asio::this_coro::executor);
  auto connected = co_await connect(attempt, network, beast::get_lowest_layer(*stream));
  if (!connected) co_return std::unexpected(std::move(connected).error());
  co_return co_await upgrade(attempt, std::move(stream));
}

}  // namespace mooring::http::detail
