#pragma once

/// Running coroutines from a test.

#include <mooring/operation.hpp>
#include <mooring/registry.hpp>

#include <memory>
#include <utility>

namespace mooring::test {

/// The loop on which `run` runs when the test has none of its own; one for the whole process.
const std::shared_ptr<detail::Engine>& engine();

/// Runs `task` on `loop` and blocks until it has ended.
template <class T>
Result<T> run(const std::shared_ptr<detail::Engine>& loop, Task<T> task, CallOptions call = CallOptions()) {
  Operation<T> operation(
      loop, std::move(call), [task = std::move(task)]() mutable { return std::move(task); });
  return operation.get();
}

template <class T>
Result<T> run(Task<T> task, CallOptions call = CallOptions()) {
  return run(engine(), std::move(task), std::move(call));
}

/// What a provider needs to live on `loop`, with the system's clock, ids and randomness.
ProviderContext contextOn(const std::shared_ptr<detail::Engine>& loop, Settings settings = Settings());

}  // namespace mooring::test
