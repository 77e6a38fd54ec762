#include <mooring/daytona/emulator.hpp>
#include <mooring/emulation/strict.hpp>
#include <mooring/emulation/waiting.hpp>

#include "control.hpp"
#include "control_schema.hpp"
#include "events.hpp"
#include "toolbox_link.hpp"

#include <boost/beast/http/status.hpp>
#include <boost/json/object.hpp>

namespace mooring::daytona {

namespace emulator {

using emulation::Reply;
using emulation::Request;

namespace {

std::string reasonFor(int status) {
  const auto text = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {text.data(), text.size()};
}

class DaytonaEmulator final : public emulation::Emulator {
 public:
  DaytonaEmulator(const emulation::Stage& stage, const Settings& settings, emulation::Schemas schemas)
      : control_(stage, settings, std::move(schemas)), events_(control_.world) {}

  void addRoutes(emulation::Router& router) override {
    ControlRoutes routes(router, control_);
    addAccountRoutes(routes);
    addBuildRoutes(routes);
    addCreateRoutes(routes);
    addLifecycleRoutes(routes);
    addListingRoutes(routes);
    addPreviewRoutes(routes);
    addPropertyRoutes(routes);
    addSnapshotRoutes(routes);
    addVolumeRoutes(routes);
    routes.refuseTheRest();
    events_.addRoutes(router);
    addToolbox(router, control_.world);
    router.on(
        "POST", "/__emulator/sandboxes/{idOrName}/state", std::bind_front(&DaytonaEmulator::setState, this));
  }

  [[nodiscard]] Reply errorReply(const Request& request, const Error& error) const override {
    const int status = emulation::statusOf(error);
    if (request.path.starts_with("/toolbox/")) {
      // What the proxy says of a sandbox in which nobody answers.
      if (status == 502 && error.message.empty()) return emulation::emptyReply(status);
      return toolboxError(request, error, control_.world.now());
    }
    boost::json::object body;
    body["path"] = request.path;
    body["timestamp"] = toString(control_.world.now());
    body["statusCode"] = status;
    body["error"] = reasonFor(status);
    body["message"] = status == 429 ? "ThrottlerException: Too Many Requests" : error.message;
    return emulation::jsonReply(status, body);
  }

  [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment() const override {
    const auto& key = control_.world.settings().key;
    return {{"DAYTONA_API_URL", control_.world.stage().baseUrl + "/api"},
            {"DAYTONA_API_KEY", key.empty() ? "dtn_emulator" : key}};
  }

  Task<void> disturb(const Request& request, std::string state) override {
    auto caller = control_.world.authenticate(request);
    if (!caller) co_return std::unexpected(std::move(caller).error());
    auto idOrName = request.param("sandboxIdOrName");
    if (idOrName.empty()) idOrName = request.param("sandboxId");
    auto sandbox = control_.world.find(*caller, idOrName);
    if (!sandbox) co_return Result<void>();  // The request is about none, and will say so itself.
    co_return co_await control_.world.disturb(std::move(*sandbox), std::move(state));
  }

  Task<void> shutDown() override {
    control_.world.endDaemons();
    co_return co_await control_.previews.stop();
  }

 private:
  /// For whoever runs the emulator: no key is asked for.
  Task<Reply> setState(emulation::ExchangePtr exchange) {
    auto text = co_await exchange->body();
    if (!text) co_return std::unexpected(std::move(text).error());
    auto body = emulation::parseObject(*text);
    if (!body) co_return std::unexpected(std::move(body).error());
    emulation::Members members(*body);
    auto state = members.text("state");
    if (auto done = members.done(); !done) co_return std::unexpected(std::move(done).error());
    auto sandbox = control_.world.findAny(exchange->request().param("idOrName"));
    if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
    auto disturbed = control_.world.disturb(std::move(*sandbox), std::move(state));
    auto changed = co_await emulation::steadily<void>(std::move(disturbed));
    if (!changed) co_return std::unexpected(std::move(changed).error());
    co_return emulation::emptyReply(204);
  }

  Control control_;
  Events events_;
};

}  // namespace
}  // namespace emulator

Result<std::unique_ptr<emulation::Emulator>> makeEmulator(const emulation::Stage& stage) {
  auto settings = emulator::Settings::read(stage.settings);
  if (!settings) return std::unexpected(std::move(settings).error());
  auto schemas = emulation::Schemas::read(emulator::controlSchema);
  if (!schemas) return std::unexpected(std::move(schemas).error());
  return std::make_unique<emulator::DaytonaEmulator>(stage, *settings, std::move(*schemas));
}

}  // namespace mooring::daytona
