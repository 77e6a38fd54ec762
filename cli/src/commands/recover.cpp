// recover: settle what crashes and outages have left behind. And version.
#include "command_line.hpp"
#include "exit_codes.hpp"
#include "json_forms.hpp"
#include "words.hpp"

#include <boost/json/array.hpp>

namespace mooring::cli {
namespace {

struct RecoverOptions {
  bool dryRun = false;
};

struct NoOptions {};

boost::json::array stepsToJson(const std::vector<RecoveryStep>& steps) {
  boost::json::array out;
  for (const auto& step : steps)
    out.push_back(toJson(step));
  return out;
}

void tell(Session& session, const std::vector<RecoveryStep>& steps) {
  for (const auto& step : steps) {
    const auto& id = step.sandboxId.empty() ? step.provisionKey : step.sandboxId.value;
    session.printLine(std::string(toString(step.action)) + "  " + printable(id) + "  " +
                      std::string(meaning(step.action)) +
                      (step.why.empty() ? "" : ": " + printable(step.why)));
  }
}

Result<int> dryRun(Session& session, const SandboxService& service) {
  auto steps = service.plan(session.call()).get();
  if (!steps) return std::unexpected(std::move(steps).error());
  if (session.json()) {
    session.printJson({{"dryRun", true}, {"steps", stepsToJson(*steps)}, {"failures", boost::json::array()}});
    return exit_code::ok;
  }
  tell(session, *steps);
  if (steps->empty()) session.note("there is nothing to recover");
  return exit_code::ok;
}

Result<int> recover(Session& session, const RecoverOptions& options) {
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  if (options.dryRun) return dryRun(session, *service);
  auto report = service->recover(session.call()).get();
  if (!report) return std::unexpected(std::move(report).error());
  const int code = report->failures.empty() ? exit_code::ok : exit_code::failed;
  if (session.json()) {
    boost::json::array failures;
    for (const auto& error : report->failures)
      failures.push_back(toJson(error));
    session.printJson(
        {{"dryRun", false}, {"steps", stepsToJson(report->steps)}, {"failures", std::move(failures)}});
    return code;
  }
  tell(session, report->steps);
  for (const auto& error : report->failures)
    session.note("not recovered: " + sentence(error));
  if (report->steps.empty() && report->failures.empty()) session.note("there was nothing to recover");
  return code;
}

Result<int> version(Session& session, const NoOptions&) {
  if (session.json()) {
    session.printJson({{"version", MOORING_VERSION}});
  } else {
    session.printLine(std::string("mooring ") + MOORING_VERSION);
  }
  return exit_code::ok;
}

}  // namespace

void addRecoverCommand(CommandLine& line) {
  auto [app, options] = line.leaf<RecoverOptions>(
      line.root(),
      "recover",
      "Settle what crashes and outages have left: repeat, take over, clean up",
      recover);
  app->add_flag("--dry-run", options->dryRun, "Only tell what would be done");
  app->footer(
      R"(Safe to repeat: on a healed world it does nothing. Only sandboxes that carry this database's own tag are
touched, and never one that somebody is creating just now. Ends with 1 when a step did not succeed.)");
}

void addVersionCommand(CommandLine& line) {
  line.leaf<NoOptions>(line.root(), "version", "Print the version", version);
}

}  // namespace mooring::cli
