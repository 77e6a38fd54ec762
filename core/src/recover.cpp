#include "recover.hpp"

#include "recovery_look.hpp"
#include "recovery_steps.hpp"

#include <spdlog/spdlog.h>

#include <map>

namespace mooring::detail {
namespace {

Error stepError(Error error, const RecoveryStep& step) {
  error = withContext(std::move(error), std::string(toString(step.action)) + " " + step.provisionKey);
  if (error.provider.empty()) error.provider = step.provider;
  error.operation = "recover";
  return error;
}

}  // namespace

Task<std::vector<RecoveryStep>> planRecovery(CorePtr core, CallOptions call) {
  auto look = co_await lookAround(core, std::move(call));
  if (!look) co_return std::unexpected(std::move(look).error());
  for (const auto& error : (*look)->failures)
    core->parts.log->warn("recovery cannot see error=\"{}\"", describe(error));
  co_return plan((*look)->view);
}

Task<RecoveryReport> recoverAll(CorePtr core, CallOptions call) {
  auto look = co_await lookAround(core, call);
  if (!look) co_return std::unexpected(std::move(look).error());
  std::map<std::int64_t, Debt> debts;
  for (const auto& debt : (*look)->view.debts)
    debts.emplace(debt.seq, debt);

  RecoveryReport report;
  report.failures = std::move((*look)->failures);
  const auto steps = plan((*look)->view);
  for (const auto& step : steps) {
    auto wanted = co_await stillWanted();
    if (!wanted) co_return std::unexpected(std::move(wanted).error());
    Debt debt;
    if (step.debt != 0) debt = debts[step.debt];
    auto done = co_await applyRecovery(core, step, std::move(debt), call);
    if (!done) {
      report.failures.push_back(stepError(std::move(done).error(), step));
    } else if (*done) {
      core->parts.log->info(
          "recovered action={} key={} why=\"{}\"", toString(step.action), step.provisionKey, step.why);
      report.steps.push_back(step);
    }
  }
  for (const auto& error : report.failures)
    core->parts.log->warn("not recovered error=\"{}\"", describe(error));
  co_return report;
}

}  // namespace mooring::detail
