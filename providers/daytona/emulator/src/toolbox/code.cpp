// Code in a language's own interpreter.
#include "toolbox/body.hpp"
#include "toolbox/routes.hpp"
#include "toolbox/shell_run.hpp"

#include <boost/json/object.hpp>

namespace mooring::daytona::emulator {

namespace {

constexpr std::int64_t longestTimeout = 1'000'000'000;

/// What reads code on its standard input. Errors: status 400 (a language that it does not know).
Result<std::vector<std::string>> interpreterOf(const std::string& language) {
  if (language == "python") return std::vector<std::string>{"python3", "-u", "-"};
  if (language == "javascript") return std::vector<std::string>{"node", "-"};
  if (language == "typescript") return std::vector<std::string>{"ts-node", "-"};
  return refusal(400, "BAD_REQUEST", "unsupported language: " + language);
}

Task<emulation::Reply> codeRun(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  ShellCommand command;
  command.input = members.text("code");
  const auto language = members.text("language");
  const auto arguments = members.optionalTextList("argv").value_or(std::vector<std::string>());
  command.environment = members.optionalTexts("envs").value_or(std::map<std::string, std::string>());
  command.timeout = std::chrono::seconds(members.optionalInteger("timeout", 0, longestTimeout).value_or(0));
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  checked = checkVariables(command.environment);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  auto interpreter = interpreterOf(language);
  if (!interpreter) co_return std::unexpected(std::move(interpreter).error());
  command.argv = std::move(*interpreter);
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());

  auto result = co_await runShell(std::move(daemon), std::move(command));
  if (!result) co_return std::unexpected(std::move(result).error());
  if (result->timedOut)
    co_return refusal(408, "PROCESS_EXECUTION_TIMEOUT", "request timeout: code execution timeout");
  boost::json::object reply;
  reply["exitCode"] = result->exitCode;
  reply["result"] = result->output;
  co_return emulation::jsonReply(200, reply);
}

}  // namespace

void addCodeRoutes(ToolboxRoutes& routes) { routes.on("POST", "/process/code-run", codeRun); }

}  // namespace mooring::daytona::emulator
