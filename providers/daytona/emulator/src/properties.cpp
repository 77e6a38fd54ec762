// What can be changed of a sandbox while it is.
#include <mooring/emulation/strict.hpp>

#include "control.hpp"
#include "limits.hpp"

#include <limits>

namespace mooring::daytona::emulator {

using emulation::Members;
using emulation::refused;
using emulation::Reply;

namespace {

constexpr std::int64_t anyNumber = std::numeric_limits<std::int32_t>::max();

Task<Reply> replaceLabels(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  Members members(call.body);
  auto labels = members.optionalTexts("labels");
  if (auto done = members.done(); !done) co_return std::unexpected(std::move(done).error());
  control.world.noteChange(**sandbox);
  (*sandbox)->facts.labels = std::move(*labels);
  co_return reply(control, **sandbox);
}

Task<Reply> setPublic(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  auto flag = emulation::parseFlag("isPublic", call.request().param("isPublic"));
  if (!flag) co_return std::unexpected(std::move(flag).error());
  control.world.noteChange(**sandbox);
  (*sandbox)->facts.isPublic = *flag;
  auto changed = reply(control, **sandbox);
  changed.status = 201;
  co_return changed;
}

/// The number in the path, put into the sandbox by `put`.
Task<Reply> setMinutes(Control& control,
                       Call call,
                       std::string name,
                       std::int64_t least,
                       void (*put)(SandboxFacts&, std::int64_t, Timestamp)) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  auto minutes = emulation::parseInteger(name, call.request().param(name), least, anyNumber);
  if (!minutes) co_return std::unexpected(std::move(minutes).error());
  control.world.noteChange(**sandbox);
  put((*sandbox)->facts, *minutes, control.world.now());
  auto changed = reply(control, **sandbox);
  changed.status = 201;
  co_return changed;
}

Task<Reply> setAutoStop(Control& control, Call call) {
  return setMinutes(
      control, std::move(call), "interval", 0, [](SandboxFacts& facts, std::int64_t minutes, Timestamp) {
        facts.autoStop = minutes;
      });
}

Task<Reply> setAutoPause(Control& control, Call call) {
  return setMinutes(
      control, std::move(call), "interval", 0, [](SandboxFacts& facts, std::int64_t minutes, Timestamp) {
        facts.autoPause = minutes;
      });
}

Task<Reply> setAutoArchive(Control& control, Call call) {
  return setMinutes(
      control, std::move(call), "interval", 0, [](SandboxFacts& facts, std::int64_t minutes, Timestamp) {
        facts.autoArchive = minutes == 0 || minutes > longestArchive ? longestArchive : minutes;
      });
}

Task<Reply> setAutoDelete(Control& control, Call call) {
  return setMinutes(control,
                    std::move(call),
                    "interval",
                    -anyNumber,
                    [](SandboxFacts& facts, std::int64_t minutes, Timestamp) {
                      facts.autoDelete = minutes < 0 ? -1 : minutes;
                    });
}

Task<Reply> setLifetime(Control& control, Call call) {
  return setMinutes(control,
                    std::move(call),
                    "ttlMinutes",
                    0,
                    [](SandboxFacts& facts, std::int64_t minutes, Timestamp now) {
                      facts.autoDestroyAt.reset();
                      if (minutes > 0) facts.autoDestroyAt = now + std::chrono::minutes(minutes);
                    });
}

Task<Reply> noteActivity(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  (*sandbox)->facts.lastActivityAt = control.world.now();
  co_return emulation::emptyReply(201);
}

Task<Reply> setNetwork(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  if (call.body.empty()) co_return refused(400, "At least one network setting must be given");
  Members members(call.body);
  const auto blocked = members.optionalFlag("networkBlockAll");
  auto addresses = members.optionalText("networkAllowList");
  auto domains = members.optionalText("domainAllowList");
  if (auto done = members.done(); !done) co_return std::unexpected(std::move(done).error());
  auto& facts = (*sandbox)->facts;
  if (blocked && *blocked != facts.networkBlockAll) {
    co_return refused(501, "networkBlockAll of a sandbox that exists is not emulated: create it so");
  }
  control.world.noteChange(**sandbox);
  if (addresses) facts.networkAllowList = std::move(addresses);
  if (domains) facts.domainAllowList = std::move(domains);
  co_return reply(control, **sandbox);
}

Task<Reply> resize(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  auto& facts = (*sandbox)->facts;
  if ((*sandbox)->inTransition()) co_return refused(409, "Sandbox state change in progress");
  Members members(call.body);
  const auto cpu = members.optionalInteger("cpu", 1, largestCpu);
  const auto memory = members.optionalInteger("memory", 1, largestMemory);
  const auto disk = members.optionalInteger("disk", 1, largestDisk);
  if (auto done = members.done(); !done) co_return std::unexpected(std::move(done).error());
  if (!cpu && !memory && !disk) co_return refused(400, "At least one of cpu, memory and disk must be given");
  if (disk && *disk < facts.disk) co_return refused(400, "Disk size can only be increased");
  if (disk && *disk > facts.disk && facts.state != State::stopped) {
    co_return refused(400, "Disk can only be resized when the sandbox is stopped");
  }
  control.world.noteChange(**sandbox);
  facts.cpu = cpu.value_or(facts.cpu);
  facts.memory = memory.value_or(facts.memory);
  facts.disk = disk.value_or(facts.disk);
  co_return reply(control, **sandbox);
}

}  // namespace

void addPropertyRoutes(ControlRoutes& routes) {
  const std::string sandbox = "/sandbox/{sandboxIdOrName}";
  routes.on("PUT", sandbox + "/labels", replaceLabels);
  routes.on("POST", sandbox + "/public/{isPublic}", setPublic);
  routes.on("POST", sandbox + "/autostop/{interval}", setAutoStop);
  routes.on("POST", sandbox + "/autopause/{interval}", setAutoPause);
  routes.on("POST", sandbox + "/autoarchive/{interval}", setAutoArchive);
  routes.on("POST", sandbox + "/autodelete/{interval}", setAutoDelete);
  routes.on("POST", sandbox + "/ttl/{ttlMinutes}", setLifetime);
  routes.on("POST", sandbox + "/network-settings", setNetwork);
  routes.on("POST", sandbox + "/resize", resize);
  routes.on("POST", "/sandbox/{sandboxId}/last-activity", noteActivity);
}

}  // namespace mooring::daytona::emulator
