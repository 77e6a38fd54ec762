#include <mooring/detail/engine.hpp>

#include "thrown.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <exception>
#include <thread>

namespace asio = boost::asio;

namespace mooring::detail {

class Engine {
 public:
  Engine()
      : work(asio::make_work_guard(loop)),
        storeThread(1),
        blockingThreads(2),
        thread([this] { loop.run(); }) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  ~Engine() {
    loop.stop();
    thread.join();
    storeThread.join();  // A commit that has begun is finished: its caller is gone, its promise is not.
    blockingThreads.join();
  }

  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::thread_pool storeThread;
  asio::thread_pool blockingThreads;
  std::thread thread;
};

std::shared_ptr<Engine> makeEngine() {
  return {new Engine, [](Engine* engine) {
            if (!onLoopThread(*engine)) {
              delete engine;
              return;
            }
            std::thread([engine] { delete engine; }).detach();  // A thread cannot join itself.
          }};
}

bool onLoopThread(const Engine& engine) { return engine.thread.get_id() == std::this_thread::get_id(); }
asio::any_io_executor loopOf(Engine& engine) { return engine.loop.get_executor(); }
asio::any_io_executor storeThreadOf(Engine& engine) { return engine.storeThread.get_executor(); }
asio::any_io_executor blockingThreadsOf(Engine& engine) { return engine.blockingThreads.get_executor(); }

namespace {

/// One running operation: its limits, and the signal by which they reach the work. Lives on the loop; only
/// `cancel` and the stop callback come from other threads, and they post.
class Control : public Canceller, public std::enable_shared_from_this<Control> {
 public:
  explicit Control(asio::any_io_executor loop) : loop_(std::move(loop)), timer_(loop_) {}

  void cancel() override { interrupt(makeError(Errc::cancelled, "the caller cancelled it")); }

  void arm(std::optional<std::chrono::steady_clock::time_point> deadline, const std::stop_token& stopToken) {
    if (deadline) {
      timer_.expires_at(*deadline);
      timer_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
        auto self = weak.lock();
        if (!ec && self) self->emit(makeError(Errc::deadlineExceeded, "the call's deadline passed"));
      });
    }
    if (stopToken.stop_possible()) {
      stop_.emplace(stopToken, Stop{weak_from_this()});
    }
  }

  void disarm() {
    ended_ = true;
    timer_.cancel();
    stop_.reset();
  }

  const asio::any_io_executor& executor() const { return loop_; }
  asio::cancellation_slot slot() { return signal_.slot(); }
  std::optional<Error> takeLimit() { return std::exchange(limit_, std::nullopt); }

 private:
  struct Stop {
    std::weak_ptr<Control> control;
    void operator()() const {
      if (auto self = control.lock())
        self->interrupt(makeError(Errc::cancelled, "the caller's stop token fired"));
    }
  };

  void interrupt(Error reason) {
    asio::post(loop_, [weak = weak_from_this(), reason = std::move(reason)]() mutable {
      if (auto self = weak.lock()) self->emit(std::move(reason));
    });
  }

  void emit(Error reason) {
    if (ended_ || limit_) return;
    limit_ = std::move(reason);
    signal_.emit(asio::cancellation_type::terminal);
  }

  asio::any_io_executor loop_;
  asio::steady_timer timer_;
  asio::cancellation_signal signal_;
  std::optional<Error> limit_;
  std::optional<std::stop_callback<Stop>> stop_;
  bool ended_ = false;
};

asio::awaitable<void> underControl(std::move_only_function<asio::awaitable<void>()> body) {
  // Cancelling interrupts the wait that is on, whose error is a value; it never unwinds a half-done change.
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await body();
}

}  // namespace

std::shared_ptr<Canceller> launchErased(Engine& engine,
                                        std::optional<std::chrono::steady_clock::time_point> deadline,
                                        std::stop_token stopToken,
                                        std::move_only_function<asio::awaitable<void>()> body,
                                        std::move_only_function<void(std::optional<Error>)> done) {
  auto control = std::make_shared<Control>(loopOf(engine));
  asio::post(loopOf(engine),
             [control,
              deadline,
              stopToken = std::move(stopToken),
              body = std::move(body),
              done = std::move(done)]() mutable {
               auto finished = [control, done = std::move(done)](std::exception_ptr thrown) mutable {
                 control->disarm();
                 auto limit = control->takeLimit();
                 if (thrown && !limit) limit = errorOf(thrown);
                 done(std::move(limit));
               };
               asio::co_spawn(control->executor(),
                              underControl(std::move(body)),
                              asio::bind_cancellation_slot(control->slot(), std::move(finished)));
               control->arm(deadline, stopToken);
             });
  return control;
}

}  // namespace mooring::detail
