// connect, resume, stop, destroy, recreate, extend: the life of one sandbox.
#include "command_line.hpp"
#include "exit_codes.hpp"
#include "json_forms.hpp"
#include "words.hpp"

namespace mooring::cli {
namespace {

struct SandboxRef {
  std::string id = {};
  std::string duration = {};
};

Result<Sandbox> sandboxOf(Session& session, const SandboxRef& options) {
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  return service->sandbox(options.id);
}

Result<int> answer(Session& session, Result<ConnectionOutcome> outcome) {
  if (!outcome) return std::unexpected(std::move(outcome).error());
  if (session.json()) session.printJson(toJson(*outcome));
  const bool reached = outcome->kind != OutcomeKind::gone && outcome->kind != OutcomeKind::unreachable;
  if (reached) {
    if (!session.json()) session.printLine(toString(outcome->kind));
    if (outcome->kind == OutcomeKind::recreated) {
      session.note("a new generation stands in its place: what was not in its setup or on volumes is lost");
    }
    return exit_code::ok;
  }
  const bool gone = outcome->kind == OutcomeKind::gone;
  const auto nothing = makeError(gone ? Errc::gone : Errc::unavailable, "no reason was given");
  const Error reason = outcome->reason.value_or(nothing);
  // The outcome, not the reason's code, decides: a missing credential also means that nobody knows.
  session.report(withContext(reason, std::string(toString(outcome->kind))),
                 gone ? exit_code::gone : exit_code::unreachable);
  return gone ? exit_code::gone : exit_code::unreachable;
}

Result<int> answer(Session& session, Result<SandboxRecord> record) {
  if (!record) return std::unexpected(std::move(record).error());
  if (session.json()) {
    session.printJson(toJson(*record));
  } else {
    session.printLine(toString(record->status));
  }
  return exit_code::ok;
}

Result<int> connect(Session& session, const SandboxRef& options) {
  auto sandbox = sandboxOf(session, options);
  if (!sandbox) return std::unexpected(std::move(sandbox).error());
  return answer(session, sandbox->connect(session.call()).get());
}

Result<int> resume(Session& session, const SandboxRef& options) {
  auto sandbox = sandboxOf(session, options);
  if (!sandbox) return std::unexpected(std::move(sandbox).error());
  return answer(session, sandbox->resume(session.call()).get());
}

Result<int> stop(Session& session, const SandboxRef& options) {
  auto sandbox = sandboxOf(session, options);
  if (!sandbox) return std::unexpected(std::move(sandbox).error());
  return answer(session, sandbox->stop(session.call()).get());
}

Result<int> destroy(Session& session, const SandboxRef& options) {
  auto sandbox = sandboxOf(session, options);
  if (!sandbox) return std::unexpected(std::move(sandbox).error());
  return answer(session, sandbox->destroy(session.call()).get());
}

Result<int> recreate(Session& session, const SandboxRef& options) {
  auto sandbox = sandboxOf(session, options);
  if (!sandbox) return std::unexpected(std::move(sandbox).error());
  return answer(session, sandbox->recreate(session.call()).get());
}

Result<int> extend(Session& session, const SandboxRef& options) {
  const auto lifetime = parseDuration(options.duration);
  if (!lifetime) {
    return failure(Errc::invalidArgument,
                   "\"" + options.duration + "\" is not a duration: write 30s, 5m, 2h or 1h30m");
  }
  auto sandbox = sandboxOf(session, options);
  if (!sandbox) return std::unexpected(std::move(sandbox).error());
  auto extended = sandbox->extend(*lifetime, session.call()).get();
  if (!extended) return std::unexpected(std::move(extended).error());
  if (session.json()) session.printJson({{"sandboxId", options.id}, {"timeoutMs", lifetime->count()}});
  return exit_code::ok;
}

CLI::App* add(CommandLine& line,
              const std::string& name,
              const std::string& description,
              Result<int> (*body)(Session&, const SandboxRef&)) {
  auto [app, options] = line.leaf<SandboxRef>(line.root(), name, description, body);
  app->add_option("ID", options->id, "The sandboxId")->required();
  if (body == extend)
    app->add_option("DURATION", options->duration, "Its lifetime from now, such as 1h")->required();
  return app;
}

}  // namespace

void addLifecycleCommands(CommandLine& line) {
  add(line, "connect", "Find, wake or (as its policy allows) remake a sandbox; print how", connect)
      ->footer(
          R"(Prints attached, resumed or recreated. `run`, `cp` and the others do this by themselves when they must.
A sandbox that is gone ends with code 4, one that cannot be reached with 5.)");
  add(line, "resume", "Bring back a stopped sandbox with its files", resume);
  add(line, "stop", "End its processes; the files stay for `resume` (ephemeral ones are destroyed)", stop)
      ->footer(
          "Always ends: what the provider could not confirm is noted, and `mooring recover` sees to it.");
  add(line, "destroy", "End it and keep nothing but the record", destroy)
      ->footer(
          "Always ends: what the provider could not confirm is noted, and `mooring recover` sees to it.");
  add(line, "recreate", "Destroy what is there and make a new generation behind the same id", recreate);
  add(line, "extend", "Give it a new lifetime from now on", extend);
}

}  // namespace mooring::cli
