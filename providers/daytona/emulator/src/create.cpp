#include <mooring/emulation/strict.hpp>

#include "control.hpp"
#include "limits.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace mooring::daytona::emulator {

using emulation::Members;
using emulation::refused;
using emulation::Reply;

namespace {

constexpr std::int64_t anyNumber = std::numeric_limits<std::int32_t>::max();

bool lies(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

Result<void> checkMountPath(const std::string& path) {
  static constexpr std::array<std::string_view, 9> system = {
      "/proc", "/sys", "/dev", "/boot", "/etc", "/bin", "/sbin", "/lib", "/lib64"};
  const auto wrong = [&](const std::string& why) {
    return refused(400, "Invalid mount path " + path + ": " + why);
  };
  if (!path.starts_with('/')) return wrong("must be absolute");
  if (path == "/") return wrong("cannot be the root");
  if (path.find("//") != std::string::npos) return wrong("cannot hold //");
  const auto bounded = path + "/";
  if (bounded.find("/./") != std::string::npos || bounded.find("/../") != std::string::npos) {
    return wrong("cannot hold . or ..");
  }
  if (std::ranges::any_of(system, [&](std::string_view directory) { return lies(path, directory); })) {
    return wrong("cannot be in a system directory");
  }
  return {};
}

Result<void> checkName(const std::string& name) {
  for (const std::string_view bad : {"<", ">", "://", "www."}) {
    if (name.find(bad) != std::string::npos) return refused(400, "name must not hold HTML tags or addresses");
  }
  const bool control = std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (control) return refused(400, "name must not hold control characters");
  return {};
}

Result<void> readVolumes(Control& control, const Caller& caller, Members& members, SandboxFacts& facts) {
  const auto* volumes = members.optionalArray("volumes");
  if (volumes == nullptr) return {};
  for (const auto& value : *volumes) {
    Members wish(value.get_object(), "volumes.");
    const auto reference = wish.text("volumeId");
    Mount mount;
    mount.mountPath = wish.text("mountPath");
    if (wish.optionalText("subpath").value_or("") != "") {
      return refused(501, "volumes.subpath is not emulated: mount the whole volume");
    }
    if (auto done = wish.done(); !done) return done;
    if (auto checked = checkMountPath(mount.mountPath); !checked) return checked;
    auto volume = control.volumes.forMount(caller, reference);
    if (!volume) return std::unexpected(std::move(volume).error());
    mount.volumeId = (*volume)->id;
    facts.volumes.push_back(std::move(mount));
  }
  return {};
}

Result<void> readIntervals(Members& members, SandboxFacts& facts) {
  facts.autoStop = members.optionalInteger("autoStopInterval", 0, anyNumber).value_or(facts.autoStop);
  facts.autoArchive = members.optionalInteger("autoArchiveInterval", 0, anyNumber)
                          .value_or(facts.autoArchive);
  facts.autoDelete = members.optionalInteger("autoDeleteInterval", -anyNumber, anyNumber)
                         .value_or(facts.autoDelete);
  facts.autoPause = members.optionalInteger("autoPauseInterval", 0, anyNumber);
  const auto lifetime = members.optionalInteger("ttlMinutes", 0, anyNumber).value_or(0);
  if (facts.autoArchive == 0 || facts.autoArchive > longestArchive) facts.autoArchive = longestArchive;
  if (facts.autoDelete < 0) facts.autoDelete = -1;
  if (lifetime > 0) facts.autoDestroyAt = facts.createdAt + std::chrono::minutes(lifetime);
  if (facts.autoPause.value_or(0) != 0 && facts.isEphemeral()) {
    return refused(400, "Auto-pause is not supported for ephemeral sandboxes");
  }
  return {};
}

Result<void> readResources(Control& control, const Caller& caller, Members& members, SandboxFacts& facts) {
  const auto cpu = members.optionalInteger("cpu", 0, anyNumber).value_or(0);
  const auto memory = members.optionalInteger("memory", 0, anyNumber).value_or(0);
  const auto disk = members.optionalInteger("disk", 0, anyNumber).value_or(0);
  const auto gpu = members.optionalInteger("gpu", 0, 1).value_or(0);
  if (gpu > 0) return refused(400, "No available runners");
  if (facts.buildInfo.empty()) {
    if (cpu + memory + disk > 0)
      return refused(400, "Cannot specify Sandbox resources when using a snapshot");
  } else {
    const auto exceeds = [](const char* what, std::int64_t wished, std::int64_t most) {
      return refused(400,
                     std::string(what) + " request " + std::to_string(wished) +
                         " exceeds maximum allowed per sandbox (" + std::to_string(most) + ").");
    };
    if (cpu > largestCpu) return exceeds("CPU", cpu, largestCpu);
    if (memory > largestMemory) return exceeds("Memory", memory, largestMemory);
    if (disk > largestDisk) return exceeds("Disk", disk, largestDisk);
    if (cpu > 0) facts.cpu = cpu;
    if (memory > 0) facts.memory = memory;
    if (disk > 0) facts.disk = disk;
  }
  std::int64_t used = facts.cpu;
  for (const auto& other : control.world.all(caller))
    used += other->facts.state == State::started ? other->facts.cpu : 0;
  const auto quota = control.world.settings().quotaCpu;
  if (used > quota) {
    return refused(400, "Total CPU limit exceeded. Maximum allowed: " + std::to_string(quota) + ".");
  }
  return {};
}

Result<void> readOrigin(Control& control, const Caller& caller, Members& members, SandboxFacts& facts) {
  const auto snapshot = members.optionalText("snapshot");
  const auto* build = members.optionalObject("buildInfo");
  if (build != nullptr && snapshot) return refused(400, "Cannot specify both a snapshot and a build");
  if (build != nullptr) {
    facts.buildInfo = buildInfoOf(*build, facts.createdAt);
    return {};
  }
  auto found = control.snapshots.forCreation(caller, snapshot.value_or(control.snapshots.defaultName()));
  if (!found) return std::unexpected(std::move(found).error());
  facts.snapshot = (*found)->name;
  facts.cpu = (*found)->cpu;
  facts.memory = (*found)->memory;
  facts.disk = (*found)->disk;
  return {};
}

Result<SandboxFacts> factsFrom(Control& control, const Call& call) {
  Members members(call.body);
  SandboxFacts facts;
  facts.organizationId = call.caller.organizationId;
  facts.createdAt = control.world.now();
  facts.name = members.optionalText("name").value_or("");
  facts.user = members.optionalText("user").value_or(facts.user);
  facts.env = members.optionalTexts("env").value_or(facts.env);
  facts.labels = members.optionalTexts("labels").value_or(facts.labels);
  facts.isPublic = members.optionalFlag("public").value_or(false);
  facts.networkBlockAll = members.optionalFlag("networkBlockAll").value_or(false);
  facts.networkAllowList = members.optionalText("networkAllowList");
  facts.domainAllowList = members.optionalText("domainAllowList");
  const auto target = members.optionalText("target").value_or(facts.target);
  for (const auto* name : {"outboundProxyUrl", "otelEndpointOverride", "gpuType", "spot"})
    members.known(name);
  for (const auto* name : {"linkedSandbox", "secrets"}) {
    if (call.body.contains(name)) return refused(501, std::string(name) + " is not emulated");
  }
  if (auto checked = checkName(facts.name); !checked) return std::unexpected(std::move(checked).error());
  if (target != facts.target) return refused(404, "Region not found");
  if (auto read = readOrigin(control, call.caller, members, facts); !read) {
    return std::unexpected(std::move(read).error());
  }
  if (auto read = readIntervals(members, facts); !read) return std::unexpected(std::move(read).error());
  if (auto read = readResources(control, call.caller, members, facts); !read) {
    return std::unexpected(std::move(read).error());
  }
  if (auto read = readVolumes(control, call.caller, members, facts); !read) {
    return std::unexpected(std::move(read).error());
  }
  if (auto done = members.done(); !done) return std::unexpected(std::move(done).error());
  return facts;
}

Task<Reply> create(Control& control, Call call) {
  auto facts = factsFrom(control, call);
  if (!facts) co_return std::unexpected(std::move(facts).error());
  auto added = control.world.add(std::move(*facts));
  if (!added) co_return std::unexpected(std::move(added).error());
  const auto sandbox = *added;
  auto& world = control.world;
  sandbox->facts.state = State::creating;
  sandbox->changing = true;

  const bool build = !sandbox->facts.buildInfo.empty();
  const auto flaw = build ? buildFlaw(sandbox->facts.buildInfo) : std::string();
  if (!flaw.empty()) {
    sandbox->facts.errorReason = flaw;
    world.endChange(*sandbox, {}, State::buildFailed);
    world.pretend(*sandbox, {State::buildingSnapshot});
    co_return reply(control, *sandbox, State::pendingBuild);
  }
  auto booted = co_await world.boot(sandbox);
  if (!booted) {
    sandbox->facts.errorReason = booted.error().message;
    world.endChange(*sandbox, {}, State::error);
    co_return refused(400, "Sandbox failed to start: " + booted.error().message);
  }
  world.endChange(*sandbox, {State::creating}, State::started);
  if (build) world.pretend(*sandbox, {State::buildingSnapshot});
  if (build) co_return reply(control, *sandbox, State::pendingBuild);
  // What the cloud tells of a cold creation is the row as it was inserted, although it has started since.
  const bool warm = world.settings().warm && sandbox->facts.volumes.empty() && sandbox->facts.env.empty();
  co_return reply(control, *sandbox, warm ? State::started : State::creating);
}

}  // namespace

void addCreateRoutes(ControlRoutes& routes) { routes.on("POST", "/sandbox", create); }

}  // namespace mooring::daytona::emulator
