/// What an emulator does wrong on purpose, and when.
#pragma once

#include <mooring/detail/enum_text.hpp>
#include <mooring/emulation/message.hpp>

#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::emulation {

enum class FaultAction {
  delay,      ///< Only the latency.
  status,     ///< Another answer instead; nothing happens.
  reset,      ///< The connection is reset; nothing happens.
  loseReply,  ///< All happens, then the connection is reset.
  cutBody,    ///< All happens; the reply (or a WebSocket's output) ends after some bytes.
  wrongJson,  ///< All happens; the reply's body is no JSON.
  disturb,    ///< The sandbox concerned changes behind the client's back, then the request is handled.
  stale,      ///< An outdated answer, where the emulator knows one (listings).
  misbehave,  ///< The request is handled, in a manner that only this provider has.
};

enum class RetryAfterForm { none, seconds, date, suffixed };

/// One rule. JSON form: the members by their names, durations in milliseconds, defaults left out.
struct Fault {
  std::string route = ".*";  ///< A regular expression for "METHOD template"; it must match the whole of it.
  int skip = 0;              ///< That many matching requests pass first.
  int count = 1;             ///< Then so many are struck. 0: all.
  double probability = 1;    ///< Of each that would be struck; by the emulator's seed.
  std::chrono::milliseconds latency = {};  ///< Before anything else; JSON "latencyMs".
  FaultAction action = FaultAction::delay;

  int status = 500;  ///< Of FaultAction::status.
  std::vector<http::Headers::Field> headers = {};
  std::optional<std::string> body = {};  ///< Unset: the provider's usual error body.
  RetryAfterForm retryAfter = RetryAfterForm::none;
  int retryAfterSeconds = 1;
  std::string bucket = "authenticated";  ///< The suffix of RetryAfterForm::suffixed.

  std::uint64_t bytes = 0;  ///< Of FaultAction::cutBody: so many go through.
  std::string state = {};  ///< Of FaultAction::disturb: the emulator's own word, such as "stopped" or "gone".
  std::string manner = {};  ///< Of FaultAction::misbehave: the emulator's own word.
};

boost::json::object toJson(const Fault& fault);
/// Errors: status 400 naming the member.
Result<Fault> parseFault(const boost::json::value& value);

/// The rules in force. Threads: any.
class Faults {
 public:
  explicit Faults(std::uint64_t seed = 1) : random_(seed) {}

  /// Errors: invalidArgument (not a regular expression).
  Result<void> add(Fault fault);
  void clear();
  /// The first rule that strikes this request, if any; it is counted.
  std::optional<Fault> strike(std::string_view route);
  /// With how often each has struck, as "struck".
  [[nodiscard]] boost::json::array json() const;

 private:
  struct Rule {
    Fault fault;
    std::regex pattern;
    int seen = 0;
    int struck = 0;
  };

  mutable std::mutex mutex_;
  std::vector<Rule> rules_;
  std::mt19937_64 random_;
};

/// The answer of FaultAction::status; without a body of its own, `usual` gives it.
Reply replyFor(const Fault& fault, const Reply& usual, std::chrono::system_clock::time_point now);

}  // namespace mooring::emulation

template <>
struct mooring::detail::EnumText<mooring::emulation::FaultAction> {
  using Action = mooring::emulation::FaultAction;
  static constexpr std::array entries{
      std::pair{Action::delay, std::string_view("delay")},
      std::pair{Action::status, std::string_view("status")},
      std::pair{Action::reset, std::string_view("reset")},
      std::pair{Action::loseReply, std::string_view("loseReply")},
      std::pair{Action::cutBody, std::string_view("cutBody")},
      std::pair{Action::wrongJson, std::string_view("wrongJson")},
      std::pair{Action::disturb, std::string_view("disturb")},
      std::pair{Action::stale, std::string_view("stale")},
      std::pair{Action::misbehave, std::string_view("misbehave")},
  };
};

template <>
struct mooring::detail::EnumText<mooring::emulation::RetryAfterForm> {
  using Form = mooring::emulation::RetryAfterForm;
  static constexpr std::array entries{
      std::pair{Form::none, std::string_view("none")},
      std::pair{Form::seconds, std::string_view("seconds")},
      std::pair{Form::date, std::string_view("date")},
      std::pair{Form::suffixed, std::string_view("suffixed")},
  };
};
