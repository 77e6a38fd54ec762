#pragma once

/// A real HTTP server on loopback that does what a test scripts, wrong things included. One thread a
/// connection, so that scripts are plain code; they and the tests keep step by gates, never by time.

#include "support/test_authority.hpp"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mooring::test {

/// Opened once; whoever waits passes, before and after.
class Latch {
 public:
  void open();
  /// False when it was not opened within a minute: a stuck test fails instead of hanging.
  bool wait();
  [[nodiscard]] bool isOpen();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = {};
  std::string target = {};
  HeaderList headers = {};
  std::string body = {};

  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

/// One request and the connection it came on. The script may answer well, badly or not at all; what it leaves
/// open is kept alive after a reply() and closed otherwise.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// The head has been read; the body only when readBody() or request().body is asked for by default scripts.
  virtual const HttpRequest& request() = 0;
  /// Which request on its connection it is, from 1.
  virtual int number() = 0;
  /// Reads the rest of the body, however it is framed; fills request().body.
  virtual void readBody() = 0;
  /// Reads about `bytes` of the body, for tests of back-pressure; 0 at its end.
  virtual std::size_t readSome(std::size_t bytes) = 0;
  /// A complete, well-formed answer.
  virtual void reply(int status,
                     std::string_view body = std::string_view(),
                     const HeaderList& headers = HeaderList()) = 0;
  /// Bytes as they are; false when the client has gone.
  virtual bool send(std::string_view bytes) = 0;
  /// The end of the connection: in order, or by a reset.
  virtual void close() = 0;
  virtual void reset() = 0;
  /// Waits until the client has closed its side; false when it sends more instead.
  virtual bool clientGone() = 0;
};

using Script = std::function<void(Exchange&)>;

struct HttpServerOptions {
  std::shared_ptr<TestAuthority> tls = {};  ///< Null: no encryption.
};

class HttpServer {
 public:
  explicit HttpServer(Script script, HttpServerOptions options = HttpServerOptions());
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// "http://127.0.0.1:port" or "https://localhost:port".
  [[nodiscard]] std::string url(std::string_view target = std::string_view()) const;
  [[nodiscard]] unsigned short port() const;
  [[nodiscard]] int connections() const;
  [[nodiscard]] int requests() const;
  [[nodiscard]] int mostAtOnce() const;  ///< Connections open at the same time.

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// A port on loopback where nobody listens.
unsigned short closedPort();

}  // namespace mooring::test
