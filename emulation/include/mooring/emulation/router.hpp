/// Which handler answers which request.
#pragma once

#include <mooring/emulation/exchange.hpp>
#include <mooring/emulation/server.hpp>

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::emulation {

/// Answers with a whole reply; a refusal (refused()) takes the provider's own error shape.
using Answer = std::function<Task<Reply>(ExchangePtr)>;

/// One method and path template. A template's segments are literal or "{name}"; "{name...}" at its end takes
/// the rest, slashes included.
class Route {
 public:
  Route(std::string method, std::string path, ExchangeHandler handler);

  /// The query parameters that it knows; all others are refused by name. None by default.
  Route& query(std::initializer_list<std::string_view> names);
  /// It is not particular about its query.
  Route& anyQuery();

  [[nodiscard]] const std::string& method() const { return method_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// "GET /sandbox/{id}".
  [[nodiscard]] std::string name() const { return method_ + " " + path_; }
  [[nodiscard]] const ExchangeHandler& handler() const { return handler_; }
  [[nodiscard]] const std::vector<std::string>& segments() const { return segments_; }
  /// Errors: invalidArgument naming the parameter.
  [[nodiscard]] Result<void> checkQuery(const Request& request) const;

 private:
  std::string method_;
  std::string path_;
  std::vector<std::string> segments_;
  ExchangeHandler handler_;
  std::vector<std::string> queryNames_;
  bool anyQuery_ = false;
};

/// A table of routes. Literal segments win over named ones. Threads: fill it, then use it on one loop.
class Router {
 public:
  /// Adds a route; `method` may be "*". The reference stays good.
  Route& on(std::string method, std::string path, Answer answer);
  /// One whose handler sends its reply itself, in pieces or over a WebSocket. Errors that it returns before
  /// it has begun take the provider's shape, too.
  Route& stream(std::string method, std::string path, ExchangeHandler handler);

  /// The route for `request`, whose params and route are filled in. HEAD finds the route for GET.
  /// Errors: status 404 (no such path) or 405 (not with this method), naming both.
  [[nodiscard]] Result<const Route*> find(Request& request) const;

 private:
  std::vector<std::unique_ptr<Route>> routes_;
};

}  // namespace mooring::emulation
