#include "apis.hpp"
#include "exec/execution.hpp"

namespace mooring::sprites {

Task<CommandEnd> Commands::run(Instance instance,
                               CommandSpec command,
                               RunObserver& observer,
                               CallOptions call) {
  return execute(
      account_, std::move(instance), std::move(command), AtRest::refused, observer, std::move(call));
}

}  // namespace mooring::sprites
