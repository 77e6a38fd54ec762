#include "emulators.hpp"

namespace mooring::cli {

Result<emulation::EmulatorFactory> emulatorOf(const std::string& provider) {
  std::string known;
  for (const auto& [name, factory] : builtinEmulators()) {
    if (name == provider) return factory;
    known += (known.empty() ? "" : ", ") + name;
  }
  return failure(Errc::invalidArgument, "there is no emulator of \"" + provider + "\"; known are: " + known);
}

}  // namespace mooring::cli
