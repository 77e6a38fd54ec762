#include <mooring/blocking.hpp>

#include "apis.hpp"
#include "errors.hpp"
#include "lock.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <sys/stat.h>

namespace mooring::local {

namespace fs = std::filesystem;

namespace {

constexpr const char* readyState = "ready";

/// Provision keys by volume. One that cannot be read may use any: then none can be removed. Blocks.
Result<std::map<std::string, std::vector<std::string>>> usersOfVolumes(const Layout& layout) {
  std::map<std::string, std::vector<std::string>> users;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(layout.sandboxes(), ec)) {
    const std::string key = entry.path().filename();
    if (!isPlainName(key)) continue;
    const auto definition = loadDefinition(layout, key);
    if (!definition) return std::unexpected(definition.error());
    if (!*definition) continue;
    for (const auto& volume : (*definition)->volumes) {
      users[volume.name].push_back(key);
    }
  }
  for (auto& [name, keys] : users) {
    std::ranges::sort(keys);
  }
  return users;
}

Result<std::vector<VolumeInfo>> listVolumes(const Layout& layout) {
  auto users = usersOfVolumes(layout);
  if (!users) return std::unexpected(std::move(users).error());
  std::vector<VolumeInfo> all;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(layout.volumes(), ec)) {
    const std::string name = entry.path().filename();
    if (isPlainName(name)) all.push_back(VolumeInfo{name, readyState, (*users)[name]});
  }
  std::ranges::sort(all, {}, &VolumeInfo::name);
  return all;
}

Result<void> removeVolume(const Layout& layout, const std::string& name) {
  struct stat status = {};
  if (::lstat(layout.volume(name).c_str(), &status) != 0) {
    if (errno == ENOENT) return refuse(Errc::notFound, "there is no volume " + name);
    return systemFailure(errno, "cannot look at " + layout.volume(name).string());
  }
  auto users = usersOfVolumes(layout);
  if (!users) return std::unexpected(std::move(users).error());
  if (const auto& keys = (*users)[name]; !keys.empty()) {
    return refuse(Errc::conflict,
                  "volume " + name + " is used by " + std::to_string(keys.size()) +
                      " sandbox(es), for example " + keys.front() + ": destroy those first");
  }
  // Its name goes first, so that a half removed volume is none.
  const fs::path trash = layout.volumes() / (".trash-" + name);
  if (auto removed = removeTree(trash); !removed) return removed;
  if (::rename(layout.volume(name).c_str(), trash.c_str()) != 0) {
    return systemFailure(errno, "cannot remove " + layout.volume(name).string());
  }
  return removeTree(trash);
}

}  // namespace

Task<VolumeInfo> LocalVolumes::ensure(std::string name, CallOptions /*call*/) {
  if (auto good = checkVolumeName(name); !good) co_return std::unexpected(std::move(good).error());
  auto lock = co_await takeLock(site_, volumesLock);
  if (!lock) co_return std::unexpected(std::move(lock).error());
  auto making = [site = site_, name]() -> Result<VolumeInfo> {
    if (auto made = makeDirectories(site->layout.volume(name)); !made)
      return std::unexpected(std::move(made).error());
    auto users = usersOfVolumes(site->layout);
    if (!users) return std::unexpected(std::move(users).error());
    return VolumeInfo{name, readyState, (*users)[name]};
  };
  co_return co_await runBlocking(site_->context.blocking, std::move(making));
}

Task<std::vector<VolumeInfo>> LocalVolumes::list(CallOptions /*call*/) {
  auto listing = [site = site_] { return listVolumes(site->layout); };
  co_return co_await runBlocking(site_->context.blocking, std::move(listing));
}

Task<void> LocalVolumes::remove(std::string name, CallOptions /*call*/) {
  if (auto good = checkVolumeName(name); !good) co_return good;
  auto lock = co_await takeLock(site_, volumesLock);
  if (!lock) co_return std::unexpected(std::move(lock).error());
  auto removing = [site = site_, name] { return removeVolume(site->layout, name); };
  co_return co_await runBlocking(site_->context.blocking, std::move(removing));
}

}  // namespace mooring::local
