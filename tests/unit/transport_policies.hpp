#pragma once

/// Policies over a scripted wire, with a clock and a pause that a test owns.

#include <mooring/http/client.hpp>

#include "support/scripted_transport.hpp"
#include "support/sources.hpp"
#include "support/tasks.hpp"

#include <future>
#include <vector>

namespace mooring::test::scripted {

/// Moves the fake clock instead of waiting.
class FakePause final : public http::Pause {
 public:
  explicit FakePause(std::shared_ptr<FakeClock> clock) : clock_(std::move(clock)) {}
  Task<void> sleep(std::chrono::milliseconds duration) override {
    slept.push_back(duration);
    clock_->advance(duration);
    co_return Result<void>();
  }
  std::vector<std::chrono::milliseconds> slept;

 private:
  std::shared_ptr<FakeClock> clock_;
};

struct Parts {
  std::shared_ptr<ScriptedTransport> wire = std::make_shared<ScriptedTransport>();
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FakeRandom> random = std::make_shared<FakeRandom>();
  std::shared_ptr<FakePause> pause = std::make_shared<FakePause>(clock);

  [[nodiscard]] http::RetryParts forRetries() const { return {clock, random, pause, nullptr}; }
  [[nodiscard]] http::RateLimitParts forLimits(std::shared_ptr<http::RateLimitMemory> memory) const {
    return {std::move(memory), clock, random, pause};
  }
};

inline Task<http::Response> sending(std::shared_ptr<http::Transport> http, http::Request request) {
  co_return co_await http->send(std::move(request));
}

inline Result<http::Response> send(const std::shared_ptr<http::Transport>& http, http::Request request) {
  return run(sending(http, std::move(request)));
}

inline std::future<Result<http::Response>> start(const std::shared_ptr<http::Transport>& http,
                                                 http::Request request,
                                                 CallOptions call = CallOptions()) {
  Operation<http::Response> operation(
      engine(), std::move(call), [http, request]() { return sending(http, request); });
  return operation.start();
}

inline http::Request to(std::string target, http::Method method = http::Method::get) {
  http::Request request;
  request.method = method;
  request.target = std::move(target);
  return request;
}

inline http::Response status(int code, http::Headers headers = http::Headers()) {
  http::Response response;
  response.status = code;
  response.headers = std::move(headers);
  return response;
}

}  // namespace mooring::test::scripted
