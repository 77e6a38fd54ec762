#include "support/tasks.hpp"

namespace mooring::test {

const std::shared_ptr<detail::Engine>& engine() {
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
