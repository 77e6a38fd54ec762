// Behind the native handle.
#pragma once

#include <mooring/daytona/native.hpp>
#include <mooring/http/background.hpp>
#include <mooring/http/json.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"

#include <any>
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
  return http::inBackground(parts.account->context.loop, std::move(task));
}

}  // namespace mooring::daytona
