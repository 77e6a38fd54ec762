#pragma once

/// What goes wrong between a provider and its cloud.

#include <mooring/emulation/faults.hpp>

#include <optional>
#include <string>
#include <vector>

namespace mooring::test {

/// What a trouble leaves of the one request that it strikes.
enum class Harm {
  none,      ///< It is done later, or not and that is said: every call ends well.
  doubt,     ///< It may have had its effect.
  garbled,   ///< It has, and the answer cannot be read.
  rebooted,  ///< The sandbox's processes ended before it; it goes on by itself, with its files.
  asleep,    ///< The sandbox was stopped before it; its files are kept.
  lost,      ///< The sandbox was gone before it, with its files.
};

struct Trouble {
  std::string name = {};
  Harm harm = Harm::none;
  emulation::Fault fault = {};
};

emulation::Fault acting(emulation::FaultAction action);
/// Nothing happens; without a body the emulator's own error tells so.
emulation::Fault answering(int status, std::optional<std::string> body = std::nullopt);
/// The sandbox concerned is put into `state` behind our back.
emulation::Fault disturbing(std::string state);

/// The troubles of every wire.
std::vector<Trouble> wireTroubles();

}  // namespace mooring::test
