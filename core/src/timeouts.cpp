#include "timeouts.hpp"

namespace mooring::detail {

std::optional<NextTimeout> nextTimeout(const Timeouts& timeouts, const RunProgress& progress) {
  std::optional<NextTimeout> first;
  const auto consider = [&first](TimeoutKind kind,
                                 std::chrono::milliseconds limit,
                                 std::optional<std::chrono::steady_clock::time_point> from) {
    if (limit.count() <= 0 || !from) return;
    const NextTimeout candidate{kind, *from + limit};
    if (!first || candidate.at < first->at) first = candidate;
  };
  if (!progress.started) consider(TimeoutKind::connect, timeouts.connect, progress.asked);
  if (!progress.lastByte) consider(TimeoutKind::firstByte, timeouts.firstByte, progress.started);
  consider(TimeoutKind::silence, timeouts.silence, progress.lastByte);
  consider(TimeoutKind::total, timeouts.total, progress.started);
  return first;
}

}  // namespace mooring::detail
