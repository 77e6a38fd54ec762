// why (logs): what happened to a sandbox, read aloud.
#include "command_line.hpp"
#include "exit_codes.hpp"
#include "words.hpp"

#include <spdlog/fmt/fmt.h>

namespace mooring::cli {
namespace {

struct HistoryOptions {
  std::string id = {};
};

std::string lineOf(const SandboxEvent& event) {
  std::string out = fmt::format("{}  generation {}  ", timeText(event.at), event.generation);
  out += meaning(event.reason);
  if (!event.detail.empty()) out += ": " + printable(event.detail);
  if (!event.from) {
    out += fmt::format(" [{}]", toString(event.to));
  } else if (*event.from != event.to) {
    out += fmt::format(" [{} -> {}]", toString(*event.from), toString(event.to));
  }
  return out;
}

Result<int> why(Session& session, const HistoryOptions& options) {
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  const auto sandbox = service->sandbox(options.id);
  std::int64_t after = 0;
  while (true) {
    auto events = sandbox.events(after, session.call()).get();
    if (!events) return std::unexpected(std::move(events).error());
    if (events->empty()) return exit_code::ok;
    for (const auto& event : *events) {
      after = event.seq;
      if (session.json()) {
        session.printJson(toJson(event));
      } else {
        session.printLine(lineOf(event));
      }
    }
  }
}

}  // namespace

void addHistoryCommand(CommandLine& line) {
  auto [app, options] = line.leaf<HistoryOptions>(
      line.root(), "why", "Tell what happened to a sandbox, when and why; oldest first", why);
  app->alias("logs");
  app->add_option("ID", options->id, "The sandboxId")->required();
  app->footer("With --json: one event a line.");
}

}  // namespace mooring::cli
