#include "outside_event.hpp"

#include <mooring/local/options.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <spdlog/logger.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <map>
#include <optional>
#include <signal.h>
#include <thread>

namespace asio = boost::asio;

namespace {

/// Asks the provider to destroy it, as its web console would: with the provider's id alone, and without a
/// database.
mooring::Result<std::string> destroyAtProvider(const mooring::SandboxRecord& record) {
  const auto factory = mooring::builtinProviders().find(record.provider);
  if (!factory) return std::unexpected(factory.error());

  asio::io_context loop;
  asio::thread_pool blocking(1);
  mooring::ProviderContext context;
  context.settings = mooring::Settings::fromEnvironment();
  context.loop = loop.get_executor();
  context.blocking = blocking.get_executor();
  context.clock = mooring::systemClock();
  context.ids = mooring::systemIds(context.clock);
  context.random = mooring::systemRandom();
  context.log = std::make_shared<spdlog::logger>("outside");  // Without a sink: it says nothing.
  auto provider = (*factory)(context);
  if (!provider) return std::unexpected(std::move(provider).error());

  mooring::Instance instance;
  instance.id = record.externalSandboxId;
  instance.provisionKey = record.provisionKey;
  instance.connection = record.connection;
  std::optional<mooring::Result<void>> done;
  asio::co_spawn(loop,
                 (*provider)->lifecycle().destroy(std::move(instance), mooring::CallOptions()),
                 [&](const std::exception_ptr& thrown, mooring::Result<void> result) {
                   if (thrown) std::rethrow_exception(thrown);
                   done = std::move(result);
                   loop.stop();
                 });
  loop.run();
  if (!done) return mooring::failure(mooring::Errc::internal, "the provider never answered");
  if (!*done) return std::unexpected(std::move(done->error()));
  return "the provider was asked to delete " + record.externalSandboxId.value +
         ", past mooring and its records";
}

/// What a reboot and a cleaner of temporary files do between them: its processes and its files are gone.
mooring::Result<std::string> killAndErase(const mooring::Sandbox& sandbox) {
  const auto native = sandbox.native<mooring::local::Native>().get();
  if (!native) return std::unexpected(native.error());
  if (native->supervisorPid > 0) kill(native->supervisorPid, SIGKILL);
  while (native->supervisorPid > 0 && kill(native->supervisorPid, 0) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::error_code failed;
  std::filesystem::remove_all(native->directory, failed);
  if (failed) {
    return mooring::failure(mooring::Errc::internal,
                            "cannot remove " + native->directory.string() + ": " + failed.message());
  }
  return "kill -9 " + std::to_string(native->supervisorPid) + " (its process 1) and rm -r of its directory";
}

using Event = mooring::Result<std::string> (*)(const mooring::Sandbox&);

/// Providers for which there is something more drastic than asking them.
const std::map<std::string, Event, std::less<>> drastic = {{"local", killAndErase}};

}  // namespace

mooring::Result<std::string> loseSandbox(const mooring::Sandbox& sandbox,
                                         const mooring::SandboxRecord& record) {
  const auto found = drastic.find(record.provider);
  return found == drastic.end() ? destroyAtProvider(record) : found->second(sandbox);
}
