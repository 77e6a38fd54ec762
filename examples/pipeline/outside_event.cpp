#include "outside_event.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <spdlog/logger.h>

#include <exception>
#include <optional>

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

}  // namespace

mooring::Result<std::string> loseSandbox(const mooring::Sandbox& /*sandbox*/,
                                         const mooring::SandboxRecord& record) {
  return destroyAtProvider(record);
}
