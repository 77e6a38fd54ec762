#include "use.hpp"

#include <spdlog/spdlog.h>

namespace mooring::detail {
namespace {

boost::asio::awaitable<bool> touch(CorePtr core, SandboxId id) {
  auto write = [id, now = core->now()](RecordStore& store) { return store.touch(id, now); };
  const auto touched = co_await withStore(core, std::move(write));
  if (!touched)
    core->parts.log->warn("use not noted sandboxId={} error=\"{}\"", id.value, describe(touched.error()));
  co_return true;
}

}  // namespace

boost::asio::awaitable<void> noteUse(CorePtr core, SandboxRecord record) {
  if (core->now() - record.lastUsedAt < core->parts.useInterval) co_return;
  co_await touch(core, std::move(record.sandboxId));
}

UseKeeper::UseKeeper(const CorePtr& core, const SandboxId& id)
    : notes_(core->loop, core->parts.useInterval, [core, id] { return touch(core, id); }) {}

}  // namespace mooring::detail
