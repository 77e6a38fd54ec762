// create: every member of SandboxConfig as a flag, a file, or both.
#include "assignments.hpp"
#include "command_line.hpp"
#include "config_flags.hpp"
#include "exit_codes.hpp"

namespace mooring::cli {
namespace {

Result<int> create(Session& session, const ConfigFlags& flags) {
  auto config = configOf(flags, session.interrupts());
  if (!config) return std::unexpected(std::move(config).error());
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  auto sandbox = service->create(std::move(*config), session.call()).get();
  if (!sandbox) return std::unexpected(std::move(sandbox).error());
  if (!session.json()) {
    session.printLine(sandbox->id().value);
    return exit_code::ok;
  }
  auto record = sandbox->record(session.call()).get();
  if (!record) return std::unexpected(std::move(record).error());
  session.printJson(toJson(*record));
  return exit_code::ok;
}

}  // namespace

void addCreateCommand(CommandLine& line) {
  auto [app, flags] = line.leaf<ConfigFlags>(
      line.root(), "create", "Make a sandbox and print its sandboxId", create);
  addConfigFlags(*app, flags);
  app->footer(
      R"(Returns when the sandbox can run commands and its setup has run. Flags win over the file; lists and maps of
both are joined. The file holds the same JSON as the `config` of `mooring show --json`.

  mooring create --provider local --purpose demo --timeout 1h
  mooring create --env LANG=C --setup 'pip install numpy' --upload ./data:data
  echo '{"provider": "local", "ports": [8080]}' | mooring create --config -
  TOKEN=... mooring create --secret-env TOKEN      # the name is kept, the value never)");
}

}  // namespace mooring::cli
