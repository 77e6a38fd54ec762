#include <mooring/http/engine.hpp>

#include "curl/multi.hpp"
#include "curl/transfer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;

namespace mooring::http {

namespace detail {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

asio::awaitable<bool> cancelledHere() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

/// Reads the body's source as libcurl asks for it. On its own, because a reply may arrive while a source
/// waits.
asio::awaitable<void> pump(std::shared_ptr<Transfer> transfer, std::shared_ptr<ByteSource> source) {
  co_await asio::this_coro::throw_if_cancelled(false);
  std::vector<std::byte> buffer(std::max<std::size_t>(transfer->request.buffer, 1024));
  while (!transfer->over() && !transfer->failed() && !co_await cancelledHere()) {
    if (!transfer->wantsOutput()) {
      transfer->drained.expires_at(std::chrono::steady_clock::time_point::max());
      co_await transfer->drained.async_wait(quietly);
      continue;
    }
    transfer->sourceBusy = true;
    auto count = co_await source->read(buffer);
    transfer->sourceBusy = false;
    if (transfer->over() || co_await cancelledHere()) break;
    if (!count) {
      transfer->failOutput(std::move(count).error());
      break;
    }
    if (*count == 0) {
      transfer->endOutput();
      break;
    }
    transfer->giveOutput(std::span(buffer).first(*count));
    transfer->wake.cancel();  // The limits count from here again.
  }
}

/// The pump of one transfer, stopped and awaited before the transfer's end is reported.
class Pump {
 public:
  explicit Pump(std::shared_ptr<Transfer> transfer) : transfer_(std::move(transfer)) {}
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  void start(std::shared_ptr<ByteSource> source) {
    transfer_->pumpEnded = false;
    asio::co_spawn(
        transfer_->wake.get_executor(),
        pump(transfer_, std::move(source)),
        asio::bind_cancellation_slot(
            stop_->slot(), [transfer = transfer_, stop = stop_](std::exception_ptr thrown) {
              if (thrown && !transfer->failed()) {
                transfer->failOutput(makeError(Errc::internal, "the body's source threw an exception"));
              }
              transfer->pumpEnded = true;
              transfer->wake.cancel();
            }));
  }

  /// Returns when the source is no longer used.
  asio::awaitable<void> end() {
    if (!transfer_->pumpEnded) stop_->emit(asio::cancellation_type::terminal);
    transfer_->drained.cancel();
    while (!transfer_->pumpEnded) {
      transfer_->wake.expires_at(std::chrono::steady_clock::time_point::max());
      co_await transfer_->wake.async_wait(quietly);
    }
  }

 private:
  std::shared_ptr<Transfer> transfer_;
  // Shared with the completion handler: the pump may outlive a caller that was destroyed while suspended.
  std::shared_ptr<asio::cancellation_signal> stop_ = std::make_shared<asio::cancellation_signal>();
};

/// Until the reply is complete: hands what arrived to the sink, and waits for more or for a limit.
Task<Response> exchange(std::shared_ptr<Transfer> transfer) {
  std::string chunk;
  for (;;) {
    if (transfer->hasInput()) {
      chunk.clear();
      transfer->takeInput(chunk);
      auto written = co_await transfer->sink()->write(asBytes(chunk));
      if (!written) co_return std::unexpected(std::move(written).error());
      if (co_await cancelledHere()) co_return std::unexpected(transfer->interruptedBy(Limit::none, {}, true));
      continue;
    }
    if (transfer->over() || transfer->failed()) co_return transfer->finish();
    const auto expiry = transfer->expiry();
    if (expiry.at <= std::chrono::steady_clock::now()) {
      co_return std::unexpected(transfer->interruptedBy(expiry.limit, expiry.span, false));
    }
    transfer->wake.expires_at(expiry.at);
    co_await transfer->wake.async_wait(quietly);
    if (co_await cancelledHere()) co_return std::unexpected(transfer->interruptedBy(Limit::none, {}, true));
  }
}

Task<Response> perform(std::shared_ptr<Multi> multi, Request request) {
  auto url = parseUrl(request.target);
  if (!url) co_return std::unexpected(std::move(url).error());
  if (url->scheme != "http" && url->scheme != "https") {
    co_return failure(Errc::invalidArgument,
                      "an HTTP request needs an http or https address, not " + url->scheme);
  }
  if (co_await cancelledHere()) co_return failure(Errc::cancelled, "cancelled before anything was sent");
  if (request.deadline && *request.deadline <= std::chrono::steady_clock::now()) {
    co_return failure(Errc::deadlineExceeded, "the deadline had passed before anything was sent");
  }
  auto transfer = std::make_shared<Transfer>(std::move(multi), std::move(request), std::move(*url));
  std::shared_ptr<ByteSource> source;
  if (transfer->request.body.isStream()) {
    auto opened = transfer->request.body.open();
    if (!opened) co_return std::unexpected(std::move(opened).error());
    source = std::move(*opened);
    transfer->announce(source->size());
  }
  if (auto started = transfer->start(); !started) co_return std::unexpected(std::move(started).error());
  Pump feeding(transfer);
  if (source) feeding.start(std::move(source));
  auto outcome = co_await exchange(transfer);
  transfer->close();
  co_await feeding.end();
  co_return outcome;
}

class CurlEngine final : public Transport {
 public:
  explicit CurlEngine(std::shared_ptr<Multi> multi) : multi_(std::move(multi)) {}
  CurlEngine(const CurlEngine&) = delete;
  CurlEngine& operator=(const CurlEngine&) = delete;

  ~CurlEngine() override {
    // libcurl may be busy on the loop's thread just now; only there can it be taken apart.
    auto loop = multi_->loop();
    asio::post(loop, [multi = std::move(multi_)]() mutable { multi.reset(); });
  }

  Task<Response> send(Request request) override { return perform(multi_, std::move(request)); }

 private:
  std::shared_ptr<Multi> multi_;
};

}  // namespace
}  // namespace detail

Result<std::shared_ptr<Transport>> makeEngine(boost::asio::any_io_executor loop, EngineOptions options) {
  auto multi = std::make_shared<detail::Multi>(std::move(loop), std::move(options));
  if (auto opened = multi->open(); !opened) return std::unexpected(std::move(opened).error());
  return std::make_shared<detail::CurlEngine>(std::move(multi));
}

}  // namespace mooring::http
