// smoke: does a provider keep its promises, here and now?
#include "command_line.hpp"
#include "emulators.hpp"
#include "exit_codes.hpp"
#include "json_forms.hpp"
#include "smoke/walk.hpp"
#include "table.hpp"
#include "words.hpp"

#include <boost/json/array.hpp>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <stdlib.h>

namespace fs = std::filesystem;

namespace mooring::cli {
namespace {

using std::chrono::milliseconds;

struct SmokeOptions {
  std::string provider = {};
  bool emulated = false;
};

enum class Verdict { good, broken, leftOut };

std::string_view wordFor(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return "ok";
    case Verdict::broken:
      return "FAILED";
    case Verdict::leftOut:
      return "left out";
  }
  return {};
}

struct Line {
  std::string step = {};
  Support support = Support::native;
  Verdict verdict = Verdict::good;
  milliseconds took = {};
  std::string note = {};
};

/// A directory that is removed with all in it.
class Scratch {
 public:
  Scratch() {
    auto name = (fs::temp_directory_path() / "mooring-smoke-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Scratch() {
    std::error_code ec;
    if (!path_.empty()) fs::remove_all(path_, ec);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Result<ProviderDescription> describe(const SandboxService& service,
                                     const std::string& name,
                                     const CallOptions& call) {
  auto all = service.providers(call).get();
  if (!all) return std::unexpected(std::move(all).error());
  std::string known;
  for (auto& provider : *all) {
    if (provider.name == name) {
      if (provider.unusable) return std::unexpected(std::move(*provider.unusable));
      return std::move(provider);
    }
    known += (known.empty() ? "" : ", ") + provider.name;
  }
  return failure(Errc::notFound, "there is no provider \"" + name + "\"; known are: " + known);
}

CapabilityInfo offered(const ProviderDescription& provider, Capability capability) {
  const auto found = provider.capabilities.find(capability);
  return found == provider.capabilities.end() ? CapabilityInfo() : found->second;
}

std::vector<Line> walkAll(smoke::World& world,
                          const ProviderDescription& provider,
                          const std::function<void(const Line&)>& tell) {
  std::vector<Line> lines;
  for (const auto& step : smoke::steps()) {
    Line line;
    line.step = step.name;
    const auto info = step.capability ? offered(provider, *step.capability)
                                      : CapabilityInfo{Support::native, {}};
    line.support = info.support;
    if (info.support == Support::unsupported) {
      line.verdict = Verdict::leftOut;
      line.note = info.note;
    } else if (!world.sandbox && !lines.empty()) {
      line.verdict = Verdict::leftOut;
      line.note = "there is no sandbox";
    } else {
      const auto begun = std::chrono::steady_clock::now();
      auto found = step.walk(world);
      line.took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
      line.verdict = found ? Verdict::good : Verdict::broken;
      line.note = found ? std::move(*found) : mooring::describe(found.error());
    }
    tell(line);
    lines.push_back(std::move(line));
  }
  return lines;
}

/// Removes what the steps left, and looks whether anything else is there.
Line cleanUp(smoke::World& world, emulation::Host* host) {
  Line line;
  line.step = "nothing left over";
  const auto begun = std::chrono::steady_clock::now();
  const CallOptions unlimited;  // Also after Ctrl-C.
  std::vector<std::string> problems;
  const auto note = [&](const auto& result) {
    if (!result) problems.push_back(mooring::describe(result.error()));
  };
  RecordFilter all;
  PageRequest request;
  do {
    auto page = world.service.list(all, request, unlimited).get();
    note(page);
    if (!page) break;
    for (const auto& record : page->records)
      note(world.service.sandbox(record.sandboxId).destroy(unlimited).get());
    request.cursor = page->nextCursor;
  } while (!request.cursor.empty());
  for (const auto& volume : world.volumes)
    note(world.service.volumes(world.provider).remove(volume, unlimited).get());
  auto recovered = world.service.recover(unlimited).get();
  note(recovered);
  if (recovered) {
    for (const auto& failed : recovered->failures)
      problems.push_back(mooring::describe(failed));
    for (const auto& step : recovered->steps)
      problems.push_back(fmt::format("{} {}", toString(step.action), step.provisionKey));
  }
  if (host != nullptr) {
    for (const auto& living : host->ledger().livingSandboxes())
      problems.push_back("the emulator still has " + living);
  }
  line.took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
  line.verdict = problems.empty() ? Verdict::good : Verdict::broken;
  for (const auto& problem : problems)
    line.note += (line.note.empty() ? "" : "; ") + problem;
  return line;
}

void show(Session& session, const std::vector<Line>& lines) {
  Table table({"STEP", "SUPPORT", "RESULT", "TIME", "NOTE"});
  for (const auto& line : lines) {
    const auto time = line.verdict == Verdict::leftOut ? std::string("-") : durationText(line.took);
    table.add({line.step,
               std::string(toString(line.support)),
               std::string(wordFor(line.verdict)),
               time,
               printable(line.note)});
  }
  session.print(session.showsTables() ? table.aligned() : table.tabbed());
}

boost::json::object jsonOf(const Line& line) {
  return {{"step", line.step},
          {"support", toString(line.support)},
          {"result", wordFor(line.verdict)},
          {"ms", line.took.count()},
          {"note", line.note}};
}

Result<int> smokeTest(Session& session, const SmokeOptions& options) {
  const Scratch scratch;
  if (scratch.path().empty())
    return failure(Errc::unavailable, "cannot make a directory in " + fs::temp_directory_path().string());
  auto settings = Settings::fromEnvironment();
  const auto provider = options.provider.empty() ? chooseProvider(SandboxConfig(), settings)
                                                 : options.provider;
  std::unique_ptr<emulation::Host> host;
  if (options.emulated) {
    auto factory = emulatorOf(provider);
    if (!factory) return std::unexpected(std::move(factory).error());
    auto started = emulation::Host::start(std::move(*factory));
    if (!started) return std::unexpected(std::move(started).error());
    host = std::move(*started);
    for (const auto& [name, value] : host->environment())
      settings = settings.with(name, value);
  }
  if (!settings.get("MOORING_LOCAL_DIR"))
    settings = settings.with("MOORING_LOCAL_DIR", scratch.path() / "local");

  const auto database = scratch.path() / "mooring.db";
  std::function<Result<SandboxService>()> open = [&session, &settings, &database] {
    return session.openOn(database, settings);
  };
  auto service = open();
  if (!service) return std::unexpected(std::move(service).error());
  auto described = describe(*service, provider, session.call());
  if (!described) return std::unexpected(std::move(described).error());

  const auto tag = systemIds(systemClock())->uuid().substr(24);
  smoke::World world{.service = *service,
                     .otherProcess = open,
                     .provider = provider,
                     .call = session.call(),
                     .scratch = scratch.path(),
                     .tag = tag};
  session.note(fmt::format("smoke test of {}{}", provider, host ? ", emulated at " + host->url() : ", live"));
  const auto tell = [&session](const Line& line) {
    if (line.verdict != Verdict::leftOut)
      session.note(fmt::format("{:8} {} ({})", wordFor(line.verdict), line.step, durationText(line.took)));
  };
  auto lines = walkAll(world, *described, tell);
  lines.push_back(cleanUp(world, host.get()));
  const bool healthy = std::ranges::none_of(lines,
                                            [](const Line& line) { return line.verdict == Verdict::broken; });
  if (session.json()) {
    boost::json::array out;
    for (const auto& line : lines)
      out.push_back(jsonOf(line));
    session.printJson({{"provider", provider},
                       {"emulated", options.emulated},
                       {"healthy", healthy},
                       {"steps", std::move(out)}});
  } else {
    show(session, lines);
  }
  return healthy ? exit_code::ok : exit_code::failed;
}

}  // namespace

void addSmokeCommand(CommandLine& line) {
  auto [app, options] = line.leaf<SmokeOptions>(
      line.root(), "smoke", "Walk through all that a provider offers, and time it", smokeTest);
  app->add_option("PROVIDER", options->provider, "Which one (default: the one that `create` would take)");
  app->add_flag("--emulated", options->emulated, "Against mooring's own emulator of it; needs no account");
  app->footer(
      R"(Makes sandboxes at the provider, with a database of its own, and removes all of it again; at a real account
that costs a little. Ends with 0 when everything that the provider offers works, with 1 when something does not, and
with 8 when the provider is not configured.)");
}

}  // namespace mooring::cli
