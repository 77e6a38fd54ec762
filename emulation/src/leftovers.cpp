#include "leftovers.hpp"

#include <mooring/emulation/machines.hpp>

#include "workspace.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

namespace asio = boost::asio;

namespace mooring::emulation {

Result<void> removeMachines(const std::filesystem::path& directory) {
  // A loop of its own: one that has run out of work stays stopped.
  asio::io_context loop(1);
  asio::thread_pool blocking(1);
  Result<void> removed;
  {
    auto machines = Machines::open(loop.get_executor(), blocking.get_executor(), directory);
    if (!machines) return std::unexpected(std::move(machines).error());
    auto done = asio::co_spawn(loop, (*machines)->destroyAbandoned(), asio::use_future);
    loop.run();
    removed = done.get();
  }
  blocking.join();
  return removed;
}

void sweep() {
  for (auto& left : Workspace::abandoned()) {
    if (!removeMachines(left.path())) left.keep();
  }
}

}  // namespace mooring::emulation
