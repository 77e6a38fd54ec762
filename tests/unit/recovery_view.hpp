#pragma once

/// Views for plan(), and its steps as text.

#include <mooring/recovery.hpp>

#include <string>
#include <utility>
#include <vector>

namespace mooring::test {

inline constexpr Timestamp noon{std::chrono::hours(500'000)};

inline std::string text(const RecoveryStep& step) {
  return std::string(toString(step.action)) + " " + step.provisionKey + (step.debt != 0 ? " debt" : "");
}

inline std::vector<std::string> texts(const std::vector<RecoveryStep>& steps) {
  std::vector<std::string> out;
  out.reserve(steps.size());
  for (const auto& step : steps)
    out.push_back(text(step));
  return out;
}

enum class Lease { none, valid, expired };

struct RecordOf {
  SandboxStatus status = SandboxStatus::active;
  RecreatePolicy policy = RecreatePolicy::onDemand;
  bool setup = false;
  Lease lease = Lease::none;
  std::string external = {};
};

inline std::string keyOf(const std::string& id, int generation) {
  return "key-" + id + "-" + std::to_string(generation);
}

inline SandboxRecord recordOf(const std::string& id, const RecordOf& what) {
  SandboxRecord record;
  record.sandboxId = SandboxId(id);
  record.provider = "acme";
  record.generation = 2;
  record.provisionKey = keyOf(id, 2);
  record.externalSandboxId = ExternalSandboxId(what.external);
  record.status = what.status;
  record.version = 7;
  record.config.recreate = what.policy;
  if (what.setup) record.config.setup.emplace_back(SetupCommand{.program = "true"});
  if (what.lease != Lease::none) {
    record.leaseOwner = "somebody";
    record.leaseExpiresAt = what.lease == Lease::valid ? noon + std::chrono::seconds(1) : noon;
  }
  return record;
}

inline Sighting seen(const std::string& key, Presence presence, bool usable = true) {
  return Sighting{
      .provider = "acme",
      .provisionKey = key,
      .externalSandboxId = ExternalSandboxId(presence == Presence::present ? "ext-" + key : ""),
      .presence = presence,
      .usable = usable,
  };
}

inline Debt debtOf(const std::string& id, const std::string& key, DebtKind kind) {
  return Debt{.seq = 5, .sandboxId = SandboxId(id), .kind = kind, .provider = "acme", .provisionKey = key};
}

inline RecoveryView viewOf(std::vector<SandboxRecord> records) {
  RecoveryView view;
  view.now = noon;
  view.records = std::move(records);
  return view;
}

}  // namespace mooring::test
