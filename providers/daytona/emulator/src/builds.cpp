// Logs of builds, which are only pretended: every sandbox is the same machine.
#include "control.hpp"

namespace mooring::daytona::emulator {

using emulation::Reply;

namespace {

Task<Reply> buildLogsUrl(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  boost::json::object body;
  body["url"] = control.world.stage().baseUrl + "/api/sandbox/" + (*sandbox)->facts.id + "/build-logs";
  co_return emulation::jsonReply(200, body);
}

Task<Reply> buildLogs(Control& control, Call call) {
  auto sandbox = control.world.find(call.caller, call.sandbox());
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  const auto& facts = (*sandbox)->facts;
  std::string text = "Building " + facts.name + " is only pretended here\n";
  if (!facts.errorReason.empty()) text += facts.errorReason + "\n";
  co_return emulation::textReply(200, std::move(text));
}

}  // namespace

void addBuildRoutes(ControlRoutes& routes) {
  routes.on("GET", "/sandbox/{sandboxIdOrName}/build-logs-url", buildLogsUrl);
  routes.on("GET", "/sandbox/{sandboxIdOrName}/build-logs", buildLogs);
}

}  // namespace mooring::daytona::emulator
