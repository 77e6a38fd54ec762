#include <mooring/blocking.hpp>

#include "apis.hpp"
#include "client.hpp"
#include "detail/remove_tree.hpp"
#include "errors.hpp"
#include "launcher.hpp"
#include "lock.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mooring::local {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t pageSize = 100;

/// What stands behind a definition, given whether its supervisor runs.
InstanceState stateOf(const Definition& definition, bool running) {
  if (running) return InstanceState::running;
  return definition.ephemeral ? InstanceState::failed : InstanceState::stopped;
}

Result<void> build(const Layout& layout, const Definition& definition) {
  const fs::path staging = layout.staging(definition.provisionKey);
  if (auto removed = removeTree(staging); !removed) return removed;
  if (auto made = makeDirectories(staging); !made) return made;
  for (const char* name : {"workspace", "etc", "run", "commands", "checkpoints"}) {
    if (auto made = makeDirectories(staging / name); !made) return made;
  }
  ::chmod((staging / "workspace").c_str(), 0755);
  for (const auto& [name, text] : etcFiles(definition)) {
    if (auto written = writeText(staging / "etc" / name, text, 0644); !written) return written;
  }
  return writeText(staging / "sandbox.json", toText(definition));
}

/// Gives the sandbox its name; from then on it exists. Its volumes cannot be removed between the two.
Result<void> publish(const Layout& layout, const Definition& definition) {
  for (const auto& volume : definition.volumes) {
    if (auto made = makeDirectories(layout.volume(volume.name)); !made) return made;
  }
  const fs::path target = layout.sandbox(definition.provisionKey);
  if (::rename(layout.staging(definition.provisionKey).c_str(), target.c_str()) != 0) {
    return systemFailure(errno, "cannot make " + target.string());
  }
  return {};
}

/// Takes its name away first, so that a half removed sandbox is none.
Result<void> removeSandbox(const Layout& layout, const std::string& key) {
  const fs::path trash = layout.trash(key);
  if (auto removed = removeTree(trash); !removed) return removed;
  if (::rename(layout.sandbox(key).c_str(), trash.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return systemFailure(errno, "cannot remove " + layout.sandbox(key).string());
  }
  return removeTree(trash);
}

/// Removes what processes that died in the middle left behind. A name under a lock is being worked on.
void sweep(const Layout& layout) {
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(layout.sandboxes(), ec)) {
    const std::string name = entry.path().filename();
    for (const std::string_view prefix : {".new-", ".trash-"}) {
      if (!name.starts_with(prefix)) continue;
      const auto lock = Lock::tryTake(layout, name.substr(prefix.size()));
      if (lock && *lock)
        static_cast<void>(removeTree(entry.path()));  // Left for the next sweep when it fails.
    }
  }
}

Task<Definition> make(SitePtr site, ProvisionRequest request) {
  auto definition = defineSandbox(request, site->context.clock->now());
  if (!definition) co_return std::unexpected(std::move(definition).error());
  auto building = [site, wanted = *definition]() -> Result<void> {
    if (!site->swept.exchange(true)) sweep(site->layout);
    return build(site->layout, wanted);
  };
  auto built = co_await runBlocking(site->context.blocking, std::move(building));
  if (!built) co_return std::unexpected(std::move(built).error());

  std::optional<Lock> volumes;
  if (!definition->volumes.empty()) {
    auto taken = co_await takeLock(site, volumesLock);
    if (!taken) co_return std::unexpected(std::move(taken).error());
    volumes = std::move(*taken);
  }
  auto publishing = [site, wanted = *definition] { return publish(site->layout, wanted); };
  auto published = co_await runBlocking(site->context.blocking, std::move(publishing));
  if (!published) co_return std::unexpected(std::move(published).error());
  co_return std::move(*definition);
}

Task<void> removeUnderLock(SitePtr site, std::string key, Lock& lock) {
  auto down = co_await shutDown(site, key);
  if (!down) co_return std::unexpected(std::move(down).error());
  auto removing = [site, key] { return removeSandbox(site->layout, key); };
  auto removed = co_await runBlocking(site->context.blocking, std::move(removing));
  if (removed) lock.removeFile();
  co_return removed;
}

/// Makes it run. The lock is held. Gives whether it had to be started.
Task<bool> wake(SitePtr site, Definition definition) {
  auto running = co_await answersPing(site, definition.provisionKey);
  if (!running) co_return std::unexpected(std::move(running).error());
  if (*running) co_return false;
  // A supervisor that does not answer any more is ended first.
  auto down = co_await shutDown(site, definition.provisionKey);
  if (!down) co_return std::unexpected(std::move(down).error());
  auto settling = [site, key = definition.provisionKey] { return settleRestore(site->layout, key); };
  auto settled = co_await runBlocking(site->context.blocking, std::move(settling));
  if (!settled) co_return std::unexpected(std::move(settled).error());
  auto launched = co_await launch(site, std::move(definition));
  if (!launched) co_return std::unexpected(std::move(launched).error());
  co_return true;
}

Task<std::optional<Instance>> look(SitePtr site, std::string key) {
  if (!isPlainName(key)) co_return std::optional<Instance>();
  auto loading = [site, key] { return loadDefinition(site->layout, key); };
  auto definition = co_await runBlocking(site->context.blocking, std::move(loading));
  if (!definition) co_return std::unexpected(std::move(definition).error());
  if (!*definition) co_return std::optional<Instance>();
  auto running = co_await isRunning(site, key);
  if (!running && running.error().code == Errc::gone) co_return std::optional<Instance>();
  if (!running) co_return std::unexpected(std::move(running).error());
  const InstanceState state = stateOf(**definition, *running);
  co_return std::optional<Instance>(instanceFrom(site->layout, **definition, state));
}

/// Sandboxes by name, after `cursor`; one more than a page holds tells that there are more.
std::vector<std::string> keysAfter(const Layout& layout, const std::string& cursor) {
  std::vector<std::string> keys;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(layout.sandboxes(), ec)) {
    std::string name = entry.path().filename();
    if (isPlainName(name) && name > cursor) keys.push_back(std::move(name));
  }
  std::ranges::sort(keys);
  return keys;
}

Result<std::pair<std::vector<Definition>, std::string>> readPage(const Site& site,
                                                                 const std::string& ownerTag,
                                                                 const std::string& cursor) {
  std::pair<std::vector<Definition>, std::string> page;
  for (auto& key : keysAfter(site.layout, cursor)) {
    auto definition = loadDefinition(site.layout, key);
    if (!definition) {
      // Whose it is cannot be told, so it is nobody's here; an exact look-up reports it.
      if (site.context.log)
        site.context.log->warn("local sandbox skipped key={} error={}", key, definition.error().message);
      continue;
    }
    if (!*definition || (*definition)->ownerTag != ownerTag) continue;
    if (page.first.size() == pageSize) {
      page.second = page.first.back().provisionKey;
      break;
    }
    page.first.push_back(std::move(**definition));
  }
  return page;
}

}  // namespace

Task<Definition> definitionOf(SitePtr site, Instance instance) {
  auto key = keyOf(instance);
  if (!key) co_return std::unexpected(std::move(key).error());
  auto loading = [site, key = *key] { return loadDefinition(site->layout, key); };
  auto definition = co_await runBlocking(site->context.blocking, std::move(loading));
  if (!definition) co_return std::unexpected(std::move(definition).error());
  if (*definition) co_return std::move(**definition);
  // Connecting fails for the same reason, and knows whether that is a proof.
  auto connection = co_await connectTo(site, std::move(instance));
  if (!connection) co_return std::unexpected(std::move(connection).error());
  co_return goneFailure(*key);
}

Task<Instance> Lifecycle::provision(ProvisionRequest request, CallOptions /*call*/) {
  const std::string key = request.provisionKey;
  if (!isPlainName(key)) {
    co_return refuse(Errc::invalidArgument, "\"" + key + "\" cannot be a provision key: use [a-z0-9-]");
  }
  auto lock = co_await takeLock(site_, key);
  if (!lock) co_return std::unexpected(std::move(lock).error());
  auto loading = [site = site_, key] { return loadDefinition(site->layout, key); };
  auto existing = co_await runBlocking(site_->context.blocking, std::move(loading));
  if (!existing) co_return std::unexpected(std::move(existing).error());

  const bool isNew = !*existing;
  Definition definition;
  if (isNew) {
    auto made = co_await make(site_, std::move(request));
    if (!made) co_return std::unexpected(std::move(made).error());
    definition = std::move(*made);
  } else {
    definition = std::move(**existing);
  }
  auto woken = co_await wake(site_, definition);
  if (!woken) {
    if (isNew) co_await removeUnderLock(site_, key, *lock);
    co_return std::unexpected(std::move(woken).error());
  }
  co_return instanceFrom(site_->layout, definition, InstanceState::running);
}

Task<std::optional<Instance>> Lifecycle::find(std::string provisionKey, CallOptions /*call*/) {
  co_return co_await look(site_, std::move(provisionKey));
}

Task<std::optional<Instance>> Lifecycle::inspect(ExternalSandboxId id, CallOptions /*call*/) {
  co_return co_await look(site_, std::move(id.value));
}

Task<Attachment> Lifecycle::attach(Instance instance, CallOptions /*call*/) {
  auto definition = co_await definitionOf(site_, instance);
  if (!definition) co_return std::unexpected(std::move(definition).error());
  const std::string key = definition->provisionKey;
  Attachment attachment;
  auto running = co_await answersPing(site_, key);
  if (!running) co_return std::unexpected(std::move(running).error());
  if (!*running) {
    auto lock = co_await takeLock(site_, key);
    if (!lock) co_return std::unexpected(std::move(lock).error());
    definition = co_await definitionOf(site_, instance);  // It may have been destroyed before the lock was
                                                          // ours.
    if (!definition) {
      if (definition.error().code == Errc::gone) lock->removeFile();
      co_return std::unexpected(std::move(definition).error());
    }
    if (definition->ephemeral) {
      auto removed = co_await removeUnderLock(site_, key, *lock);
      if (!removed) co_return std::unexpected(std::move(removed).error());
      co_return refuse(Errc::gone, "sandbox " + key + " was ephemeral and has ended");
    }
    auto woken = co_await wake(site_, *definition);
    if (!woken) co_return std::unexpected(std::move(woken).error());
    attachment.woken = *woken;
  }
  attachment.instance = instanceFrom(site_->layout, *definition, InstanceState::running);
  co_return attachment;
}

Task<void> Lifecycle::stop(Instance instance, CallOptions /*call*/) {
  auto key = keyOf(instance);
  if (!key) co_return std::unexpected(std::move(key).error());
  auto lock = co_await takeLock(site_, *key);
  if (!lock) co_return std::unexpected(std::move(lock).error());
  auto definition = co_await definitionOf(site_, instance);
  if (!definition) {
    if (definition.error().code == Errc::gone) lock->removeFile();
    co_return std::unexpected(std::move(definition).error());
  }
  if (definition->ephemeral) co_return co_await removeUnderLock(site_, *key, *lock);
  co_return co_await shutDown(site_, *key);
}

Task<void> Lifecycle::destroy(Instance instance, CallOptions /*call*/) {
  auto key = keyOf(instance);
  if (!key) co_return std::unexpected(std::move(key).error());
  if (auto here = checkPlace(site_->layout, instance, *key); !here) co_return here;
  auto lock = co_await takeLock(site_, *key);
  if (!lock) co_return std::unexpected(std::move(lock).error());
  co_return co_await removeUnderLock(site_, *key, *lock);
}

Task<InstancePage> Lifecycle::list(std::string ownerTag, std::string cursor, CallOptions /*call*/) {
  auto reading = [site = site_, ownerTag, cursor] { return readPage(*site, ownerTag, cursor); };
  auto read = co_await runBlocking(site_->context.blocking, std::move(reading));
  if (!read) co_return std::unexpected(std::move(read).error());
  InstancePage page;
  page.nextCursor = std::move(read->second);
  for (auto& definition : read->first) {
    auto running = co_await isRunning(site_, definition.provisionKey);
    if (!running && running.error().code == Errc::gone) continue;
    page.instances.push_back(
        instanceFrom(site_->layout, definition, stateOf(definition, running && *running)));
  }
  co_return page;
}

Task<void> Lifecycle::extend(Instance instance, std::chrono::milliseconds lifetime, CallOptions /*call*/) {
  auto key = keyOf(instance);
  if (!key) co_return std::unexpected(std::move(key).error());
  auto lock = co_await takeLock(site_, *key);
  if (!lock) co_return std::unexpected(std::move(lock).error());
  auto definition = co_await definitionOf(site_, instance);
  if (!definition) {
    if (definition.error().code == Errc::gone) lock->removeFile();
    co_return std::unexpected(std::move(definition).error());
  }
  definition->lifetime = lifetime;
  auto saving = [site = site_, changed = *definition] { return saveDefinition(site->layout, changed); };
  auto saved = co_await runBlocking(site_->context.blocking, std::move(saving));
  if (!saved) co_return std::unexpected(std::move(saved).error());
  auto request = protocol::request(protocol::Ask::setLifetime);
  request.u64(static_cast<std::uint64_t>(lifetime.count()));
  auto reply = co_await ask(site_, std::move(instance), request.take(), Effect::none);
  // A stopped one has it from when it is woken.
  if (!reply && reply.error().code != Errc::notRunning) co_return std::unexpected(std::move(reply).error());
  co_return Result<void>();
}

}  // namespace mooring::local
