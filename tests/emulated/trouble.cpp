#include "trouble.hpp"

#include <utility>

namespace mooring::test {

using emulation::Fault;
using emulation::FaultAction;
using emulation::RetryAfterForm;

namespace {

Fault limiting(RetryAfterForm form, int seconds) {
  auto fault = answering(429);
  fault.retryAfter = form;
  fault.retryAfterSeconds = seconds;
  return fault;
}

Fault cutAfter(std::uint64_t bytes) {
  auto fault = acting(FaultAction::cutBody);
  fault.bytes = bytes;
  return fault;
}

}  // namespace

Fault acting(FaultAction action) {
  Fault fault;
  fault.action = action;
  return fault;
}

Fault answering(int status, std::optional<std::string> body) {
  auto fault = acting(FaultAction::status);
  fault.status = status;
  fault.body = std::move(body);
  return fault;
}

Fault disturbing(std::string state) {
  auto fault = acting(FaultAction::disturb);
  fault.state = std::move(state);
  return fault;
}

std::vector<Trouble> wireTroubles() {
  auto slow = acting(FaultAction::delay);
  slow.latency = std::chrono::milliseconds(50);
  return {
      {"slow", Harm::none, slow},
      {"429", Harm::none, limiting(RetryAfterForm::none, 0)},
      {"429, seconds", Harm::none, limiting(RetryAfterForm::seconds, 1)},
      {"429, date", Harm::none, limiting(RetryAfterForm::date, 0)},
      {"429, suffixed", Harm::none, limiting(RetryAfterForm::suffixed, 0)},
      {"reset", Harm::doubt, acting(FaultAction::reset)},
      {"reply lost", Harm::doubt, acting(FaultAction::loseReply)},
      {"body cut", Harm::doubt, cutAfter(5)},
      {"500", Harm::doubt, answering(500)},
      {"502, empty", Harm::doubt, answering(502, "")},
      {"503, a page", Harm::doubt, answering(503, "<html><body>Bad gateway</body></html>")},
      {"wrong JSON", Harm::garbled, acting(FaultAction::wrongJson)},
  };
}

}  // namespace mooring::test
