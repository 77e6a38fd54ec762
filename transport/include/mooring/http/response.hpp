/// What came back.
#pragma once

#include <mooring/http/headers.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace mooring::http {

/// Since the engine took the request; zero for a phase that a reused connection skipped.
struct Timings {
  std::chrono::microseconds resolved = {};
  std::chrono::microseconds connected = {};
  std::chrono::microseconds encrypted = {};
  std::chrono::microseconds firstByte = {};
  std::chrono::microseconds total = {};
  bool newConnection = false;
};

/// A reply of any status: only the lack of one is an Error.
struct Response {
  int status = 0;
  Headers headers = {};
  std::string body = {};       ///< Empty when a sink took it.
  std::string url = {};        ///< Where it came from, after redirects.
  std::string requestId = {};  ///< The server's name for the exchange, else ours; for its support.
  Timings timings = {};
  std::uint64_t bytesSent = 0;
  std::uint64_t bytesReceived = 0;
  int attempts = 1;               ///< With it, how often the request was sent.
  bool retriesExhausted = false;  ///< The retry policy would have tried again but had nothing left.
  /// What the server asked for, when it did (see retryAfterOf()).
  std::optional<std::chrono::milliseconds> retryAfter = {};

  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
};

}  // namespace mooring::http
