#include "sockets.hpp"

#include <mooring/http/retry_after.hpp>

#include "control.hpp"
#include "errors.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

namespace asio = boost::asio;

namespace mooring::sprites {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

http::WebSocketRequest socketRequest(const Account& account,
                                     const Instance& instance,
                                     const std::string& target,
                                     const CallOptions& call) {
  http::WebSocketRequest request;
  request.url = account.apiUrl + spritePath(nameOf(instance), target);
  request.token = account.token;
  request.deadline = call.deadline;
  return request;
}

void note(const Account& account,
          const Instance& instance,
          const std::string& target,
          const Result<http::Upgrade>& upgrade,
          int attempt) {
  if (!account.context.log) return;
  account.context.log->debug("socket path={} status={} attempt={}",
                             spritePath(nameOf(instance), target.substr(0, target.find('?'))),
                             upgrade ? upgrade->response.status : 0,
                             attempt);
}

std::optional<milliseconds> leftUntil(const std::optional<steady_clock::time_point>& deadline) {
  if (!deadline) return std::nullopt;
  return std::chrono::duration_cast<milliseconds>(*deadline - steady_clock::now());
}

Task<std::optional<http::Message>> nextOf(std::shared_ptr<http::WebSocket> socket) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_return co_await socket->read();
}

}  // namespace

Task<std::shared_ptr<http::WebSocket>> openSocket(
    AccountPtr account, Instance instance, std::string target, std::string what, CallOptions call) {
  const http::RetryOptions retries;
  http::Attempt attempt;
  attempt.safe = true;
  for (;; ++attempt.number) {
    auto request = socketRequest(*account, instance, target, call);
    auto upgrade = co_await account->sockets->open(std::move(request));
    note(*account, instance, target, upgrade, attempt.number);
    if (upgrade && upgrade->socket) co_return std::move(upgrade->socket);
    Result<http::Response> outcome;
    if (upgrade) {
      outcome = std::move(upgrade->response);
      outcome->retryAfter = http::retryAfterOf(*outcome, account->context.clock->now());
    } else {
      outcome = std::unexpected(std::move(upgrade).error());
    }
    attempt.left = leftUntil(call.deadline);
    const auto decision = http::decide(retries, attempt, outcome, account->context.random->fraction());
    if (!decision.delay) {
      if (!outcome) {
        auto error = errorFrom(std::move(outcome).error(), what);
        if (decision.exhausted) error.transience = Transience::exhausted;
        co_return std::unexpected(std::move(error));
      }
      outcome->retriesExhausted = decision.exhausted;
      if (outcome->status == 404) {
        auto there = co_await lookAfter(account, std::move(instance));
        if (!there) co_return std::unexpected(std::move(there).error());
      }
      co_return std::unexpected(errorFrom(*account, *outcome, what));
    }
    attempt.waited += *decision.delay;
    auto slept = co_await account->pause->sleep(*decision.delay);
    if (!slept) co_return std::unexpected(errorFrom(std::move(slept).error(), what));
  }
}

Task<std::optional<http::Message>> readWithin(std::shared_ptr<http::WebSocket> socket, milliseconds limit) {
  const auto loop = co_await asio::this_coro::executor;
  asio::steady_timer timer(loop, limit);
  auto reading = asio::co_spawn(loop, nextOf(std::move(socket)), asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(reading), timer.async_wait(asio::deferred));
  auto [order, thrown, message, ec] = co_await group.async_wait(asio::experimental::wait_for_one(),
                                                                asio::use_awaitable);
  if (thrown) std::rethrow_exception(thrown);
  if (order[0] == 1 && !ec) co_return failure(Errc::unavailable, "Sprites said nothing on a new connection");
  co_return std::move(message);
}

}  // namespace mooring::sprites
