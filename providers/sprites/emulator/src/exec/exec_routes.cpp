// Commands begun, over a WebSocket.
#include "exec/exec_socket.hpp"
#include "exec/running.hpp"
#include "exec/session_list.hpp"
#include "exec/wish.hpp"
#include "routes.hpp"

namespace mooring::sprites::emulated {

namespace {

Task<void> attach(WorldPtr world, Call call, std::string id) {
  auto sprite = spriteOf(*world, call);
  if (!sprite) co_return std::unexpected(std::move(sprite).error());
  auto known = sessionOf(**sprite, id);
  if (!known) co_return std::unexpected(std::move(known).error());
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  // It may have ended while its sprite was being woken.
  auto session = sessionOf(**sprite, id);
  if (!session) co_return std::unexpected(std::move(session).error());
  co_return co_await serveSession(world, call, std::move(*awake), std::move(*session), true);
}

Task<void> begin(WorldPtr world, Call call) {
  auto spec = parseExec(call.request());
  if (!spec) co_return std::unexpected(std::move(spec).error());
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  auto session = newSession(*world, awake->sprite, std::move(*spec));
  co_return co_await serveSession(world, call, std::move(*awake), std::move(session), false);
}

/// The same address: the list of sessions, a new one, or (as before there was an address for that) an old
/// one.
Task<void> execOrList(WorldPtr world, Call call) {
  if (!call.exchange->wantsWebSocket()) co_return co_await listSessions(world, call);
  if (const auto id = call.request().queryValue("id")) co_return co_await attach(world, call, *id);
  co_return co_await begin(world, call);
}

Task<void> attachOrShow(WorldPtr world, Call call) {
  const auto id = call.param("session");
  if (call.exchange->wantsWebSocket()) co_return co_await attach(world, call, id);
  co_return co_await showSession(world, call);
}

}  // namespace

void addExecRoutes(Routes& routes) {
  routes.streamOfSprite("GET",
                        "/exec",
                        {"cmd",
                         "path",
                         "stdin",
                         "env",
                         "dir",
                         "tty",
                         "rows",
                         "cols",
                         "detachable",
                         "cc",
                         "max_run_after_disconnect",
                         "id"},
                        execOrList);
  routes.streamOfSprite("GET",
                        "/exec/{session}",
                        {"stdin", "env", "dir", "detachable", "cc", "max_run_after_disconnect"},
                        attachOrShow);
}

}  // namespace mooring::sprites::emulated
