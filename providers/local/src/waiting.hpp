// Waits of coroutines: each is cancellable, and says so with Errc::cancelled.
#pragma once

#include <mooring/operation.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>

namespace mooring::local {

/// Whether the calling coroutine was cancelled; a cancellation during runBlocking() is seen only here.
boost::asio::awaitable<bool> wasCancelled();

Task<void> sleepFor(std::chrono::milliseconds duration);

enum class Readiness { read, write };

/// Until `descriptor` can be read or written. `patience` zero: however long it takes. Errors: cancelled;
/// unavailable (patience ran out).
Task<void> awaitReady(boost::asio::posix::stream_descriptor& descriptor,
                      Readiness what,
                      std::chrono::milliseconds patience = std::chrono::milliseconds(0));

enum class Which { first, second };

/// Until one of two can be read. Errors: cancelled.
Task<Which> awaitEither(boost::asio::posix::stream_descriptor& first,
                        boost::asio::posix::stream_descriptor& second);

}  // namespace mooring::local
