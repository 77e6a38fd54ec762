// A run's output on its way to whoever watches: each byte once, whatever is sent again.
#pragma once

#include <mooring/provider.hpp>

#include "run/reply.hpp"
#include "run/script.hpp"

#include <string>
#include <string_view>

namespace mooring::daytona {

/// Lifetime: the observer outlives it. Threads: the loop.
class Output {
 public:
  Output(RunObserver& observer, std::string mark) : observer_(&observer), mark_(std::move(mark)) {}

  /// For one attempt at getting an answer from position() on.
  AnswerEvents attempt();
  /// The answer of the last attempt was complete: its pieces need not be kept any longer.
  void settle(const Answer& answer);

  [[nodiscard]] const Position& position() const { return position_; }
  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] bool complete() const { return out_.closed && err_.closed; }
  /// Bytes of the pieces that the sandbox still holds.
  [[nodiscard]] std::uint64_t kept() const { return out_.kept + err_.kept; }

 private:
  struct Flow {
    std::uint64_t passed = 0;  ///< Of the pieces from position() on.
    std::uint64_t seen = 0;    ///< The same, in this attempt.
    std::uint64_t kept = 0;
    std::string held = {};  ///< What may be the beginning of the mark.
    bool closed = false;    ///< The mark, or the end, has been seen.
  };

  void onState(const Answer& answer);
  void onBytes(Stream stream, std::string_view bytes);
  void pass(Stream stream, Flow& flow, std::string_view bytes);
  void settle(Stream stream, Flow& flow, const Pieces& pieces);

  RunObserver* observer_;
  std::string mark_;
  Position position_;
  Flow out_;
  Flow err_;
  bool started_ = false;
  bool ended_ = false;  ///< From now on the mark may come.
};

}  // namespace mooring::daytona
