#include <mooring/detail/duplex.hpp>

#include "apis.hpp"
#include "errors.hpp"
#include "proxy.hpp"

#include <vector>

namespace mooring::sprites {

namespace {

constexpr std::size_t pieceSize = std::size_t{64} * 1024;
constexpr const char* forwarding = "forward a connection";

struct Connection {
  std::shared_ptr<http::WebSocket> socket = {};
  bool ended = false;  ///< By us.
};
using ConnectionPtr = std::shared_ptr<Connection>;

/// Until `input` has ended; then the connection does, as Sprites cannot close one direction alone.
Task<void> send(ConnectionPtr connection, std::shared_ptr<ByteSource> input) {
  std::vector<std::byte> buffer(pieceSize);
  for (;;) {
    auto count = co_await input->read(buffer);
    if (!count) co_return std::unexpected(std::move(count).error());
    if (*count == 0) {
      connection->ended = true;
      connection->socket->close();
      co_return Result<void>();
    }
    http::Message message;
    message.data = asText(std::span(buffer).first(*count));
    auto sent = co_await connection->socket->write(std::move(message));
    if (!sent) co_return std::unexpected(errorFrom(std::move(sent).error(), forwarding));
  }
}

/// Until the connection has ended.
Task<void> receive(ConnectionPtr connection, std::shared_ptr<ByteSink> output) {
  for (;;) {
    auto message = co_await connection->socket->read();
    if (connection->ended) co_return Result<void>();
    if (!message) co_return std::unexpected(errorFrom(std::move(message).error(), forwarding));
    if (!*message) co_return Result<void>();
    if ((*message)->text) continue;
    auto written = co_await output->write(asBytes((*message)->data));
    if (!written) co_return std::unexpected(std::move(written).error());
  }
}

}  // namespace

Task<void> Forwarding::connect(Instance instance,
                               int port,
                               std::shared_ptr<ByteSource> input,
                               std::shared_ptr<ByteSink> output,
                               CallOptions call) {
  auto socket = co_await openProxy(account_, std::move(instance), port, std::move(call));
  if (!socket) co_return std::unexpected(std::move(socket).error());
  auto connection = std::make_shared<Connection>();
  connection->socket = std::move(*socket);
  auto inward = send(connection, std::move(input));
  auto outward = receive(connection, std::move(output));
  auto end = co_await detail::carryBothWays(std::move(inward), std::move(outward));
  connection->socket->close();
  co_return end;
}

}  // namespace mooring::sprites
