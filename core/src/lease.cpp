#include "lease.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

namespace asio = boost::asio;

namespace mooring::detail {

void takeLease(const Core& core, SandboxRecord& record) {
  record.leaseOwner = core.leaseOwner;
  record.leaseToken += 1;
  record.leaseExpiresAt = core.now() + core.parts.leaseDuration;
}

void dropLease(SandboxRecord& record) {
  record.leaseOwner.clear();
  record.leaseExpiresAt.reset();
}

struct LeaseKeeper::State {
  CorePtr core;
  SandboxId id;
  std::int64_t token = 0;
  asio::steady_timer timer;
  bool ended = false;

  State(CorePtr shared, const SandboxRecord& record)
      : core(std::move(shared)), id(record.sandboxId), token(record.leaseToken), timer(core->loop) {}

  static asio::awaitable<void> keep(std::shared_ptr<State> self) {
    while (true) {
      self->timer.expires_after(self->core->parts.leaseDuration / 3);
      boost::system::error_code ec;
      auto token = asio::redirect_error(asio::use_awaitable, ec);
      co_await self->timer.async_wait(token);
      if (self->ended) co_return;
      const auto until = self->core->now() + self->core->parts.leaseDuration;
      auto renew = [id = self->id, fence = self->token, until](RecordStore& store) {
        return store.renewLease(id, fence, until);
      };
      const auto renewed = co_await withStore(self->core, std::move(renew));
      if (!renewed) {
        self->core->parts.log->warn(
            "lease not renewed sandboxId={} error=\"{}\"", self->id.value, describe(renewed.error()));
        if (renewed.error().code == Errc::conflict) co_return;
      }
    }
  }
};

LeaseKeeper::LeaseKeeper(CorePtr core, const SandboxRecord& record)
    : state_(std::make_shared<State>(std::move(core), record)) {
  asio::co_spawn(state_->core->loop, State::keep(state_), asio::detached);
}

LeaseKeeper::~LeaseKeeper() {
  state_->ended = true;
  state_->timer.cancel();
}

}  // namespace mooring::detail
