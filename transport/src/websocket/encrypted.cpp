#include "websocket/opening.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace mooring::http::detail {

namespace ssl = asio::ssl;

Task<Upgrade> openEncrypted(std::shared_ptr<Attempt> attempt, const Network& network, ssl::context& trusted) {
  using Next = beast::ssl_stream<beast::tcp_stream>;
  auto stream = std::make_unique<beast::websocket::stream<Next>>(co_await asio::this_coro::executor, trusted);
  auto connected = co_await connect(attempt, network, beast::get_lowest_layer(*stream));
  if (!connected) co_return std::unexpected(std::move(connected).error());

  auto& tls = stream->next_layer();
  boost::system::error_code notAddress;
  asio::ip::make_address(attempt->url.host, notAddress);
  if (notAddress) {  // Names only, by RFC 6066. What SSL_set_tlsext_host_name() is short for, without its
                     // cast.
    SSL_ctrl(tls.native_handle(),
             SSL_CTRL_SET_TLSEXT_HOSTNAME,
             TLSEXT_NAMETYPE_host_name,
             attempt->url.host.data());
  }
  tls.set_verify_mode(ssl::verify_peer);
  tls.set_verify_callback(ssl::host_name_verification(attempt->url.host));
  boost::system::error_code problem;
  {
    const CutOnCancel cut(attempt->state, beast::get_lowest_layer(tls));
    const auto [code] = co_await tls.async_handshake(ssl::stream_base::client, quiet());
    problem = code;
  }
  if (problem) {
    auto error = attempt->failed("no encrypted connection to", problem);
    if (problem.category() == asio::error::get_ssl_category()) error.transience = Transience::permanent;
    co_return std::unexpected(std::move(error));
  }
  co_return co_await upgrade(attempt, std::move(stream));
}

}  // namespace mooring::http::detail
