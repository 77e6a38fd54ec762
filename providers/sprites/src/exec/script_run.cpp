#include "exec/script_run.hpp"

#include "control.hpp"
#include "errors.hpp"
#include "exec/execution.hpp"

namespace mooring::sprites {

namespace {

constexpr int mostRuns = 3;

/// Keeps what a script prints.
class Collected final : public RunObserver {
 public:
  void onStarted() override {}
  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    (stream == Stream::out ? printed.out : printed.err) += asText(bytes);
  }
  guest::Printed printed;
};

}  // namespace

Task<guest::Printed> runScript(AccountPtr account,
                               Instance instance,
                               std::string_view script,
                               std::vector<std::string> args,
                               CallOptions call,
                               AtRest atRest) {
  CommandSpec command;
  command.program = "sh";
  command.args = {"-c", std::string(script), "mooring"};
  for (auto& arg : args)
    command.args.push_back(std::move(arg));
  command.env.emplace("LC_ALL", "C");  // What tools say is read.
  for (int runs = 1;; ++runs) {
    Collected seen;
    auto end = co_await execute(account, instance, command, atRest, seen, call);
    if (end) {
      if (end->interrupted) co_return refuse(Errc::cancelled, "interrupted");
      seen.printed.exitCode = end->exitCode;
      co_return std::move(seen.printed);
    }
    if (end.error().code != Errc::outcomeUnknown || !call.idempotent || runs >= mostRuns)
      co_return std::unexpected(std::move(end).error());
    auto waited = co_await waitBeforeLook(account, runs);
    if (!waited) co_return std::unexpected(std::move(waited).error());
  }
}

}  // namespace mooring::sprites
