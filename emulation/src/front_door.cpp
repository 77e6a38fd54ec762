#include "front_door.hpp"

#include <mooring/emulation/strict.hpp>

#include "watched_exchange.hpp"

#include <boost/json/array.hpp>

namespace mooring::emulation {

namespace json = boost::json;

namespace {
constexpr std::string_view adminPrefix = "/__emulator/";
}

FrontDoor::FrontDoor(Stage stage, Emulator& emulator) : stage_(std::move(stage)), emulator_(emulator) {
  emulator_.addRoutes(router_);
  addAdminRoutes();
}

void FrontDoor::addAdminRoutes() {
  const auto ledger = stage_.ledger;
  const auto faults = stage_.faults;
  admin_.on("GET", "/__emulator/ledger", [ledger](ExchangePtr /*exchange*/) -> Task<Reply> {
    co_return jsonReply(200, ledger->json());
  });
  admin_.on("DELETE", "/__emulator/ledger", [ledger](ExchangePtr /*exchange*/) -> Task<Reply> {
    ledger->reset();
    co_return emptyReply(204);
  });
  admin_.on("GET", "/__emulator/faults", [faults](ExchangePtr /*exchange*/) -> Task<Reply> {
    co_return jsonReply(200, faults->json());
  });
  admin_.on("DELETE", "/__emulator/faults", [faults](ExchangePtr /*exchange*/) -> Task<Reply> {
    faults->clear();
    co_return emptyReply(204);
  });
  admin_.on("POST", "/__emulator/faults", std::bind_front(&FrontDoor::addFaults, this));
}

Task<Reply> FrontDoor::addFaults(ExchangePtr exchange) {
  auto body = co_await exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto value = parseBody(*body);
  if (!value) co_return std::unexpected(std::move(value).error());
  json::array rules;
  if (value->is_array()) {
    rules = value->get_array();
  } else {
    rules.push_back(*value);
  }
  for (const auto& rule : rules) {
    auto fault = parseFault(rule);
    if (!fault) co_return std::unexpected(std::move(fault).error());
    if (auto added = stage_.faults->add(std::move(*fault)); !added) {
      co_return std::unexpected(std::move(added).error());
    }
  }
  co_return jsonReply(200, stage_.faults->json());
}

Task<void> FrontDoor::handle(ExchangePtr exchange) {
  auto& request = exchange->request();
  auto route = router_.find(request);
  if (!route && request.path.starts_with(adminPrefix)) {
    route = admin_.find(request);
    if (route) co_return co_await callHandler(std::move(exchange), **route);
  } else if (route && !request.path.starts_with(adminPrefix)) {
    co_return co_await handleCounted(std::move(exchange), **route);
  } else if (route) {
    co_return co_await callHandler(std::move(exchange), **route);
  }
  const auto sequence = stage_.ledger->begin(request, std::string());
  auto watched = std::make_shared<WatchedExchange>(exchange, stage_.ledger, sequence);
  auto done = co_await refuse(watched, std::move(route).error());
  watched->conclude();
  co_return done;
}

Task<void> FrontDoor::handleCounted(ExchangePtr exchange, const Route& route) {
  auto fault = stage_.faults->strike(route.name());
  const auto sequence = stage_.ledger->begin(exchange->request(),
                                             fault ? std::string(toString(fault->action)) : std::string());
  const bool effectful = fault &&
                         (fault->action == FaultAction::loseReply || fault->action == FaultAction::cutBody ||
                          fault->action == FaultAction::wrongJson);
  std::shared_ptr<FaultyExchange> faulty;
  if (effectful) {
    faulty = std::make_shared<FaultyExchange>(std::move(exchange), *fault);
    exchange = faulty;
  }
  auto watched = std::make_shared<WatchedExchange>(std::move(exchange), stage_.ledger, sequence);
  Result<void> done;
  if (fault) {
    done = co_await underFault(watched, route, std::move(*fault));
  } else {
    done = co_await callHandler(watched, route);
  }
  if (faulty && faulty->begun()) done = co_await faulty->conclude();
  watched->conclude();
  co_return done;
}

Task<void> FrontDoor::underFault(ExchangePtr exchange, const Route& route, Fault fault) {
  if (fault.latency.count() > 0) {
    auto slept = co_await sleepFor(fault.latency);
    if (!slept) co_return slept;
  }
  switch (fault.action) {
    case FaultAction::reset:
      exchange->reset();
      co_return Result<void>();
    case FaultAction::status: {
      auto error = makeError(Errc::unavailable, "a fault was asked for");
      error.httpStatus = fault.status;
      const auto usual = emulator_.errorReply(exchange->request(), error);
      auto reply = replyFor(fault, usual, stage_.clock->now());
      co_return co_await exchange->reply(std::move(reply));
    }
    case FaultAction::disturb: {
      auto disturbed = co_await emulator_.disturb(exchange->request(), fault.state);
      if (!disturbed) co_return co_await refuse(exchange, std::move(disturbed).error());
      break;
    }
    case FaultAction::stale:
      exchange->request().stale = true;
      break;
    case FaultAction::misbehave: {
      auto known = emulator_.checkManner(fault.manner);
      if (!known) co_return co_await refuse(exchange, std::move(known).error());
      exchange->request().manner = fault.manner;
      break;
    }
    case FaultAction::delay:
    case FaultAction::loseReply:
    case FaultAction::cutBody:
    case FaultAction::wrongJson:
      break;
  }
  co_return co_await callHandler(std::move(exchange), route);
}

Task<void> FrontDoor::callHandler(ExchangePtr exchange, const Route& route) {
  if (auto known = route.checkQuery(exchange->request()); !known) {
    co_return co_await refuse(std::move(exchange), std::move(known).error());
  }
  Result<void> done;
  try {
    done = co_await route.handler()(exchange);
  } catch (const std::exception& e) {
    done = failure(Errc::internal, std::string("unexpected exception: ") + e.what());
  }
  if (done || exchange->begun()) co_return done;
  co_return co_await refuse(std::move(exchange), std::move(done).error());
}

Task<void> FrontDoor::refuse(ExchangePtr exchange, Error error) {
  auto reply = emulator_.errorReply(exchange->request(), error);
  reply.status = statusOf(error);
  co_return co_await exchange->reply(std::move(reply));
}

}  // namespace mooring::emulation
