// doctor: what is configured, what is missing, and how to fix it. Changes nothing.
#include "command_line.hpp"
#include "exit_codes.hpp"
#include "json_forms.hpp"
#include "words.hpp"

#include <boost/json/array.hpp>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace mooring::cli {
namespace {

struct NoOptions {};

/// A finding, and whether mooring can work without it.
struct Diagnosis {
  std::string area = {};
  Finding finding = {};
  bool needed = true;
};

using Diagnoses = std::vector<Diagnosis>;

void good(Diagnoses& out, std::string area, std::string what) {
  out.push_back({.area = std::move(area), .finding = {.good = true, .what = std::move(what)}});
}

void bad(Diagnoses& out, std::string area, std::string what, std::string fix, bool needed = true) {
  out.push_back({.area = std::move(area),
                 .finding = {.good = false, .what = std::move(what), .fix = std::move(fix)},
                 .needed = needed});
}

/// The nearest directory above `path` that exists: what is missing below it is made on first use.
fs::path existingParent(fs::path path) {
  std::error_code ec;
  path = fs::absolute(path, ec).parent_path();
  while (!path.empty() && path != path.root_path() && !fs::exists(path, ec))
    path = path.parent_path();
  return path;
}

struct Whereabouts {
  fs::path path = {};
  std::string said = {};  ///< Who chose it.
};

Result<Whereabouts> databaseOf(const Session& session, const Settings& settings) {
  if (!session.globals().database.empty()) return Whereabouts{session.globals().database, "--database"};
  auto path = defaultDatabase(settings);
  if (!path) return std::unexpected(std::move(path).error());
  return Whereabouts{std::move(*path),
                     settings.get("MOORING_DATABASE") ? "MOORING_DATABASE" : "the default place"};
}

/// A directory that is removed with all in it.
class Scratch {
 public:
  Scratch() {
    auto name = (fs::temp_directory_path() / "mooring-doctor-XXXXXX").string();
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

/// Looks at an existing file; false when there is none yet.
bool checkFile(Diagnoses& out, const Whereabouts& database) {
  struct stat info = {};
  if (::stat(database.path.c_str(), &info) != 0) {
    const auto parent = existingParent(database.path);
    const auto text = fmt::format(
        "{} (chosen by {}) does not exist yet", database.path.string(), database.said);
    if (::access(parent.c_str(), W_OK | X_OK) == 0) {
      good(out, "database", text + "; it is made on first use");
    } else {
      bad(out,
          "database",
          text + ", and " + parent.string() + " is not writable",
          "make it writable, or choose another place with --database or MOORING_DATABASE");
    }
    return false;
  }
  good(out,
       "database",
       fmt::format("{} (chosen by {}), {}",
                   database.path.string(),
                   database.said,
                   sizeText(static_cast<std::uint64_t>(std::max<off_t>(info.st_size, 0)))));
  const auto mode = static_cast<unsigned>(info.st_mode) & 0777U;
  if ((mode & 077U) != 0) {
    bad(out,
        "database",
        fmt::format("others may open it: its mode is {:04o}", mode),
        "chmod 600 " + database.path.string(),
        false);
  }
  const auto parent = database.path.has_parent_path() ? database.path.parent_path() : fs::path(".");
  if (::access(database.path.c_str(), R_OK | W_OK) != 0 || ::access(parent.c_str(), W_OK | X_OK) != 0) {
    bad(out,
        "database",
        "the file or its directory is not writable for you",
        "change their owner or permissions, or choose another place with --database");
  }
  return true;
}

/// A service to ask the providers with; without a database of its own it gets one that is thrown away.
Result<SandboxService> openFor(Session& session,
                               Diagnoses& out,
                               const Settings& settings,
                               const Scratch& scratch) {
  auto database = databaseOf(session, settings);
  if (!database) {
    bad(out, "database", database.error().message, "set MOORING_DATABASE, or give --database");
  } else if (checkFile(out, *database)) {
    auto service = session.service();
    if (service) {
      const auto count = service->count(RecordFilter(), session.call()).get();
      if (count) {
        good(out,
             "database",
             fmt::format("it can be read: {} sandbox{} on record", *count, *count == 1 ? "" : "es"));
        return service;
      }
      bad(out,
          "database",
          "it cannot be read: " + count.error().message,
          "restore it from a backup, or use another");
    } else {
      bad(out,
          "database",
          "it cannot be opened: " + service.error().message,
          "restore it from a backup, or use another");
    }
  }
  return session.openOn(scratch.path() / "mooring.db");
}

void checkProviders(Diagnoses& out,
                    const std::vector<ProviderDescription>& providers,
                    const Settings& settings) {
  const auto chosen = chooseProvider(SandboxConfig(), settings);
  const auto said = settings.get("SANDBOX_PROVIDER") ? "SANDBOX_PROVIDER" : "nobody, so the default";
  std::string known;
  bool present = false;
  for (const auto& provider : providers) {
    known += (known.empty() ? "" : ", ") + provider.name;
    present = present || provider.name == chosen;
  }
  if (present) {
    good(out, "provider", fmt::format("new sandboxes go to {} (chosen by {})", chosen, said));
  } else {
    bad(out,
        "provider",
        fmt::format(
            "new sandboxes would go to {} (chosen by {}), which this build does not have", chosen, said),
        "set SANDBOX_PROVIDER to one of: " + known);
  }
  for (const auto& provider : providers) {
    const bool needed = provider.name == chosen;
    for (const auto& finding : provider.findings)
      out.push_back({provider.name, finding, needed});
    if (provider.unusable) {
      bad(out,
          provider.name,
          "cannot be used: " + provider.unusable->message,
          "provide what it names",
          needed);
    } else if (provider.findings.empty()) {
      good(out, provider.name, "ready");
    }
  }
}

Result<int> doctor(Session& session, const NoOptions&) {
  const auto settings = Settings::fromEnvironment();
  const Scratch scratch;
  Diagnoses all;
  auto service = openFor(session, all, settings, scratch);
  if (service) {
    auto providers = service->providers(session.call()).get();
    if (!providers) return std::unexpected(std::move(providers).error());
    checkProviders(all, *providers, settings);
  } else {
    bad(all, "database", "providers could not be looked at: " + service.error().message, "see above");
  }
  const bool healthy = std::ranges::none_of(
      all, [](const Diagnosis& one) { return one.needed && !one.finding.good; });
  if (session.json()) {
    boost::json::array findings;
    for (const auto& [area, finding, needed] : all) {
      auto object = toJson(finding);
      object["area"] = area;
      object["needed"] = needed;
      findings.push_back(std::move(object));
    }
    session.printJson({{"healthy", healthy}, {"findings", std::move(findings)}});
    return healthy ? exit_code::ok : exit_code::failed;
  }
  for (const auto& [area, finding, needed] : all) {
    const std::string_view mark = finding.good ? "ok      " : needed ? "BROKEN  " : "missing ";
    session.printLine(fmt::format("{}{}: {}", mark, area, printable(finding.what)));
    if (!finding.good && !finding.fix.empty()) session.printLine("        fix: " + printable(finding.fix));
  }
  return healthy ? exit_code::ok : exit_code::failed;
}

}  // namespace

void addDoctorCommand(CommandLine& line) {
  auto [app, options] = line.leaf<NoOptions>(
      line.root(), "doctor", "Look at what is configured and missing, and how to fix it", doctor);
  app->footer(
      R"(Changes nothing. "BROKEN" is needed and ends with code 1; "missing" is not, for example another provider's
credentials or a database that others may read.)");
}

}  // namespace mooring::cli
