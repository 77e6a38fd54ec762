#include "run.hpp"

#include "run/session.hpp"

namespace mooring::daytona {

Task<CommandEnd> Commands::run(Instance instance,
                               CommandSpec command,
                               RunObserver& observer,
                               CallOptions call) {
  auto session = std::make_shared<RunSession>(
      account_, spent_, std::move(instance), observer, std::move(call));
  co_return co_await session->run(std::move(command));
}

}  // namespace mooring::daytona
