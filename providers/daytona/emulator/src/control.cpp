#include "control.hpp"

#include <mooring/emulation/strict.hpp>
#include <mooring/emulation/waiting.hpp>

namespace mooring::daytona::emulator {

using emulation::ExchangePtr;
using emulation::refused;
using emulation::Reply;

namespace {

const std::string prefix = "/api";

Result<boost::json::object> checkedBody(const Control& control,
                                        const std::string& operation,
                                        std::string text) {
  const bool empty = text.find_first_not_of(" \t\r\n") == std::string::npos;
  if (!control.schemas.takesBody(operation)) {
    if (empty || text == "{}") return boost::json::object();
    return refused(400, operation + " takes no body");
  }
  auto body = emulation::parseObject(text);
  if (!body) return body;
  if (auto checked = control.schemas.checkBody(operation, *body); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  return body;
}

Task<Reply> answer(Control& control,
                   std::string operation,
                   ControlRoutes::Handler handler,
                   Access access,
                   ExchangePtr exchange) {
  if (exchange->request().method != "GET") control.world.beginRequest();
  auto settled = co_await control.world.settle();
  if (!settled) co_return std::unexpected(std::move(settled).error());
  Call call;
  if (access == Access::byKey) {
    auto caller = control.world.authenticate(exchange->request());
    if (!caller) co_return std::unexpected(std::move(caller).error());
    call.caller = std::move(*caller);
  }
  if (auto checked = control.schemas.checkQuery(operation, exchange->request().query); !checked) {
    co_return std::unexpected(std::move(checked).error());
  }
  auto text = co_await exchange->body();
  if (!text) co_return std::unexpected(std::move(text).error());
  auto body = checkedBody(control, operation, std::move(*text));
  if (!body) co_return std::unexpected(std::move(body).error());
  call.body = std::move(*body);
  call.exchange = std::move(exchange);
  auto working = handler(control, std::move(call));
  co_return co_await emulation::steadily<Reply>(std::move(working));
}

Task<Reply> notEmulated(Control& /*control*/, Call call) {
  co_return refused(501, call.request().route + " is not emulated");
}

}  // namespace

std::string Call::sandbox() const {
  const auto idOrName = request().param("sandboxIdOrName");
  return idOrName.empty() ? request().param("sandboxId") : idOrName;
}

void ControlRoutes::on(const std::string& method, const std::string& path, Handler handler, Access access) {
  const std::string operation = method + " " + path;
  added_.insert(operation);
  auto& control = control_;
  // Credentials are looked at before the query is, so that the description's own check is the one that
  // counts.
  router_
      .on(method,
          prefix + path,
          [&control, operation, handler, access](ExchangePtr exchange) {
            return answer(control, operation, handler, access, std::move(exchange));
          })
      .anyQuery();
}

void ControlRoutes::refuseTheRest() {
  for (const auto& operation : control_.schemas.operations()) {
    if (added_.contains(operation)) continue;
    const auto blank = operation.find(' ');
    on(operation.substr(0, blank), operation.substr(blank + 1), notEmulated);
  }
}

Reply reply(const Control& control, const Sandbox& sandbox, State told) {
  return emulation::jsonReply(200, toJson(sandbox.facts, told, control.world.toolboxUrl()));
}

Reply reply(const Control& control, const Sandbox& sandbox) {
  return reply(control, sandbox, sandbox.told());
}

}  // namespace mooring::daytona::emulator
