/// Doing what blocks (databases, files) off the loop, from a coroutine on it.
#pragma once

#include <mooring/operation.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace mooring {

namespace detail {
/// Calls `work`; what it throws becomes an Error. Nothing below mooring is allowed to unwind through a
/// coroutine.
template <class Work>
auto callCaught(Work& work) -> std::invoke_result_t<Work&> {
  try {
    return work();
  } catch (const std::exception& e) {
    return failure(Errc::internal, std::string("unexpected exception: ") + e.what());
  }
}
}  // namespace detail

/// Calls `work`, which returns a Result, on `threads`, and goes on on the caller's own executor with what it
/// returned. Not cancellable: what has begun is finished.
template <class Work>
auto runBlocking(boost::asio::any_io_executor threads, Work work)
    -> boost::asio::awaitable<std::invoke_result_t<Work&>> {
  namespace asio = boost::asio;
  using Outcome = std::invoke_result_t<Work&>;
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Outcome)>(
      [](auto handler, asio::any_io_executor pool, Work job) {
        auto home = asio::prefer(asio::get_associated_executor(handler),
                                 asio::execution::outstanding_work.tracked);
        asio::post(
            pool, [handler = std::move(handler), home = std::move(home), job = std::move(job)]() mutable {
              auto outcome = detail::callCaught(job);
              asio::dispatch(home, [handler = std::move(handler), outcome = std::move(outcome)]() mutable {
                std::move(handler)(std::move(outcome));
              });
            });
      },
      asio::use_awaitable,
      std::move(threads),
      std::move(work));
}

}  // namespace mooring
