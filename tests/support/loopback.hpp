#pragma once

/// TCP on this machine, as a plain client sees it: blocking, and failing the test by an exception.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mooring::test {

/// A port of the loopback that nobody else was given while this exists. With SO_REUSEADDR it can be listened
/// on anyway.
class FreePort {
 public:
  FreePort();
  ~FreePort();
  FreePort(const FreePort&) = delete;
  FreePort& operator=(const FreePort&) = delete;

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] std::string text() const { return std::to_string(number_); }

 private:
  int socket_ = -1;
  int number_ = 0;
};

/// One connection. Every wait for the other side gives up after half a minute, by an exception.
class LoopbackClient {
 public:
  /// Throws std::runtime_error when it cannot connect.
  explicit LoopbackClient(int port, const std::string& host = "127.0.0.1");
  ~LoopbackClient();
  LoopbackClient(const LoopbackClient&) = delete;
  LoopbackClient& operator=(const LoopbackClient&) = delete;

  void send(std::string_view bytes) const;
  /// Says that nothing more will be sent.
  void finish() const;
  /// Exactly so many bytes; fewer when the other side closes before.
  [[nodiscard]] std::string receive(std::size_t count) const;
  /// All that comes until the other side closes or breaks the connection.
  [[nodiscard]] std::string receiveAll() const;

 private:
  int socket_ = -1;
};

}  // namespace mooring::test
