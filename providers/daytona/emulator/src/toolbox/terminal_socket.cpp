#include "toolbox/terminal_socket.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace mooring::daytona::emulator {

namespace json = boost::json;

namespace {

constexpr std::string_view exitControl = "X-Daytona-Pty-Exit-Control";
constexpr std::size_t largestInput = std::size_t{64} * 1024;
constexpr std::uint16_t closedWell = 1000;
constexpr std::uint16_t closedInError = 1011;
constexpr std::uint16_t closedByPolicy = 1008;

using SocketPtr = std::shared_ptr<http::WebSocket>;

Task<void> sendControl(SocketPtr socket, json::object content) {
  content["type"] = "control";
  http::Message message;
  message.text = true;
  message.data = json::serialize(content);
  co_return co_await socket->write(std::move(message));
}

/// What the client types; ends when it leaves.
boost::asio::awaitable<void> listen(SocketPtr socket, PtyPtr pty, std::shared_ptr<PtyViewer> viewer) {
  while (true) {
    auto message = co_await socket->read();
    if (!message || !*message) break;
    auto typed = co_await pty->type(std::move((*message)->data));
    if (!typed) break;
  }
  viewer->left = true;
  viewer->changed.notify();
}

Task<void> sayGoodbye(SocketPtr socket, PtyEnd end, bool tells) {
  json::object how;
  how["exitCode"] = end.exitCode;
  if (!end.reason.empty()) how["exitReason"] = end.reason;
  if (tells) {
    json::object control = how;
    control["status"] = "exited";
    auto told = co_await sendControl(socket, std::move(control));
    if (!told) co_return told;
  }
  socket->close(end.exitCode == 0 ? closedWell : closedInError, json::serialize(how));
  co_return Result<void>();
}

/// Output to the client until one of the two is gone.
Task<void> show(SocketPtr socket, PtyPtr pty, std::shared_ptr<PtyViewer> viewer, bool tells) {
  while (!viewer->left) {
    if (viewer->tooSlow) {
      socket->close(closedByPolicy, "slow consumer");
      co_return Result<void>();
    }
    if (!viewer->frames.empty()) {
      http::Message message;
      message.data = std::move(viewer->frames.front());
      viewer->frames.pop_front();
      auto written = co_await socket->write(std::move(message));
      if (!written) co_return written;
    } else if (pty->ended()) {
      co_return co_await sayGoodbye(socket, *pty->ended(), tells);
    } else {
      auto woken = co_await viewer->changed.wait();
      if (!woken) co_return woken;
    }
  }
  co_return Result<void>();
}

}  // namespace

Task<void> serveTerminal(PtyPtr pty, emulation::ExchangePtr exchange) {
  const auto offered = exchange->subprotocols();
  const bool tells = std::ranges::find(offered, exitControl) != offered.end();
  emulation::AcceptOptions options;
  options.subprotocol = tells ? std::string(exitControl) : offered.empty() ? std::string() : offered.front();
  options.maxMessage = largestInput;
  auto accepted = co_await exchange->accept(std::move(options));
  if (!accepted) co_return std::unexpected(std::move(accepted).error());
  const SocketPtr socket = *accepted;
  const auto viewer = pty->join();
  json::object first;
  auto started = co_await pty->start();
  first["status"] = started ? "connected" : "error";
  if (!started) first["error"] = started.error().message;
  auto told = co_await sendControl(socket, std::move(first));
  if (!started) socket->close(closedInError, started.error().message.substr(0, 100));
  if (told && started) {
    const auto loop = co_await boost::asio::this_coro::executor;
    boost::asio::co_spawn(loop, listen(socket, pty, viewer), boost::asio::detached);
    told = co_await show(socket, pty, viewer, tells);
  }
  pty->leave(viewer);
  co_return told;
}

}  // namespace mooring::daytona::emulator
