#include "support/gate.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace asio = boost::asio;

namespace mooring::test {

struct Gate::Waiter {
  explicit Waiter(const asio::any_io_executor& executor)
      : timer(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer timer;
};

Task<void> Gate::pass() {
  const auto self = shared_from_this();
  const auto executor = co_await asio::this_coro::executor;
  const auto waiter = std::make_shared<Waiter>(executor);
  bool open = false;
  {
    const std::lock_guard lock(mutex_);
    ++arrivals_;
    open = open_;
    if (!open) waiters_.push_back(waiter);
  }
  arrived_.notify_all();
  if (open) co_return Result<void>();

  boost::system::error_code ignored;
  auto token = asio::redirect_error(asio::use_awaitable, ignored);
  co_await waiter->timer.async_wait(token);
  {
    const std::lock_guard lock(mutex_);
    open = open_;
  }
  if (open) co_return Result<void>();
  co_return failure(Errc::cancelled, "interrupted at a gate");
}

bool Gate::awaitArrivals(int count) {
  std::unique_lock lock(mutex_);
  return arrived_.wait_for(lock, std::chrono::minutes(1), [this, count] { return arrivals_ >= count; });
}

void Gate::open() {
  std::vector<std::weak_ptr<Waiter>> waiters;
  {
    const std::lock_guard lock(mutex_);
    open_ = true;
    waiters.swap(waiters_);
  }
  for (const auto& weak : waiters) {
    if (const auto waiter = weak.lock()) {
      // On its own loop: a timer is not safe to touch from here. It holds on to the waiter until then.
      asio::post(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
    }
  }
}

int Gate::arrivals() const {
  const std::lock_guard lock(mutex_);
  return arrivals_;
}

}  // namespace mooring::test
