// Behind the native handle.
#pragma once

#include <mooring/daytona/native.hpp>
#include <mooring/http/json.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"

#include <boost/asio/co_spawn.hpp>

#include <any>
#include <exception>
#include <memory>
#include <utility>

namespace mooring::daytona {

struct NativeParts {
  AccountPtr account = {};
  Instance instance = {};
};

std::any nativeFor(AccountPtr account, const Instance& instance);

void read(http::Fields& in, GitFile& out);
void read(http::Fields& in, GitStatus& out);

/// Runs `task` on mooring's loop. The future is kept in any case.
template <class T>
std::future<Result<T>> inBackground(const NativeParts& parts, Task<T> task) {
  auto promise = std::make_shared<mooring::detail::Fulfilled<T>>();
  auto future = promise->future();
  boost::asio::co_spawn(parts.account->context.loop,
                        std::move(task),
                        [promise](const std::exception_ptr& thrown, Result<T> result) {
                          if (thrown) result = failure(Errc::internal, "a native call threw an exception");
                          promise->set(std::move(result));
                        });
  return future;
}

}  // namespace mooring::daytona
