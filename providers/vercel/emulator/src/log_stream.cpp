#include "log_stream.hpp"

#include "wire.hpp"

#include <boost/json/serialize.hpp>

namespace mooring::vercel::emulated {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// How long a reply may still last.
class Patience {
 public:
  explicit Patience(milliseconds limit)
      : end_(limit.count() > 0 ? std::optional(steady_clock::now() + limit) : std::nullopt) {}

  /// Zero: for ever.
  [[nodiscard]] milliseconds left() const {
    if (!end_) return milliseconds(0);
    const auto rest = std::chrono::ceil<milliseconds>(*end_ - steady_clock::now());
    return std::max(rest, milliseconds(1));
  }

 private:
  std::optional<steady_clock::time_point> end_;
};

/// The next change of `command`; false when the patience ended first.
Task<bool> nextChange(CommandRunPtr command, Patience patience) {
  auto woken = co_await emulation::within<void>(command->changed.wait(), patience.left());
  if (woken.late) co_return false;
  if (!woken.result) co_return std::unexpected(std::move(woken.result).error());
  co_return true;
}

std::string commandLine(json::object command) {
  json::object line;
  line["command"] = std::move(command);
  return json::serialize(line) + "\n";
}

Task<void> writeLine(emulation::ExchangePtr exchange, std::string line) {
  co_return co_await exchange->write(asBytes(line));
}

/// Every line that there is and will be. False when the patience ended first.
Task<bool> writeLogs(emulation::ExchangePtr exchange,
                     emulation::MachinePtr machine,
                     CommandRunPtr command,
                     Patience patience) {
  std::size_t next = 0;
  for (;;) {
    while (next < command->pieces.size()) {
      auto line = co_await logLine(machine, command, command->pieces[next]);
      // The machine has gone; that shows at the end.
      if (!line) break;
      auto written = co_await writeLine(exchange, std::move(*line));
      if (!written) co_return std::unexpected(std::move(written).error());
      ++next;
    }
    if (command->over) co_return true;
    auto more = co_await nextChange(command, patience);
    if (!more || !*more) co_return more;
  }
}

}  // namespace

Task<bool> awaitCommand(WorldPtr world, CommandRunPtr command) {
  const Patience patience(world->knobs.streamLimit);
  while (!command->over) {
    auto more = co_await nextChange(command, patience);
    if (!more || !*more) co_return more;
  }
  co_return true;
}

Task<void> streamCommand(WorldPtr world,
                         emulation::ExchangePtr exchange,
                         SessionPtr session,
                         CommandRunPtr command,
                         StreamShows shows) {
  const Patience patience(world->knobs.streamLimit);
  // Exactly so: the vendor's client takes nothing else.
  http::Headers headers;
  headers.add("Content-Type", "application/x-ndjson");
  auto sent = co_await exchange->begin(200, std::move(headers), std::nullopt);
  if (sent && shows != StreamShows::logs)
    sent = co_await writeLine(exchange, commandLine(begunCommandJson(*command)));
  if (!sent) co_return sent;
  Result<bool> whole = true;
  if (shows == StreamShows::command) {
    whole = co_await awaitCommand(world, command);
  } else {
    whole = co_await writeLogs(exchange, session->machine, command, patience);
  }
  if (!whole) co_return std::unexpected(std::move(whole).error());
  if (!*whole) {
    exchange->cut();
    co_return Result<void>();
  }
  if (!command->exitCode) co_return co_await writeLine(exchange, streamClosedLine());
  if (shows != StreamShows::logs) co_return co_await writeLine(exchange, commandLine(commandJson(*command)));
  co_return Result<void>();
}

}  // namespace mooring::vercel::emulated
