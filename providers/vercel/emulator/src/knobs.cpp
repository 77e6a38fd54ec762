#include "knobs.hpp"

#include <mooring/emulation/strict.hpp>

namespace mooring::vercel::emulated {

namespace {

constexpr std::int64_t longestWait = 3'600'000;
constexpr std::int64_t longestPiece = 1 << 20;

Result<void> wrong(const std::string& name, const std::string& what) {
  return failure(Errc::invalidArgument, "the vercel emulator's setting " + name + " " + what);
}

Result<std::int64_t> numberFrom(const std::string& name,
                                const std::string& text,
                                std::int64_t least,
                                std::int64_t most) {
  auto number = emulation::parseInteger("setting " + name, text, least, most);
  if (!number) return failure(Errc::invalidArgument, number.error().message);
  return number;
}

Result<void> set(Knobs& knobs, const std::string& name, const std::string& value) {
  const auto milliseconds = [&](std::chrono::milliseconds& knob) -> Result<void> {
    const auto number = numberFrom(name, value, 0, longestWait);
    if (!number) return std::unexpected(number.error());
    knob = std::chrono::milliseconds(*number);
    return {};
  };
  if (name == "token") return knobs.token = value, Result<void>();
  if (name == "project") return knobs.project = value, Result<void>();
  if (name == "streamLimitMs") return milliseconds(knobs.streamLimit);
  if (name == "createMs") return milliseconds(knobs.createTime);
  if (name == "stopMs") return milliseconds(knobs.stopTime);
  if (name == "plan") {
    const auto plan = findPlan(value);
    if (!plan) return wrong(name, "must be hobby, pro or enterprise");
    knobs.plan = *plan;
    return {};
  }
  if (name == "logPieceBytes") {
    const auto number = numberFrom(name, value, 1, longestPiece);
    if (!number) return std::unexpected(number.error());
    knobs.logPiece = static_cast<std::size_t>(*number);
    return {};
  }
  if (name == "missingSnapshotStatus") {
    if (value != "400" && value != "410") return wrong(name, "must be 400 or 410");
    knobs.missingSnapshotStatus = value == "400" ? 400 : 410;
    return {};
  }
  if (name == "rateLimits") {
    if (value != "enforced" && value != "shown") return wrong(name, "must be enforced or shown");
    knobs.limitsRates = value == "enforced";
    return {};
  }
  return wrong(name,
               "is unknown; known are: token, project, plan, streamLimitMs, createMs, stopMs, logPieceBytes, "
               "missingSnapshotStatus, rateLimits");
}

}  // namespace

Result<Knobs> parseKnobs(const std::map<std::string, std::string>& settings) {
  Knobs knobs;
  for (const auto& [name, value] : settings) {
    if (auto done = set(knobs, name, value); !done) return std::unexpected(std::move(done).error());
  }
  return knobs;
}

}  // namespace mooring::vercel::emulated
