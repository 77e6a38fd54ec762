#include "proxy.hpp"

#include <mooring/http/text.hpp>

#include "errors.hpp"
#include "sockets.hpp"
#include "wire.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace mooring::sprites {

namespace {

/// What the vendor's own client gives it.
constexpr std::chrono::seconds connectPatience(10);

struct ProxyAnswer {
  std::string status = {};
  std::string error = {};
};
void read(http::Fields& in, ProxyAnswer& out) {
  in.optional("status", out.status);
  in.optional("error", out.error);
}

ProxyAnswer readAnswer(const http::Message& message) {
  const auto json = http::parseJson(message.data);
  auto answer = json ? http::decodeValue<ProxyAnswer>(*json) : Result<ProxyAnswer>();
  return answer ? std::move(*answer) : ProxyAnswer();
}

}  // namespace

Task<std::shared_ptr<http::WebSocket>> openProxy(AccountPtr account,
                                                 Instance instance,
                                                 int port,
                                                 CallOptions call) {
  if (port < 1 || port > 65535)
    co_return refuse(Errc::invalidArgument, std::to_string(port) + " is not a port: use 1 to 65535");
  const auto what = "connect to port " + std::to_string(port);
  auto socket = co_await openSocket(account, std::move(instance), "/proxy", what, std::move(call));
  if (!socket) co_return std::unexpected(std::move(socket).error());
  const boost::json::object wish{{"host", "localhost"}, {"port", port}};
  http::Message ask;
  ask.data = boost::json::serialize(wish);
  ask.text = true;
  auto asked = co_await (*socket)->write(std::move(ask));
  if (!asked) co_return std::unexpected(errorFrom(std::move(asked).error(), what));
  auto message = co_await readWithin(*socket, connectPatience);
  if (!message) co_return std::unexpected(errorFrom(std::move(message).error(), what));
  // A refusal is an answer, or the end of the socket: Sprites documents only the good case.
  const auto answer = *message && (*message)->text ? readAnswer(**message) : ProxyAnswer();
  if (answer.status == "connected") co_return std::move(*socket);
  (*socket)->close();
  auto why = answer.error.empty() ? (*socket)->closing().reason : answer.error;
  co_return refuse(Errc::notFound,
                   "nothing in the sprite answers on port " + std::to_string(port) +
                       (why.empty() ? std::string() : ": " + http::oneLine(why)));
}

}  // namespace mooring::sprites
