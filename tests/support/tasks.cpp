#include "support/tasks.hpp"

#include <openssl/crypto.h>

namespace mooring::test {

const std::shared_ptr<detail::Engine>& engine() {
  // First, so that it is cleaned up last: when the engine's threads have given back what it keeps for each.
  static const int openssl = OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr);
  static_cast<void>(openssl);
  static const std::shared_ptr<detail::Engine> shared = detail::makeEngine();
  return shared;
}

ProviderContext contextOn(const std::shared_ptr<detail::Engine>& loop, Settings settings) {
  ProviderContext context;
  context.settings = std::move(settings);
  context.loop = detail::loopOf(*loop);
  context.blocking = detail::blockingThreadsOf(*loop);
  context.clock = systemClock();
  context.ids = systemIds(context.clock);
  context.random = systemRandom();
  return context;
}

}  // namespace mooring::test
