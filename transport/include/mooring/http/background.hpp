/// Work for callers that are not on the loop.
#pragma once

#include <mooring/operation.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <future>
#include <memory>
#include <utility>

namespace mooring::http {

/// Runs `task` on `loop`. The future is kept in any case.
template <class T>
std::future<Result<T>> inBackground(const boost::asio::any_io_executor& loop, Task<T> task) {
  auto promise = std::make_shared<mooring::detail::Fulfilled<T>>();
  auto future = promise->future();
  boost::asio::co_spawn(loop, std::move(task), [promise](const std::exception_ptr& thrown, Result<T> result) {
    if (thrown) result = failure(Errc::internal, "a native call threw an exception");
    promise->set(std::move(result));
  });
  return future;
}

}  // namespace mooring::http
