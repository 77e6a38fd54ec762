#include <mooring/blocking.hpp>

#include "apis.hpp"
#include "client.hpp"
#include "errors.hpp"
#include "launcher.hpp"
#include "lock.hpp"
#include "spawn.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

namespace mooring::local {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr const char* filesName = "files";
constexpr const char* factsName = "checkpoint.json";

fs::path nextWorkspace(const Layout& layout, const std::string& key) {
  return layout.sandbox(key) / "workspace.new";
}
fs::path lastWorkspace(const Layout& layout, const std::string& key) {
  return layout.sandbox(key) / "workspace.old";
}

std::uint64_t sizeOf(const fs::path& tree) {
  std::uint64_t total = 0;
  std::error_code ec;
  for (fs::recursive_directory_iterator next(tree, ec), end; !ec && next != end; next.increment(ec)) {
    if (next->is_regular_file(ec) && !next->is_symlink(ec)) total += next->file_size(ec);
  }
  return total;
}

std::string toText(const CheckpointInfo& info) {
  json::object object;
  object["schema"] = 1;
  object["comment"] = info.comment;
  object["createdAtMs"] = info.createdAt->time_since_epoch().count();
  object["sizeBytes"] = static_cast<std::int64_t>(*info.sizeBytes);
  return json::serialize(object) + "\n";
}

/// Nothing when there is no such checkpoint. Blocks.
Result<std::optional<CheckpointInfo>> load(const Layout& layout,
                                           const std::string& key,
                                           const std::string& id) {
  const fs::path file = layout.checkpoint(key, id) / factsName;
  std::error_code ec;
  if (!isPlainName(id) || !fs::exists(layout.checkpoint(key, id), ec)) return std::optional<CheckpointInfo>();
  const auto text = readText(file);
  if (!text) return std::unexpected(text.error());
  boost::system::error_code failed;
  const json::value value = json::parse(*text, failed);
  const json::object* object = !failed && value.is_object() ? &value.get_object() : nullptr;
  const auto member = [object](const char* name) {
    return object != nullptr ? object->if_contains(name) : nullptr;
  };
  const json::value* comment = member("comment");
  const json::value* createdAt = member("createdAtMs");
  const json::value* size = member("sizeBytes");
  if (comment == nullptr || !comment->is_string() || createdAt == nullptr || !createdAt->is_int64() ||
      size == nullptr || !size->is_int64()) {
    return refuse(Errc::corrupted, file.string() + " cannot be read: remove that checkpoint");
  }
  CheckpointInfo info;
  info.id = CheckpointId(id);
  info.comment = comment->get_string();
  info.createdAt = Timestamp(std::chrono::milliseconds(createdAt->get_int64()));
  info.sizeBytes = static_cast<std::uint64_t>(size->get_int64());
  return std::optional(std::move(info));
}

/// What interrupted calls left. The sandbox's lock is held.
Result<void> sweepCheckpoints(const Layout& layout, const std::string& key) {
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(layout.checkpoints(key), ec)) {
    if (isPlainName(entry.path().filename().string())) continue;
    if (auto removed = removeTree(entry.path()); !removed) return removed;
  }
  return {};
}

/// A copy of a directory with all that belongs to its files, sharing blocks where the file system can.
Task<void> copyTree(SitePtr site, fs::path from, fs::path to) {
  std::vector<std::string> command = {"/usr/bin/cp", "-a", "--reflink=auto", "--", from, to};
  auto complaint = co_await runProgram(site->context.loop, std::move(command));
  if (!complaint) co_return std::unexpected(std::move(complaint).error());
  if (complaint->empty()) co_return Result<void>();
  co_return refuse(Errc::unavailable, "the files could not be copied: " + *complaint);
}

/// Stops all processes of the sandbox until the connection is dropped: the copy is then of one moment, and
/// nobody puts a symlink to the host where cp has just seen a directory. Null when it does not run.
Task<ConnectionPtr> freeze(SitePtr site, std::string key) {
  auto connection = co_await connectToKey(std::move(site), std::move(key));
  if (!connection && connection.error().code == Errc::notRunning) co_return ConnectionPtr();
  if (!connection) co_return connection;
  std::vector<int> none;
  auto reply = co_await askOn(
      *connection, protocol::request(protocol::Ask::freeze).take(), std::move(none), Effect::none);
  if (!reply) co_return std::unexpected(std::move(reply).error());
  co_return connection;
}

/// The restored files take the place of the present ones, at once where the file system can do that.
Result<void> swapWorkspace(const Layout& layout, const std::string& key) {
  const fs::path present = layout.workspace(key);
  const fs::path next = nextWorkspace(layout, key);
  const fs::path last = lastWorkspace(layout, key);
  if (::renameat2(AT_FDCWD, next.c_str(), AT_FDCWD, present.c_str(), RENAME_EXCHANGE) == 0)
    return removeTree(next);
  if (errno != EINVAL && errno != ENOSYS)
    return systemFailure(errno, "cannot put the files of the checkpoint in place");
  if (::rename(present.c_str(), last.c_str()) != 0 || ::rename(next.c_str(), present.c_str()) != 0) {
    const int error = errno;
    static_cast<void>(settleRestore(layout, key));  // Else done when it is woken next.
    return systemFailure(error, "cannot put the files of the checkpoint in place");
  }
  return removeTree(last);
}

std::unexpected<Error> noCheckpoint(const std::string& key, const CheckpointId& id) {
  return refuse(Errc::notFound, "sandbox " + key + " has no checkpoint " + id.value);
}

/// Under the lock, what the instance is.
struct Held {
  Lock lock;
  Definition definition;
};

Task<Held> hold(SitePtr site, Instance instance) {
  auto before = co_await definitionOf(site, instance);
  if (!before) co_return std::unexpected(std::move(before).error());
  auto lock = co_await takeLock(site, before->provisionKey);
  if (!lock) co_return std::unexpected(std::move(lock).error());
  auto definition = co_await definitionOf(site, std::move(instance));
  if (!definition) {
    if (definition.error().code == Errc::gone) lock->removeFile();
    co_return std::unexpected(std::move(definition).error());
  }
  Held held{std::move(*lock), std::move(*definition)};
  co_return held;
}

}  // namespace

Result<void> settleRestore(const Layout& layout, const std::string& key) {
  std::error_code ec;
  // Without a workspace the old one was moved away and the new one not yet put in its place: undone.
  if (!fs::exists(layout.workspace(key), ec) && fs::exists(lastWorkspace(layout, key), ec)) {
    if (::rename(lastWorkspace(layout, key).c_str(), layout.workspace(key).c_str()) != 0) {
      return systemFailure(errno, "cannot undo an interrupted restore of sandbox " + key);
    }
  }
  for (const auto& leftover : {nextWorkspace(layout, key), lastWorkspace(layout, key)}) {
    if (auto removed = removeTree(leftover); !removed) return removed;
  }
  return {};
}

Task<CheckpointInfo> Checkpoints::create(Instance instance, std::string comment, CallOptions /*call*/) {
  auto held = co_await hold(site_, std::move(instance));
  if (!held) co_return std::unexpected(std::move(held).error());
  const std::string key = held->definition.provisionKey;
  CheckpointInfo info;
  info.id = CheckpointId(site_->context.ids->uuid());
  info.comment = std::move(comment);
  info.createdAt = site_->context.clock->now();
  const fs::path building = site_->layout.checkpoints(key) / (".new-" + info.id.value);
  auto preparing = [site = site_, key, building]() -> Result<void> {
    if (auto swept = sweepCheckpoints(site->layout, key); !swept) return swept;
    return makeDirectories(building);
  };
  auto prepared = co_await runBlocking(site_->context.blocking, std::move(preparing));
  if (!prepared) co_return std::unexpected(std::move(prepared).error());
  auto frozen = co_await freeze(site_, key);
  if (!frozen) co_return std::unexpected(std::move(frozen).error());
  auto copied = co_await copyTree(site_, site_->layout.workspace(key), building / filesName);
  frozen->reset();
  auto finishing = [site = site_, key, building, info, copied]() mutable -> Result<CheckpointInfo> {
    Result<void> done = copied;
    if (done) {
      info.sizeBytes = sizeOf(building / filesName);
      done = writeText(building / factsName, toText(info));
    }
    if (done && ::rename(building.c_str(), site->layout.checkpoint(key, info.id.value).c_str()) != 0) {
      done = systemFailure(errno, "cannot keep the checkpoint");
    }
    if (done) return info;
    static_cast<void>(removeTree(building));  // Else swept by the next one.
    return std::unexpected(std::move(done).error());
  };
  co_return co_await runBlocking(site_->context.blocking, std::move(finishing));
}

Task<std::vector<CheckpointInfo>> Checkpoints::list(Instance instance, CallOptions /*call*/) {
  auto definition = co_await definitionOf(site_, std::move(instance));
  if (!definition) co_return std::unexpected(std::move(definition).error());
  auto listing = [site = site_, key = definition->provisionKey]() -> Result<std::vector<CheckpointInfo>> {
    std::vector<CheckpointInfo> all;
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(site->layout.checkpoints(key), ec)) {
      auto info = load(site->layout, key, entry.path().filename());
      if (!info) return std::unexpected(std::move(info).error());
      if (*info) all.push_back(std::move(**info));
    }
    std::ranges::sort(all, [](const CheckpointInfo& a, const CheckpointInfo& b) {
      return std::tie(*a.createdAt, a.id) < std::tie(*b.createdAt, b.id);
    });
    return all;
  };
  co_return co_await runBlocking(site_->context.blocking, std::move(listing));
}

Task<Instance> Checkpoints::restore(Instance instance, CheckpointId id, CallOptions /*call*/) {
  auto held = co_await hold(site_, std::move(instance));
  if (!held) co_return std::unexpected(std::move(held).error());
  const Definition& definition = held->definition;
  const std::string key = definition.provisionKey;
  auto preparing = [site = site_, key, id]() -> Result<void> {
    const auto info = load(site->layout, key, id.value);
    if (!info) return std::unexpected(info.error());
    if (!*info) return noCheckpoint(key, id);
    return settleRestore(site->layout, key);
  };
  auto prepared = co_await runBlocking(site_->context.blocking, std::move(preparing));
  if (!prepared) co_return std::unexpected(std::move(prepared).error());
  // The long part comes first, while the sandbox still runs.
  auto copied = co_await copyTree(
      site_, site_->layout.checkpoint(key, id.value) / filesName, nextWorkspace(site_->layout, key));
  if (copied) copied = co_await shutDown(site_, key);
  if (!copied) co_return std::unexpected(std::move(copied).error());
  auto swapping = [site = site_, key] { return swapWorkspace(site->layout, key); };
  auto swapped = co_await runBlocking(site_->context.blocking, std::move(swapping));
  if (!swapped) co_return std::unexpected(std::move(swapped).error());
  auto launched = co_await launch(site_, definition);
  if (!launched) co_return std::unexpected(std::move(launched).error());
  co_return instanceFrom(site_->layout, definition, InstanceState::running);
}

Task<void> Checkpoints::remove(Instance instance, CheckpointId id, CallOptions /*call*/) {
  auto held = co_await hold(site_, std::move(instance));
  if (!held) co_return std::unexpected(std::move(held).error());
  auto removing = [site = site_, key = held->definition.provisionKey, id]() -> Result<void> {
    std::error_code ec;
    const fs::path directory = site->layout.checkpoint(key, id.value);
    if (!isPlainName(id.value) || !fs::exists(directory, ec)) return noCheckpoint(key, id);
    const fs::path trash = site->layout.checkpoints(key) / (".trash-" + id.value);
    if (::rename(directory.c_str(), trash.c_str()) != 0)
      return systemFailure(errno, "cannot remove the checkpoint");
    return removeTree(trash);
  };
  co_return co_await runBlocking(site_->context.blocking, std::move(removing));
}

}  // namespace mooring::local
