// When a sprite falls asleep. No clock of its own: it is told the time.
#pragma once

#include <mooring/detail/enum_text.hpp>
#include <mooring/sources.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

namespace mooring::sprites::emulated {

enum class Status {
  cold,  ///< Only its disk is there.
  warm,  ///< Its processes are frozen.
  running,
};

/// Running until nobody has held it for `idle`, then warm for `chill`, then cold. A span of zero never ends.
class Sleep {
 public:
  Sleep(std::chrono::milliseconds idle, std::chrono::milliseconds chill) : idle_(idle), chill_(chill) {}

  [[nodiscard]] Status status() const { return status_; }
  [[nodiscard]] bool held() const { return holders_ > 0; }

  /// Somebody uses it, from now until the release.
  void hold() { ++holders_; }
  void release(Timestamp now) {
    --holders_;
    if (status_ == Status::running) since_ = now;
  }
  /// It is in that state from `now` on.
  void become(Status status, Timestamp now) {
    status_ = status;
    since_ = now;
  }

  /// When it changes by itself; nothing: not before somebody does something.
  [[nodiscard]] std::optional<Timestamp> due() const {
    const auto span = status_ == Status::running ? idle_ : chill_;
    const bool stays = status_ == Status::cold || (status_ == Status::running && held());
    if (stays || span.count() == 0) return std::nullopt;
    return since_ + span;
  }
  /// What it becomes at `now`, if that is due.
  [[nodiscard]] std::optional<Status> next(Timestamp now) const {
    const auto when = due();
    if (!when || now < *when) return std::nullopt;
    return status_ == Status::running ? Status::warm : Status::cold;
  }

 private:
  std::chrono::milliseconds idle_;
  std::chrono::milliseconds chill_;
  Status status_ = Status::cold;
  int holders_ = 0;
  Timestamp since_ = {};
};

}  // namespace mooring::sprites::emulated

template <>
struct mooring::detail::EnumText<mooring::sprites::emulated::Status> {
  using Status = mooring::sprites::emulated::Status;
  static constexpr std::array entries{
      std::pair{Status::cold, std::string_view("cold")},
      std::pair{Status::warm, std::string_view("warm")},
      std::pair{Status::running, std::string_view("running")},
  };
};
