#include <mooring/http/policies/concurrency.hpp>
#include <mooring/http/url.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <list>
#include <map>

namespace asio = boost::asio;

namespace mooring::http {

namespace {

struct Waiter {
  explicit Waiter(const asio::any_io_executor& loop) : timer(loop) {}
  asio::steady_timer timer;
  bool admitted = false;
};

/// One host's places. A place that becomes free is handed to who waits longest, so that nobody overtakes.
struct Gate {
  int inUse = 0;
  std::list<Waiter*> queue;

  void leave() {
    if (queue.empty()) {
      --inUse;
      return;
    }
    auto* next = queue.front();
    queue.pop_front();
    next->admitted = true;
    next->timer.cancel();
  }
};

class Place {
 public:
  explicit Place(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { gate_->leave(); }

 private:
  std::shared_ptr<Gate> gate_;
};

/// In the queue, and out of it however the wait ends.
class Queued {
 public:
  Queued(std::shared_ptr<Gate> gate, Waiter& waiter) : gate_(std::move(gate)), waiter_(waiter) {
    gate_->queue.push_back(&waiter_);
  }
  Queued(const Queued&) = delete;
  Queued& operator=(const Queued&) = delete;
  ~Queued() { gate_->queue.remove(&waiter_); }

 private:
  std::shared_ptr<Gate> gate_;
  Waiter& waiter_;
};

class ConcurrencyLimit final : public Transport {
 public:
  ConcurrencyLimit(std::shared_ptr<Transport> next, ConcurrencyOptions options)
      : next_(std::move(next)), options_(options) {}

  Task<Response> send(Request request) override {
    auto url = parseUrl(request.target);
    if (!url) co_return std::unexpected(std::move(url).error());
    auto& slot = gates_[url->origin()];
    if (!slot) slot = std::make_shared<Gate>();
    auto gate = slot;
    if (gate->inUse < options_.perHost) {
      ++gate->inUse;
    } else {
      auto admitted = co_await wait(gate, request.deadline);
      if (!admitted) co_return std::unexpected(std::move(admitted).error());
    }
    const Place place(gate);
    co_return co_await next_->send(std::move(request));
  }

 private:
  static Task<void> wait(std::shared_ptr<Gate> gate,
                         std::optional<std::chrono::steady_clock::time_point> deadline) {
    const auto before = co_await asio::this_coro::cancellation_state;
    if (before.cancelled() != asio::cancellation_type::none)
      co_return failure(Errc::cancelled, "cancelled in the queue");
    Waiter waiter(co_await asio::this_coro::executor);
    waiter.timer.expires_at(deadline.value_or(std::chrono::steady_clock::time_point::max()));
    {
      const Queued queued(gate, waiter);
      co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    const bool cancelled = state.cancelled() != asio::cancellation_type::none;
    if (waiter.admitted && !cancelled) co_return Result<void>();
    if (waiter.admitted) gate->leave();  // Both at once: the place goes to the next.
    if (cancelled) co_return failure(Errc::cancelled, "cancelled in the queue; nothing was sent");
    co_return failure(Errc::deadlineExceeded,
                      "the deadline passed in the queue for the host; nothing was sent");
  }

  std::shared_ptr<Transport> next_;
  ConcurrencyOptions options_;
  std::map<std::string, std::shared_ptr<Gate>, std::less<>> gates_;
};

}  // namespace

std::shared_ptr<Transport> withConcurrencyLimit(std::shared_ptr<Transport> next, ConcurrencyOptions options) {
  return std::make_shared<ConcurrencyLimit>(std::move(next), options);
}

}  // namespace mooring::http
