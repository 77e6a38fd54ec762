#include "routes.hpp"

#include "account.hpp"

namespace mooring::sprites::emulated {

using emulation::refused;

namespace {

constexpr const char* ofSprite = "/v1/sprites/{name}";

/// Errors: 414; 401.
Result<Call> admit(const World& world, emulation::ExchangePtr exchange) {
  if (exchange->request().target.size() > static_cast<std::size_t>(world.knobs.longestTarget))
    return refused(414, "URI too long");
  auto organization = organizationOf(exchange->request(), world.knobs);
  if (!organization) return std::unexpected(std::move(organization).error());
  Call call;
  call.exchange = std::move(exchange);
  call.organization = std::move(*organization);
  return call;
}

Task<void> answer(WorldPtr world, Handler handler, emulation::ExchangePtr exchange) {
  auto call = admit(*world, exchange);
  if (!call) co_return std::unexpected(std::move(call).error());
  auto reply = co_await handler(std::move(world), std::move(*call));
  if (!reply) co_return std::unexpected(std::move(reply).error());
  co_return co_await exchange->reply(std::move(*reply));
}

Task<void> serve(WorldPtr world, StreamHandler handler, emulation::ExchangePtr exchange) {
  auto call = admit(*world, std::move(exchange));
  if (!call) co_return std::unexpected(std::move(call).error());
  co_return co_await handler(std::move(world), std::move(*call));
}

}  // namespace

void Routes::on(std::string method,
                std::string path,
                std::initializer_list<std::string_view> query,
                Handler handler) {
  auto handle = [world = world_, handler](emulation::ExchangePtr exchange) {
    return answer(world, handler, std::move(exchange));
  };
  router_.stream(std::move(method), std::move(path), std::move(handle)).query(query);
}

void Routes::stream(std::string method,
                    std::string path,
                    std::initializer_list<std::string_view> query,
                    StreamHandler handler) {
  auto handle = [world = world_, handler](emulation::ExchangePtr exchange) {
    return serve(world, handler, std::move(exchange));
  };
  router_.stream(std::move(method), std::move(path), std::move(handle)).query(query);
}

void Routes::onSprite(std::string method,
                      const std::string& path,
                      std::initializer_list<std::string_view> query,
                      Handler handler) {
  on(std::move(method), ofSprite + path, query, handler);
}

void Routes::streamOfSprite(std::string method,
                            const std::string& path,
                            std::initializer_list<std::string_view> query,
                            StreamHandler handler) {
  stream(std::move(method), ofSprite + path, query, handler);
}

void Routes::bare(std::string method, std::string path, StreamHandler handler) {
  auto handle = [world = world_, handler](emulation::ExchangePtr exchange) {
    Call call;
    call.exchange = std::move(exchange);
    return handler(world, std::move(call));
  };
  router_.stream(std::move(method), std::move(path), std::move(handle));
}

Result<SpritePtr> spriteOf(World& world, const Call& call) {
  return world.find(call.organization, call.param("name"));
}

Task<Awake> awakeSprite(WorldPtr world, Call call) {
  auto sprite = spriteOf(*world, call);
  if (!sprite) co_return std::unexpected(std::move(sprite).error());
  auto hold = co_await enter(std::move(world), *sprite);
  if (!hold) co_return std::unexpected(std::move(hold).error());
  Awake awake;
  awake.sprite = std::move(*sprite);
  awake.hold = std::move(*hold);
  co_return awake;
}

}  // namespace mooring::sprites::emulated
