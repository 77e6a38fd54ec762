#include "preview.hpp"

#include <mooring/emulation/proxy.hpp>

#include "account.hpp"
#include "services.hpp"
#include "waking.hpp"

namespace mooring::sprites::emulated {

namespace {

bool mayPass(const World& world, const Sprite& sprite, const emulation::Request& request) {
  if (sprite.urlSettings.auth == "public") return true;
  const auto organization = organizationOf(request, world.knobs);
  return organization && *organization == sprite.organization;
}

Task<void> sendToLogin(emulation::ExchangePtr exchange) {
  auto reply = emulation::emptyReply(302);
  reply.headers.add("Location", "https://sprites.dev/login");
  co_return co_await exchange->reply(std::move(reply));
}

/// Until something listens; with the setting "refuses", only one look.
Task<bool> listens(WorldPtr world, SpritePtr sprite, int port) {
  while (!sprite->removed) {
    auto answers = co_await sprite->machine->answers(port);
    if (!answers) co_return answers;
    if (*answers || !world->knobs.urlHangs) co_return answers;
    auto waited = co_await emulation::sleepFor(world->knobs.look);
    if (!waited) co_return std::unexpected(std::move(waited).error());
  }
  co_return false;
}

}  // namespace

Task<void> serveUrl(std::shared_ptr<World> world, std::string id, emulation::ExchangePtr exchange) {
  const auto sprite = world->byId(id);
  if (!sprite) co_return emulation::refused(404, "sprite not found");
  if (!mayPass(*world, *sprite, exchange->request())) co_return co_await sendToLogin(exchange);
  auto hold = co_await enter(world, sprite);
  if (!hold) co_return std::unexpected(std::move(hold).error());
  const Connected connected(sprite, *exchange);
  const int port = webPort(*world, *sprite);
  auto listening = co_await listens(world, sprite, port);
  if (!listening) co_return std::unexpected(std::move(listening).error());
  if (!*listening) co_return emulation::refused(502, "nothing listens on the web port of the sprite");
  emulation::ForwardOptions options;
  options.dropHeaders = {"Authorization"};
  co_return co_await emulation::forward(exchange, static_cast<std::uint16_t>(port), std::move(options));
}

}  // namespace mooring::sprites::emulated
