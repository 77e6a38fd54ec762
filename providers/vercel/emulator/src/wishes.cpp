#include "wishes.hpp"

#include <mooring/emulation/strict.hpp>

#include <algorithm>
#include <limits>

namespace mooring::vercel::emulated {

namespace json = boost::json;
using emulation::Members;

namespace {

constexpr std::int64_t anyNumber = std::numeric_limits<std::int64_t>::max();

void readPorts(Members& members, Wishes& into) {
  const auto* ports = members.optionalArray("ports");
  if (ports == nullptr) return;
  if (ports->size() > mostPorts) {
    members.refuse("ports", "should NOT have more than " + std::to_string(mostPorts) + " items");
  }
  std::vector<int> all;
  for (const auto& port : *ports) {
    const bool good = port.is_int64() && port.get_int64() >= 1024 && port.get_int64() <= 65535;
    if (!good) return members.refuse("ports", "must be integers from 1024 to 65535");
    const auto number = static_cast<int>(port.get_int64());
    if (std::ranges::find(all, number) != all.end()) members.refuse("ports", "must not be repeated");
    all.push_back(number);
  }
  into.ports = std::move(all);
}

void readResources(Members& members, const Plan& plan, Wishes& into) {
  const auto* resources = members.optionalObject("resources");
  if (resources == nullptr) return;
  Members inner(*resources, "resources.");
  const auto vcpus = inner.optionalInteger("vcpus", 1, plan.mostVcpus);
  const auto memory = inner.optionalInteger("memory", memoryOfVcpu, plan.mostVcpus * memoryOfVcpu);
  if (vcpus && *vcpus != 1 && *vcpus % 2 != 0) inner.refuse("vcpus", "must be 1 or an even number");
  if (memory && vcpus && *memory != *vcpus * memoryOfVcpu) {
    inner.refuse("memory", "must be " + std::to_string(memoryOfVcpu) + " for each vcpu");
  }
  if (auto good = inner.done(); !good) members.refuse("resources", "are invalid: " + good.error().message);
  into.vcpus = vcpus ? vcpus : memory ? std::optional(*memory / memoryOfVcpu) : std::nullopt;
}

void readTags(Members& members, Wishes& into) {
  into.tags = members.optionalTexts("tags");
  if (!into.tags) return;
  if (into.tags->size() > mostTags) {
    members.refuse("tags", "should NOT have more than " + std::to_string(mostTags) + " properties");
  }
  for (const auto& [name, value] : *into.tags) {
    if (value.size() > longestTag) members.refuse("tags." + name, "should NOT be longer than 256 characters");
  }
}

void readKeepLast(Members& members, const json::object& body, Wishes& into) {
  const auto* value = body.if_contains("keepLastSnapshots");
  into.keepsAll = value != nullptr && value->is_null();
  const auto* keep = members.optionalObject("keepLastSnapshots");
  if (keep == nullptr) return;
  Members inner(*keep, "keepLastSnapshots.");
  KeepLast wish;
  wish.count = inner.integer("count", 1, 10);
  wish.expiration = readLifetime(inner, "expiration");
  wish.deleteEvicted = inner.optionalFlag("deleteEvicted");
  if (auto good = inner.done(); !good)
    members.refuse("keepLastSnapshots", "is invalid: " + good.error().message);
  into.keepLast = wish;
}

bool overlap(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return b.starts_with(a) && (b.size() == a.size() || a.ends_with('/') || b[a.size()] == '/');
}

void readMounts(Members& members, Wishes& into) {
  const auto* mounts = members.optionalObject("mounts");
  if (mounts == nullptr) return;
  if (mounts->size() > mostMounts) {
    members.refuse("mounts", "should NOT have more than " + std::to_string(mostMounts) + " properties");
  }
  std::map<std::string, Mount> all;
  for (const auto& member : *mounts) {
    const std::string path(member.key());
    const std::string name = "mounts." + path;
    if (!path.starts_with('/')) members.refuse(name, "must be an absolute path");
    if (!member.value().is_object()) return members.refuse(name, "must be an object");
    Members inner(member.value().get_object(), name + ".");
    Mount mount;
    mount.drive = inner.text("drive");
    const auto mode = inner.optionalChoice("mode", {"read-write", "snapshot", "read-only"});
    if (mode && *mode != "read-write") mount.mode = MountMode::snapshot;
    if (auto good = inner.done(); !good) members.refuse(name, "is invalid: " + good.error().message);
    for (const auto& [other, unused] : all) {
      if (overlap(other, path)) members.refuse(name, "overlaps with " + other);
    }
    all.emplace(path, std::move(mount));
  }
  into.mounts = std::move(all);
}

void readRegions(Members& members, Wishes& into) {
  into.region = members.optionalChoice("region", regionNames());
  into.failoverRegions = members.optionalTextList("failoverRegions");
  if (!into.failoverRegions) return;
  for (const auto& region : *into.failoverRegions) {
    if (std::ranges::find(regions, region) == regions.end()) {
      members.refuse("failoverRegions", "holds " + region + ", which is no region");
    }
    if (region == into.region.value_or("iad1"))
      members.refuse("failoverRegions", "must not contain the region");
  }
  if (!into.failoverRegions->empty() && into.mounts && !into.mounts->empty()) {
    members.refuse("failoverRegions", "cannot be combined with mounts");
  }
}

}  // namespace

std::optional<Millis> readLifetime(Members& members, std::string_view name) {
  const auto life = members.optionalInteger(name, 0, longestSnapshotLife);
  if (life && *life != 0 && *life < dayMs) members.refuse(name, "must be 0 or at least 86400000");
  return life;
}

std::vector<std::string_view> regionNames() { return {regions.begin(), regions.end()}; }

Result<Wishes> readWishes(Members& members, const json::object& body, const Plan& plan) {
  Wishes wishes;
  readPorts(members, wishes);
  wishes.timeout = members.optionalInteger("timeout", 1000, anyNumber);
  if (wishes.timeout && *wishes.timeout > plan.longestTimeout) {
    members.refuse("timeout", "should be <= " + std::to_string(plan.longestTimeout / 60'000) + "m");
  }
  readResources(members, plan, wishes);
  wishes.image = members.optionalText("image");
  if (wishes.image && wishes.image->size() > 255)
    members.refuse("image", "should NOT be longer than 255 characters");
  wishes.persistent = members.optionalFlag("persistent");
  wishes.networkId = members.optionalText("networkId");
  wishes.env = members.optionalTexts("env");
  readTags(members, wishes);
  wishes.snapshotExpiration = readLifetime(members, "snapshotExpiration");
  readKeepLast(members, body, wishes);
  readMounts(members, wishes);
  readRegions(members, wishes);
  if (const auto* policy = members.optionalObject("networkPolicy")) {
    auto parsed = parsePolicy(*policy);
    if (!parsed) return std::unexpected(std::move(parsed).error());
    wishes.networkPolicy = std::move(*parsed);
  }
  return wishes;
}

void Wishes::applyTo(Settings& settings) const {
  if (ports) settings.ports = *ports;
  if (timeout) settings.timeout = *timeout;
  if (vcpus) settings.vcpus = *vcpus;
  if (runtime) settings.runtime = *runtime;
  if (image) settings.image = *image;
  if (persistent) settings.persistent = *persistent;
  if (networkPolicy) settings.networkPolicy = *networkPolicy;
  if (networkId) settings.networkId = *networkId;
  if (env) settings.env = *env;
  if (tags) settings.tags = *tags;
  if (snapshotExpiration) settings.snapshotExpiration = snapshotExpiration;
  if (keepsAll) settings.keepLast.reset();
  if (keepLast) settings.keepLast = *keepLast;
  if (mounts) settings.mounts = *mounts;
  if (region) settings.region = *region;
  if (failoverRegions) settings.failoverRegions = *failoverRegions;
}

}  // namespace mooring::vercel::emulated
