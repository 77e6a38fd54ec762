// mooring_crash_child <verb> [<subject>]: opens a service and does one thing with it. What it is to do on the
// way comes by environment:
//   MOORING_CRASH_DATABASE   the SQLite file
//   MOORING_CRASH_STEP       the Step at which it is cut off, once
//   MOORING_CRASH_HOW        kill (SIGKILL) or freeze (announces "at <step>", then SIGSTOP: the test may
//   continue it) MOORING_CRASH_CLOCK_MS   how far its clock is ahead MOORING_CRASH_WAIT       when set:
//   announces "ready" and waits for a line before it begins
// It prints "ok <what came of it>", or "error <code> <message>".

#include "support/child.hpp"

#include <mooring/mooring.hpp>

#include "crash/clock.hpp"

#include <boost/json/parse.hpp>

#include <atomic>
#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <string>
using namespace mooring;

namespace {

using Verb = std::function<Result<std::string>(const SandboxService& service, const std::string& subject)>;

template <class T>
Result<std::string> named(Result<T> result, std::string text) {
  if (!result) return std::unexpected(std::move(result).error());
  return text;
}

Result<std::string> create(const SandboxService& service, const std::string& subject) {
  auto config = parseConfig(boost::json::parse(subject));
  if (!config) return std::unexpected(std::move(config).error());
  auto sandbox = service.create(std::move(*config)).get();
  if (!sandbox) return std::unexpected(std::move(sandbox).error());
  return sandbox->id().value;
}

Result<std::string> connect(const SandboxService& service, const std::string& subject) {
  auto outcome = service.sandbox(subject).connect().get();
  if (!outcome) return std::unexpected(std::move(outcome).error());
  if (outcome->reason) return std::unexpected(std::move(*outcome->reason));
  return std::string(toString(outcome->kind));
}

/// "<exit code> <connection> <standard output>".
Result<std::string> run(const SandboxService& service, const std::string& subject) {
  auto result = service.sandbox(subject).run("sh", {"-c", "cat setup.log 2>/dev/null || echo none"}).get();
  if (!result) return std::unexpected(std::move(result).error());
  auto text = result->out.text;
  for (auto& c : text) {
    if (c == '\n') c = '|';
  }
  return std::to_string(result->exitCode) + " " + std::string(toString(result->connection)) + " " + text;
}

Result<std::string> recover(const SandboxService& service, const std::string&) {
  auto report = service.recover().get();
  if (!report) return std::unexpected(std::move(report).error());
  if (!report->failures.empty()) return std::unexpected(std::move(report->failures.front()));
  return std::to_string(report->steps.size());
}

/// Starts a command that reads one line and ends with it, and stays here until it is killed.
Result<std::string> start(const SandboxService& service, const std::string& subject) {
  Command command;
  command.program = "sh";
  command.args = {"-c", "echo begun; echo warned >&2; read line; echo \"got $line\"; exit 7"};
  auto started = service.sandbox(subject).start(std::move(command)).get();
  if (!started) return std::unexpected(std::move(started).error());
  test::child::pauseAt("started " + started->id().value);
  return started->id().value;
}

const std::map<std::string, Verb> verbs{
    {"create", create},
    {"connect", connect},
    {"run", run},
    {"recover", recover},
    {"start", start},
    {"recreate",
     [](const auto& service, const auto& id) {
       return named(service.sandbox(id).recreate().get(), "recreated");
     }},
    {"stop",
     [](const auto& service, const auto& id) { return named(service.sandbox(id).stop().get(), "stopped"); }},
    {"destroy",
     [](const auto& service, const auto& id) {
       return named(service.sandbox(id).destroy().get(), "destroyed");
     }},
    {"resume",
     [](const auto& service, const auto& id) {
       return named(service.sandbox(id).resume().get(), "resumed");
     }},
};

std::function<void(Step)> cutOffAt(Step step, bool kill) {
  return [step, kill, done = std::make_shared<std::atomic<bool>>(false)](Step reached) {
    if (reached != step || done->exchange(true)) return;
    if (!kill) test::child::announce("at " + std::string(toString(step)));
    // To this thread, so that it goes no further: another one may take its time to see a signal to the
    // process.
    (void)::raise(kill ? SIGKILL : SIGSTOP);
  };
}

int finish(const Result<std::string>& result) {
  if (result) {
    test::child::announce("ok " + *result);
    return 0;
  }
  test::child::announce("error " + std::string(toString(result.error().code)) + " " +
                        describe(result.error()));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto settings = Settings::fromEnvironment();
  const auto verb = argc > 1 ? verbs.find(argv[1]) : verbs.end();
  const auto database = settings.get("MOORING_CRASH_DATABASE");
  if (verb == verbs.end() || !database) return finish(failure(Errc::invalidArgument, "bad arguments"));

  OpenOptions options;
  options.database = *database;
  options.parts.settings = settings;
  const std::chrono::milliseconds ahead(std::stoll(settings.get("MOORING_CRASH_CLOCK_MS").value_or("0")));
  options.parts.clock = std::make_shared<test::OffsetClock>(ahead);
  if (const auto name = settings.get("MOORING_CRASH_STEP")) {
    const auto step = parseEnum<Step>(*name);
    if (!step) return finish(failure(Errc::invalidArgument, "no such step: " + *name));
    options.parts.onStep = cutOffAt(*step, settings.get("MOORING_CRASH_HOW") != "freeze");
  }
  auto service = mooring::open(std::move(options));
  if (!service) return finish(std::unexpected(std::move(service).error()));
  if (settings.get("MOORING_CRASH_WAIT")) test::child::pauseAt("ready");
  return finish(verb->second(*service, argc > 2 ? argv[2] : ""));
}
