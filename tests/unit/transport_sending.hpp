#pragma once

/// Sending real requests from a test.

#include <mooring/http/engine.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"
#include "support/tasks.hpp"

#include <future>

namespace mooring::test {

inline std::shared_ptr<http::Transport> engineWith(http::EngineOptions options = http::EngineOptions()) {
  auto made = http::makeEngine(detail::loopOf(*engine()), std::move(options));
  REQUIRE(ok(made));
  return *made;
}

inline http::Request get(std::string url) {
  http::Request request;
  request.target = std::move(url);
  return request;
}

inline http::Request post(std::string url, http::Body body = http::Body()) {
  http::Request request;
  request.method = http::Method::post;
  request.target = std::move(url);
  request.body = std::move(body);
  return request;
}

/// Made on the loop: send() belongs there.
inline Task<http::Response> sending(std::shared_ptr<http::Transport> http, http::Request request) {
  co_return co_await http->send(std::move(request));
}

inline Result<http::Response> send(const std::shared_ptr<http::Transport>& http,
                                   http::Request request,
                                   CallOptions call = CallOptions()) {
  return run(sending(http, std::move(request)), std::move(call));
}

inline std::future<Result<http::Response>> start(const std::shared_ptr<http::Transport>& http,
                                                 http::Request request,
                                                 CallOptions call = CallOptions()) {
  Operation<http::Response> operation(
      engine(), std::move(call), [http, request]() { return sending(http, request); });
  return operation.start();
}

}  // namespace mooring::test
