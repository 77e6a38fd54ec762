#include "toolbox/body.hpp"
#include "toolbox/routes.hpp"
#include "toolbox/shell_run.hpp"
#include "toolbox/text.hpp"

#include <boost/json/object.hpp>

namespace mooring::daytona::emulator {

namespace {

constexpr std::int64_t longestTimeout = 1'000'000'000;

Task<emulation::Reply> execute(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  ShellCommand command;
  command.input = members.text("command");
  command.cwd = members.optionalText("cwd").value_or("");
  command.environment = members.optionalTexts("envs").value_or(std::map<std::string, std::string>());
  command.timeout = std::chrono::seconds(members.optionalInteger("timeout", 0, longestTimeout).value_or(0));
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  if (isBlank(command.input)) co_return refusal(400, "BAD_REQUEST", "command cannot be empty");
  checked = checkVariables(command.environment);
  if (!checked) co_return std::unexpected(std::move(checked).error());

  auto result = co_await runShell(std::move(daemon), std::move(command));
  if (!result) co_return std::unexpected(std::move(result).error());
  if (result->timedOut)
    co_return refusal(408, "PROCESS_EXECUTION_TIMEOUT", "request timeout: command execution timeout");
  boost::json::object reply;
  reply["exitCode"] = result->exitCode;
  reply["result"] = result->output;
  co_return emulation::jsonReply(200, reply);
}

}  // namespace

void addExecuteRoutes(ToolboxRoutes& routes) { routes.on("POST", "/process/execute", execute); }

}  // namespace mooring::daytona::emulator
