// emulate: a provider's protocol on loopback, with real sandboxes behind it.
#include <mooring/emulation/strict.hpp>

#include "command_line.hpp"
#include "emulators.hpp"
#include "exit_codes.hpp"
#include "words.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <condition_variable>
#include <mutex>
#include <sys/resource.h>

namespace mooring::cli {
namespace {

struct EmulateOptions {
  std::string name = {};
  std::uint16_t port = 0;
  std::filesystem::path directory = {};
  std::filesystem::path ledger = {};
  std::vector<std::string> faults = {};
  std::vector<std::string> settings = {};
  std::uint64_t seed = 1;
};

Result<emulation::HostOptions> hostOptions(const EmulateOptions& options) {
  emulation::HostOptions host;
  host.port = options.port;
  host.directory = options.directory;
  host.ledgerFile = options.ledger;
  host.seed = options.seed;
  for (const auto& text : options.faults) {
    auto value = emulation::parseBody(text);
    if (!value) return failure(Errc::invalidArgument, "--fault: " + value.error().message);
    auto fault = emulation::parseFault(*value);
    if (!fault) return failure(Errc::invalidArgument, "--fault: " + fault.error().message);
    host.faults.push_back(std::move(*fault));
  }
  for (const auto& text : options.settings) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return failure(Errc::invalidArgument, "--set: \"" + text + "\" is not of the form name=value");
    }
    host.settings[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return host;
}

void tell(Session& session, const emulation::Host& host) {
  if (session.json()) {
    boost::json::object object;
    object["url"] = host.url();
    boost::json::object environment;
    for (const auto& [name, value] : host.environment())
      environment[name] = value;
    object["environment"] = std::move(environment);
    session.printJson(object);
    return;
  }
  session.printLine(host.url());
  for (const auto& [name, value] : host.environment())
    session.printLine(name + "=" + value);
}

/// Blocks until `stop` fires or `deadline` passes.
void waitFor(const CallOptions& call) {
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  const auto never = [] { return false; };
  if (call.deadline) {
    ended.wait_until(lock, call.stopToken, *call.deadline, never);
  } else {
    ended.wait(lock, call.stopToken, never);
  }
}

/// Each client costs descriptors, and the usual limit is low.
void raiseOpenFiles() {
  rlimit limits = {};
  if (::getrlimit(RLIMIT_NOFILE, &limits) != 0) return;
  limits.rlim_cur = limits.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limits);
}

Result<int> emulate(Session& session, const EmulateOptions& options) {
  auto factory = emulatorOf(options.name);
  if (!factory) return std::unexpected(std::move(factory).error());
  auto wanted = hostOptions(options);
  if (!wanted) return std::unexpected(std::move(wanted).error());
  raiseOpenFiles();
  auto host = emulation::Host::start(std::move(*factory), std::move(*wanted));
  if (!host) return std::unexpected(std::move(host).error());
  tell(session, **host);
  waitFor(session.call());
  host->reset();
  return exit_code::ok;
}

}  // namespace

void addEmulateCommand(CommandLine& line) {
  auto [app, options] = line.leaf<EmulateOptions>(
      line.root(), "emulate", "Serve a provider's own protocol on this machine", emulate);
  app->add_option("NAME", options->name, "Whose")->required();
  app->add_option("--port", options->port, "Where to listen; 0 or nothing: any free port")->type_name("PORT");
  app->add_option(
         "--directory", options->directory, "Where its sandboxes are kept; nothing: a temporary place")
      ->type_name("PATH");
  app->add_option("--ledger", options->ledger, "Append every exchange to this file, a JSON value a line")
      ->type_name("PATH");
  addList(*app, "--fault", options->faults, "Do this wrong, a rule in JSON", "JSON");
  addList(*app, "--set", options->settings, "A setting of the emulator", "NAME=VALUE");
  app->add_option("--seed", options->seed, "Of what faults leave to chance")->type_name("NUMBER");
  app->footer(
      R"(Prints its address and the variables that make programs use it, one a line; then serves until it is interrupted,
and removes all its sandboxes. Their work is really done, by the local provider.

  mooring emulate daytona --port 4000
  mooring emulate daytona --fault '{"route": "POST /api/sandbox", "action": "loseReply"}'

What it was asked, and what it did: GET /__emulator/ledger. More faults: POST /__emulator/faults.)");
}

}  // namespace mooring::cli
