#include "knobs.hpp"

#include <mooring/emulation/strict.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace mooring::sprites::emulated {

namespace {

constexpr std::int64_t longestWait = 86'400'000;
constexpr std::int64_t anyCount = 1 << 30;

struct Span {
  std::string_view name;
  std::chrono::milliseconds Knobs::* knob;
};

constexpr std::array spans = {
    Span{"idleMs", &Knobs::idle},
    Span{"chillMs", &Knobs::chill},
    Span{"createMs", &Knobs::create},
    Span{"wakeMs", &Knobs::wake},
    Span{"restoreMs", &Knobs::restore},
    Span{"lingerMs", &Knobs::linger},
    Span{"attachDelayMs", &Knobs::attachDelay},
    Span{"framePauseMs", &Knobs::framePause},
    Span{"lookMs", &Knobs::look},
    Span{"heartbeatMs", &Knobs::heartbeat},
};

struct Count {
  std::string_view name;
  std::int64_t Knobs::* knob;
};

constexpr std::array counts = {
    Count{"replayBytes", &Knobs::replayBytes},
    Count{"longestTarget", &Knobs::longestTarget},
    Count{"conflictStatus", &Knobs::conflictStatus},
    Count{"hiddenLooks", &Knobs::hiddenLooks},
    Count{"teardownCreates", &Knobs::teardownCreates},
    Count{"mostActive", &Knobs::mostActive},
    Count{"webPort", &Knobs::webPort},
};

struct Choice {
  std::string_view name;
  bool Knobs::* knob;
  std::string_view yes;
  std::string_view no;
};

constexpr std::array choices = {
    Choice{"fileErrorCodes", &Knobs::tellsFileCodes, "told", "missing"},
    Choice{"silentUrl", &Knobs::urlHangs, "hangs", "refuses"},
};

std::string knownNames() {
  std::string all = "token, organization";
  const auto add = [&all](const auto& table) {
    for (const auto& entry : table)
      all += ", " + std::string(entry.name);
  };
  add(spans);
  add(counts);
  add(choices);
  return all;
}

Result<void> wrong(const std::string& name, const std::string& what) {
  return failure(Errc::invalidArgument, "the sprites emulator's setting " + name + " " + what);
}

Result<std::int64_t> numberFrom(const std::string& name, const std::string& text, std::int64_t most) {
  auto number = emulation::parseInteger("setting " + name, text, 0, most);
  if (!number) return failure(Errc::invalidArgument, number.error().message);
  return number;
}

Result<void> set(Knobs& knobs, const std::string& name, const std::string& value) {
  if (name == "token") return knobs.token = value, Result<void>();
  if (name == "organization") return knobs.organization = value, Result<void>();
  if (const auto span = std::ranges::find(spans, name, &Span::name); span != spans.end()) {
    const auto number = numberFrom(name, value, longestWait);
    if (!number) return std::unexpected(number.error());
    knobs.*(span->knob) = std::chrono::milliseconds(*number);
    return {};
  }
  if (const auto count = std::ranges::find(counts, name, &Count::name); count != counts.end()) {
    const auto number = numberFrom(name, value, anyCount);
    if (!number) return std::unexpected(number.error());
    knobs.*(count->knob) = *number;
    return {};
  }
  if (const auto choice = std::ranges::find(choices, name, &Choice::name); choice != choices.end()) {
    if (value != choice->yes && value != choice->no)
      return wrong(name, "must be " + std::string(choice->yes) + " or " + std::string(choice->no));
    knobs.*(choice->knob) = value == choice->yes;
    return {};
  }
  return wrong(name, "is unknown; known are: " + knownNames());
}

}  // namespace

Result<Knobs> parseKnobs(const std::map<std::string, std::string>& settings) {
  Knobs knobs;
  for (const auto& [name, value] : settings) {
    if (auto done = set(knobs, name, value); !done) return std::unexpected(std::move(done).error());
  }
  if (knobs.conflictStatus != 409 && knobs.conflictStatus != 400) {
    if (auto done = wrong("conflictStatus", "must be 409 or 400"); !done)
      return std::unexpected(std::move(done).error());
  }
  return knobs;
}

}  // namespace mooring::sprites::emulated
