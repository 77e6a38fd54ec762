#pragma once

/// The smallest emulator, for tests of what all of them stand on.

#include <mooring/emulation/emulator.hpp>
#include <mooring/emulation/strict.hpp>

#include "support/catch.hpp"
#include "support/results.hpp"
#include "transport_sending.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace mooring::test {

class ToyEmulator final : public emulation::Emulator {
 public:
  using AddRoutes = std::function<void(emulation::Router&, const emulation::Stage&)>;
  ToyEmulator(emulation::Stage stage, AddRoutes add) : stage_(std::move(stage)), add_(std::move(add)) {}

  void addRoutes(emulation::Router& router) override { add_(router, stage_); }
  emulation::Reply errorReply(const emulation::Request& request, const Error& error) const override {
    boost::json::object body;
    body["path"] = request.path;
    body["message"] = error.message;
    return emulation::jsonReply(emulation::statusOf(error), body);
  }
  std::vector<std::pair<std::string, std::string>> environment() const override {
    return {{"TOY_API_URL", stage_.baseUrl}};
  }
  Task<void> disturb(const emulation::Request& request, std::string state) override {
    disturbed.emplace_back(request.path, std::move(state));
    co_return Result<void>();
  }
  Task<void> shutDown() override { co_return Result<void>(); }

  std::vector<std::pair<std::string, std::string>> disturbed;

 private:
  emulation::Stage stage_;
  AddRoutes add_;
};

inline std::unique_ptr<emulation::Host> toyHost(ToyEmulator::AddRoutes add,
                                                emulation::HostOptions options = emulation::HostOptions()) {
  auto factory =
      [add = std::move(add)](const emulation::Stage& stage) -> Result<std::unique_ptr<emulation::Emulator>> {
    return std::make_unique<ToyEmulator>(stage, add);
  };
  auto host = emulation::Host::start(std::move(factory), std::move(options));
  REQUIRE(ok(host));
  return std::move(*host);
}

/// Answers with what it was asked: "METHOD path body".
inline Task<emulation::Reply> echo(emulation::ExchangePtr exchange) {
  auto body = co_await exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  const auto& request = exchange->request();
  co_return emulation::textReply(200, request.method + " " + request.path + " " + *body);
}

}  // namespace mooring::test
