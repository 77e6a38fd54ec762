// What `mooring emulate daytona --set name=value` sets; see mooring/daytona/emulator.hpp.
#pragma once

#include <mooring/error.hpp>

#include "toolbox/release.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace mooring::daytona::emulator {

struct Settings {
  std::string key = {};
  bool warm = false;
  int looks = 0;
  std::chrono::milliseconds delay = {};
  int volumeLooks = 0;
  std::int64_t quotaCpu = 1000;
  Release daemon = Release::v205;

  /// Errors: invalidArgument naming the setting.
  static Result<Settings> read(const std::map<std::string, std::string>& values);
};

}  // namespace mooring::daytona::emulator
