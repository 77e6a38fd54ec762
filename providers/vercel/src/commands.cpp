#include "apis.hpp"
#include "execution.hpp"

namespace mooring::vercel {

Task<CommandEnd> Commands::run(Instance instance,
                               CommandSpec command,
                               RunObserver& observer,
                               CallOptions call) {
  return execute(account_, std::move(instance), std::move(command), observer, std::move(call));
}

}  // namespace mooring::vercel
