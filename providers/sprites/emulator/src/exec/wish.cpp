#include "exec/wish.hpp"

#include <mooring/emulation/strict.hpp>

#include "duration.hpp"

namespace mooring::sprites::emulated {

using emulation::refused;

namespace {

Result<bool> flag(const emulation::Request& request, std::string_view name, bool usual) {
  const auto text = request.queryValue(name);
  if (!text) return usual;
  return emulation::parseFlag(name, *text);
}

Result<int> size(const emulation::Request& request, std::string_view name, int usual) {
  const auto text = request.queryValue(name);
  if (!text) return usual;
  constexpr int largest = 10000;
  const auto number = emulation::parseInteger(name, *text, 1, largest);
  if (!number) return std::unexpected(number.error());
  return static_cast<int>(*number);
}

Result<void> readTerminal(const emulation::Request& request, ProcessSpec& process) {
  const auto tty = flag(request, "tty", false);
  if (!tty) return std::unexpected(tty.error());
  process.tty = *tty;
  const auto input = flag(request, "stdin", process.tty);
  if (!input) return std::unexpected(input.error());
  process.input = *input;
  const auto columns = size(request, "cols", process.columns);
  if (!columns) return std::unexpected(columns.error());
  process.columns = *columns;
  const auto rows = size(request, "rows", process.rows);
  if (!rows) return std::unexpected(rows.error());
  process.rows = *rows;
  return {};
}

Result<void> readEnvironment(const emulation::Request& request, ProcessSpec& process) {
  for (const auto& variable : request.queryValues("env")) {
    const auto equals = variable.find('=');
    if (equals == std::string::npos || equals == 0) return refused(400, "env must be NAME=value");
    if (!process.environment) process.environment.emplace();
    (*process.environment)[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  return {};
}

}  // namespace

Result<SessionSpec> parseExec(const emulation::Request& request) {
  SessionSpec spec;
  auto& process = spec.process;
  process.argv = request.queryValues("cmd");
  const auto path = request.queryValue("path").value_or("");
  if (process.argv.empty()) process.argv = {path.empty() ? "bash" : path};
  if (!path.empty()) process.argv.front() = path;
  if (process.argv.front().empty()) return refused(400, "cmd must not be empty");
  for (const auto& word : process.argv) {
    if (word.find('\0') != std::string::npos) return refused(400, "cmd holds a NUL");
  }
  process.directory = request.queryValue("dir").value_or("");
  if (auto read = readTerminal(request, process); !read) return std::unexpected(std::move(read).error());
  if (auto read = readEnvironment(request, process); !read) return std::unexpected(std::move(read).error());
  const auto detachable = flag(request, "detachable", false);
  if (!detachable) return std::unexpected(detachable.error());
  spec.detachable = *detachable;
  if (auto ignored = flag(request, "cc", false); !ignored) return std::unexpected(ignored.error());
  constexpr std::chrono::seconds usual(10);
  if (!process.tty) spec.maxRun = usual;
  if (const auto text = request.queryValue("max_run_after_disconnect")) {
    const auto most = parseDuration("max_run_after_disconnect", *text);
    if (!most) return std::unexpected(most.error());
    spec.maxRun = *most;
  }
  return spec;
}

}  // namespace mooring::sprites::emulated
