// A command's log: as it is, or while it grows.
#include <mooring/emulation/strict.hpp>

#include "toolbox/errors.hpp"
#include "toolbox/routes.hpp"
#include "toolbox/session_replies.hpp"
#include "toolbox/sessions.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>

namespace mooring::daytona::emulator {

namespace {

constexpr std::size_t largestFrame = 1024;

/// A follower: what of the log it has had, and whether it still listens.
struct Follower {
  std::size_t sent = 0;
  bool left = false;
};

/// A client says nothing here; reading tells when it leaves.
boost::asio::awaitable<void> awaitLeaving(std::shared_ptr<http::WebSocket> socket,
                                          SessionPtr session,
                                          std::shared_ptr<Follower> follower) {
  while (true) {
    auto message = co_await socket->read();
    if (!message || !*message) break;
  }
  follower->left = true;
  session->wake();
}

/// The subprotocol that carries the version where headers cannot be set; the server must choose it.
std::string versionProtocol(const std::vector<std::string>& offered) {
  const auto found = std::ranges::find_if(
      offered, [](const std::string& one) { return one.starts_with("X-Daytona-SDK-Version~"); });
  return found == offered.end() ? std::string() : *found;
}

Task<void> followBySocket(SessionPtr session, SessionCommandPtr command, emulation::ExchangePtr exchange) {
  emulation::AcceptOptions options;
  options.subprotocol = versionProtocol(exchange->subprotocols());
  auto accepted = co_await exchange->accept(std::move(options));
  if (!accepted) co_return std::unexpected(std::move(accepted).error());
  const auto socket = *accepted;
  const auto follower = std::make_shared<Follower>();
  const auto loop = co_await boost::asio::this_coro::executor;
  boost::asio::co_spawn(loop, awaitLeaving(socket, session, follower), boost::asio::detached);
  while (!follower->left) {
    const auto& log = command->log.marked();
    if (follower->sent < log.size()) {
      http::Message message;
      message.data = log.substr(follower->sent, largestFrame);
      follower->sent += message.data.size();
      auto written = co_await socket->write(std::move(message));
      if (!written) co_return written;
    } else if (command->exitCode || session->removed()) {
      socket->close(1000, "");
      break;
    } else {
      auto woken = co_await session->changed();
      if (!woken) co_return woken;
    }
  }
  co_return Result<void>();
}

/// Without a WebSocket: chunks, without markers.
Task<void> followByChunks(SessionPtr session, SessionCommandPtr command, emulation::ExchangePtr exchange) {
  http::Headers headers;
  headers.add("Content-Type", "application/octet-stream");
  auto begun = co_await exchange->begin(200, std::move(headers), std::nullopt);
  if (!begun) co_return begun;
  std::size_t sent = 0;
  while (true) {
    const std::string next = command->log.plain().substr(sent);
    if (!next.empty()) {
      sent += next.size();
      auto written = co_await exchange->write(asBytes(next));
      if (!written) co_return written;
    } else if (command->exitCode || session->removed()) {
      co_return Result<void>();
    } else {
      auto woken = co_await session->changed();
      if (!woken) co_return woken;
    }
  }
}

Result<bool> wantsToFollow(const emulation::Request& request) {
  const auto text = request.queryValue("follow");
  if (!text) return false;
  return emulation::parseFlag("follow", *text);
}

Task<void> commandLogs(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto session = sessionOf(*daemon, exchange->request());
  if (!session) co_return std::unexpected(std::move(session).error());
  auto command = commandOf(*session, exchange->request());
  if (!command) co_return std::unexpected(std::move(command).error());
  auto follow = wantsToFollow(exchange->request());
  if (!follow) co_return std::unexpected(std::move(follow).error());
  if (*follow && exchange->wantsWebSocket()) co_return co_await followBySocket(*session, *command, exchange);
  if (*follow) co_return co_await followByChunks(*session, *command, exchange);
  auto reply = logReply((*command)->log, logFormOf(exchange->request()));
  co_return co_await exchange->reply(std::move(reply));
}

/// Nothing is ever in it.
Task<void> entrypointLogs(DaemonPtr /*daemon*/, emulation::ExchangePtr exchange) {
  auto follow = wantsToFollow(exchange->request());
  if (!follow) co_return std::unexpected(std::move(follow).error());
  if (*follow && exchange->wantsWebSocket()) {
    auto socket = co_await exchange->accept(emulation::AcceptOptions());
    if (!socket) co_return std::unexpected(std::move(socket).error());
    auto left = co_await (*socket)->read();
    if (!left) co_return std::unexpected(std::move(left).error());
    co_return Result<void>();
  }
  auto reply = logReply(SessionLog(), logFormOf(exchange->request()));
  co_return co_await exchange->reply(std::move(reply));
}

}  // namespace

void addSessionLogRoutes(ToolboxRoutes& routes) {
  routes.stream("GET", "/process/session/entrypoint/logs", entrypointLogs).query({"follow"});
  routes.stream("GET", "/process/session/{sessionId}/command/{commandId}/logs", commandLogs)
      .query({"follow"});
}

}  // namespace mooring::daytona::emulator
