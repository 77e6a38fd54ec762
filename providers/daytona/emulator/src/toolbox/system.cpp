// What the sandbox is like, and its variables.
#include "toolbox/body.hpp"
#include "toolbox/routes.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

namespace mooring::daytona::emulator {

namespace json = boost::json;

namespace {

constexpr int leastPort = 3000;
constexpr int mostPort = 9999;
constexpr int highestPort = 65535;

emulation::Reply directory(const std::string& path) {
  json::object reply;
  reply["dir"] = path;
  return emulation::jsonReply(200, reply);
}

Task<emulation::Reply> workDirectory(DaemonPtr daemon, emulation::ExchangePtr /*exchange*/) {
  co_return directory(daemon->resolve(""));
}

Task<emulation::Reply> homeDirectory(DaemonPtr daemon, emulation::ExchangePtr /*exchange*/) {
  co_return directory(daemon->home());
}

Task<emulation::Reply> version(DaemonPtr daemon, emulation::ExchangePtr /*exchange*/) {
  json::object reply;
  reply["version"] = toString(daemon->release());
  co_return emulation::jsonReply(200, reply);
}

/// Ports of listening sockets in the kernel's table: "  0: 0100007F:1F90 00000000:0000 0A …".
void addListening(std::set<int>& ports, std::string_view table) {
  constexpr std::string_view listening = "0A";
  while (!table.empty()) {
    const auto end = table.find('\n');
    const auto line = table.substr(0, end);
    table.remove_prefix(end == std::string_view::npos ? table.size() : end + 1);
    const auto address = line.find(": ");
    if (address == std::string_view::npos) continue;
    const auto colon = line.find(':', address + 2);
    if (colon == std::string_view::npos) continue;
    int port = 0;
    const auto digits = line.substr(colon + 1, 4);
    std::from_chars(digits.data(), digits.data() + digits.size(), port, 16);
    const auto blank = line.find(' ', colon + 6);
    if (blank != std::string_view::npos && line.substr(blank + 1, 2) == listening) ports.insert(port);
  }
}

Task<std::set<int>> listeningPorts(DaemonPtr daemon) {
  std::set<int> ports;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    CommandSpec spec;
    spec.program = "cat";
    spec.args = {table};
    auto output = co_await daemon->machine().runCaptured(std::move(spec));
    if (!output) co_return std::unexpected(std::move(output).error());
    addListening(ports, output->out);
  }
  co_return ports;
}

Task<emulation::Reply> ports(DaemonPtr daemon, emulation::ExchangePtr /*exchange*/) {
  auto all = co_await listeningPorts(std::move(daemon));
  if (!all) co_return std::unexpected(std::move(all).error());
  json::array list;
  for (const int port : *all) {
    if (port >= leastPort && port <= mostPort) list.emplace_back(port);
  }
  json::object reply;
  reply["ports"] = std::move(list);
  co_return emulation::jsonReply(200, reply);
}

Task<emulation::Reply> portInUse(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto port = emulation::parseInteger("port", exchange->request().param("port"), 1, highestPort);
  if (!port) co_return std::unexpected(std::move(port).error());
  auto answers = co_await daemon->machine().answers(static_cast<int>(*port));
  if (!answers) co_return std::unexpected(std::move(answers).error());
  json::object reply;
  reply["isInUse"] = *answers;
  co_return emulation::jsonReply(200, reply);
}

Task<emulation::Reply> updateEnvironment(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  const auto set = members.optionalTexts("set").value_or(std::map<std::string, std::string>());
  const auto unset = members.optionalTextList("unset").value_or(std::vector<std::string>());
  const auto prefix = members.optionalText("unsetValuePrefix").value_or("");
  auto checked = checkBody(members);
  if (checked) checked = checkVariables(set);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  auto& variables = daemon->variables();
  for (const auto& name : unset) {
    variables.erase(name);
  }
  if (!prefix.empty()) {
    std::erase_if(variables, [&](const auto& variable) { return variable.second.starts_with(prefix); });
  }
  for (const auto& [name, value] : set) {
    variables.insert_or_assign(name, value);
  }
  co_return emulation::jsonReply(200, json::object());
}

/// A number behind `name` in the kernel's list of facts: "MemTotal:  16000 kB".
std::uint64_t kibibytes(std::string_view facts, std::string_view name) {
  const auto line = facts.find(name);
  if (line == std::string_view::npos) return 0;
  const auto digits = facts.find_first_of("0123456789", line + name.size());
  if (digits == std::string_view::npos) return 0;
  std::uint64_t number = 0;
  std::from_chars(facts.data() + digits, facts.data() + facts.size(), number);
  return number;
}

/// This machine's: its sandboxes share it.
Task<emulation::Reply> metrics(DaemonPtr daemon, emulation::ExchangePtr /*exchange*/) {
  constexpr std::uint64_t kibi = 1024;
  CommandSpec spec;
  spec.program = "/bin/sh";
  spec.args = {"-c",
               "cat /proc/meminfo; echo Processors: $(nproc); df -Pk . | awk 'NR==2 {print \"Blocks:\", $2; "
               "print \"Used:\", $3}'"};
  auto output = co_await daemon->machine().runCaptured(std::move(spec));
  if (!output) co_return std::unexpected(std::move(output).error());
  const std::string_view facts = output->out;
  const auto total = kibibytes(facts, "MemTotal:") * kibi;
  const auto disk = kibibytes(facts, "Blocks:") * kibi;
  const auto used = kibibytes(facts, "\nUsed:") * kibi;
  json::object reply;
  reply["cpuCount"] = kibibytes(facts, "Processors:");
  reply["cpuUsedPct"] = 0.0;
  reply["memTotal"] = total;
  reply["memUsed"] = total - kibibytes(facts, "MemAvailable:") * kibi;
  reply["memCache"] = kibibytes(facts, "\nCached:") * kibi;
  reply["diskTotal"] = disk;
  reply["diskUsed"] = used;
  reply["diskFree"] = disk - used;
  reply["timestamp"] = toString(daemon->now());
  reply["timestampUnix"] = std::chrono::duration_cast<std::chrono::seconds>(daemon->now().time_since_epoch())
                               .count();
  co_return emulation::jsonReply(200, reply);
}

}  // namespace

void addSystemRoutes(ToolboxRoutes& routes) {
  routes.on("GET", "/work-dir", workDirectory);
  routes.on("GET", "/user-home-dir", homeDirectory);
  routes.on("GET", "/version", version);
  routes.on("GET", "/port", ports);
  routes.on("GET", "/port/{port}/in-use", portInUse);
  routes.on("POST", "/env", updateEnvironment, Release::v205);
  routes.on("GET", "/system/metrics", metrics, Release::v205);
}

void addAbsentRoutes(ToolboxRoutes& routes) {
  routes.absent("*", "/computeruse/{rest...}");
  routes.absent("*", "/lsp/{rest...}");
  routes.absent("*", "/process/interpreter/{rest...}");
  routes.absent("POST", "/init");
}

}  // namespace mooring::daytona::emulator
