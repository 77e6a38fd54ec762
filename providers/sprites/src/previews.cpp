#include <mooring/http/policies/auth.hpp>

#include "apis.hpp"
#include "control.hpp"
#include "definition.hpp"
#include "errors.hpp"
#include "proxy.hpp"

namespace mooring::sprites {

Task<PreviewUrl> Previews::url(Instance instance, int port, CallOptions call) {
  if (port < 1 || port > 65535)
    co_return refuse(Errc::invalidArgument, std::to_string(port) + " is not a port: use 1 to 65535");
  if (port != urlPort) {
    co_return refuse(Errc::unsupported,
                     "a sprite's URL leads to port 8080 and to no other: serve there, or reach port " +
                         std::to_string(port) + " by forwarding");
  }
  PreviewUrl out;
  out.url = instance.url;
  bool open = hasOpenUrl(instance);
  if (out.url.empty()) {
    const auto name = nameOf(instance);
    auto seen = co_await lookUp(account_, name, std::move(call));
    if (!seen) co_return std::unexpected(std::move(seen).error());
    if (!*seen) co_return refuse(Errc::gone, "Sprites knows no sprite " + name);
    out.url = (*seen)->url;
    open = (*seen)->open;
  }
  if (!open) out.headers.emplace("Authorization", Secret(http::bearerValue(account_->token)));
  co_return out;
}

Task<bool> Previews::answers(Instance instance, int port, CallOptions call) {
  // Not by the URL: it hangs when nothing listens, and the token has no business with what runs in a sprite.
  auto socket = co_await openProxy(account_, std::move(instance), port, std::move(call));
  if (socket) {
    (*socket)->close();
    co_return true;
  }
  if (socket.error().code == Errc::notFound) co_return false;
  co_return std::unexpected(std::move(socket).error());
}

}  // namespace mooring::sprites
