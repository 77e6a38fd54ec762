#include "lease.hpp"

#include <spdlog/spdlog.h>

namespace mooring::detail {
namespace {

boost::asio::awaitable<bool> renew(CorePtr core, SandboxId id, std::int64_t token) {
  const auto until = core->now() + core->parts.leaseDuration;
  auto write = [id, token, until](RecordStore& store) { return store.renewLease(id, token, until); };
  const auto renewed = co_await withStore(core, std::move(write));
  if (renewed) co_return true;
  core->parts.log->warn("lease not renewed sandboxId={} error=\"{}\"", id.value, describe(renewed.error()));
  co_return renewed.error().code != Errc::conflict;
}

}  // namespace

void takeLease(const Core& core, SandboxRecord& record) {
  record.leaseOwner = core.leaseOwner;
  record.leaseToken += 1;
  record.leaseExpiresAt = core.now() + core.parts.leaseDuration;
}

void dropLease(SandboxRecord& record) {
  record.leaseOwner.clear();
  record.leaseExpiresAt.reset();
}

LeaseKeeper::LeaseKeeper(const CorePtr& core, const SandboxRecord& record)
    : renewals_(core->loop,
                core->parts.leaseDuration / 3,
                [core, id = record.sandboxId, token = record.leaseToken] { return renew(core, id, token); }) {
}

}  // namespace mooring::detail
