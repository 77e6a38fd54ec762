#include "settings.hpp"

#include <mooring/emulation/strict.hpp>

namespace mooring::daytona::emulator {

namespace {

constexpr std::int64_t anyNumber = 1'000'000'000;

}  // namespace

Result<Settings> Settings::read(const std::map<std::string, std::string>& values) {
  Settings settings;
  for (const auto& [name, text] : values) {
    if (name == "key") {
      settings.key = text;
      continue;
    }
    if (name == "daemon") {
      const auto release = parseEnum<Release>(text);
      if (!release)
        return failure(Errc::invalidArgument, "daemon is one of 0.190.0, 0.205.0; not \"" + text + "\"");
      settings.daemon = *release;
      continue;
    }
    if (name == "warm") {
      auto flag = emulation::parseFlag(name, text);
      if (!flag) return std::unexpected(std::move(flag).error());
      settings.warm = *flag;
      continue;
    }
    if (name != "looks" && name != "delayMs" && name != "volumeLooks" && name != "quotaCpu") {
      return failure(Errc::invalidArgument,
                     "the Daytona emulator has no setting \"" + name +
                         "\"; known are: key, warm, looks, delayMs, volumeLooks, quotaCpu, daemon");
    }
    auto number = emulation::parseInteger(name, text, 0, anyNumber);
    if (!number) return std::unexpected(std::move(number).error());
    if (name == "looks") settings.looks = static_cast<int>(*number);
    if (name == "delayMs") settings.delay = std::chrono::milliseconds(*number);
    if (name == "volumeLooks") settings.volumeLooks = static_cast<int>(*number);
    if (name == "quotaCpu") settings.quotaCpu = *number;
  }
  return settings;
}

}  // namespace mooring::daytona::emulator
