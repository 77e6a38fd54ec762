#include "pipeline.hpp"

#include "history.hpp"
#include "outside_event.hpp"
#include "summarise.hpp"
#include "table.hpp"

#include <spdlog/fmt/fmt.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

using mooring::Errc;
using mooring::OutcomeKind;
using mooring::Result;
using std::chrono::steady_clock;

namespace {

double millisecondsSince(steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
}

std::string inUnits(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  if (bytes < std::uint64_t{1024} * 1024) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1024 * 1024));
}

std::string oneLine(std::string text) {
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  for (auto& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

bool offers(const std::vector<mooring::ProviderDescription>& all,
            const std::string& name,
            mooring::Capability what) {
  for (const auto& provider : all) {
    const auto found = provider.capabilities.find(what);
    if (provider.name == name && found != provider.capabilities.end()) {
      return found->second.support != mooring::Support::unsupported;
    }
  }
  return false;
}

}  // namespace

Pipeline::Pipeline(PipelineOptions options, std::stop_token stop, std::ostream& out)
    : options_(std::move(options)), stop_(std::move(stop)), out_(out) {}

Result<void> Pipeline::run() {
  if (auto done = open(); !done) return done;
  if (auto done = create(); !done) return done;
  if (auto done = upload(); !done) return done;

  heading("Summarise it there, with the sandbox's own awk and sort");
  const auto first = summarise(OutcomeKind::attached);
  if (!first) return std::unexpected(first.error());
  out_ << '\n';
  printTable(out_, *first, 12);

  if (auto done = lose(); !done) return done;

  heading("Go on with nothing but the sandboxId");
  service_.reset();  // As after a crash or a day: another service, the same database, the same id.
  if (auto done = open(); !done) return done;
  if (auto done = lookAround(); !done) return done;
  const auto second = summarise(OutcomeKind::attached);
  if (!second) return std::unexpected(second.error());
  if (*second != *first)
    return mooring::failure(Errc::internal, "the second summary differs from the first one");
  line("The summary was computed again and is the same, byte for byte.");
  if (auto kept = keep(*second); !kept) return kept;
  return end();
}

Result<void> Pipeline::open() {
  mooring::OpenOptions options;
  options.database = options_.database;
  options.parts.settings = options_.settings;
  auto service = mooring::open(std::move(options));
  if (!service) return std::unexpected(std::move(service).error());
  service_ = std::move(*service);
  return {};
}

Result<void> Pipeline::create() {
  auto providers = service_->providers(call()).get();
  if (!providers) return std::unexpected(std::move(providers).error());
  for (auto& provider : *providers) {
    if (provider.name == options_.provider && provider.unusable)
      return std::unexpected(std::move(*provider.unusable));
  }
  volumes_ = offers(*providers, options_.provider, mooring::Capability::volumes);

  heading(fmt::format("Create a sandbox at \"{}\", with {} and two setup steps",
                      options_.provider,
                      volumes_ ? "a volume" : "no volume (it offers none)"));
  const auto start = steady_clock::now();
  auto created = service_->create(config(), call()).get();
  if (!created) return std::unexpected(std::move(created).error());
  id_ = created->id().value;
  line(fmt::format("sandboxId {}, ready after {:.0f} ms", id_, millisecondsSince(start)));
  return {};
}

mooring::SandboxConfig Pipeline::config() const {
  mooring::SandboxConfig config;
  config.provider = options_.provider;
  config.purpose = options_.name;
  if (volumes_) config.volumes.push_back({.name = options_.name, .mountPath = "/data"});
  config.setup.emplace_back(
      mooring::SetupUpload{.path = "summarise.sh", .content = summariseScript, .mode = 0755});
  config.setup.emplace_back(mooring::SetupCommand{.program = "mkdir", .args = {"-p", "results"}});
  return config;
}

Result<void> Pipeline::upload() {
  heading("Upload " + options_.data.string());
  const auto start = steady_clock::now();
  auto sent = sandbox().files().upload(options_.data, dataPath(), mooring::TransferOptions(), call()).get();
  if (!sent) return std::unexpected(std::move(sent).error());
  line(fmt::format("{} in {:.0f} ms, to {}{}",
                   inUnits(sent->bytes),
                   millisecondsSince(start),
                   dataPath(),
                   volumes_ ? ", which is on the volume" : ""));
  return {};
}

Result<std::string> Pipeline::summarise(OutcomeKind expected) {
  const auto start = steady_clock::now();
  mooring::Command command;
  command.program = "./summarise.sh";
  command.args = {dataPath(), "results/summary.tsv"};
  command.timeouts.total = std::chrono::minutes(2);
  auto result = sandbox().run(std::move(command), call()).get();
  if (!result) return std::unexpected(std::move(result).error());
  if (result->exitCode != 0) {
    return mooring::failure(
        Errc::internal,
        fmt::format("summarise.sh ended with {}: {}", result->exitCode, oneLine(result->err.text)));
  }
  if (result->connection != expected) {
    return mooring::failure(
        Errc::internal,
        fmt::format("the connection was {}, not {}", toString(result->connection), toString(expected)));
  }
  const auto ran = millisecondsSince(start);

  const auto local = options_.scratch / "summary.tsv";
  auto fetched =
      sandbox().files().download("results/summary.tsv", local, mooring::TransferOptions(), call()).get();
  if (!fetched) return std::unexpected(std::move(fetched).error());
  line(fmt::format(
      "exit code 0 after {:.0f} ms; fetched results/summary.tsv, {}", ran, inUnits(fetched->bytes)));
  std::ifstream file(local, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<void> Pipeline::keep(const std::string& summary) const {
  if (options_.result.empty()) return {};
  std::ofstream file(options_.result, std::ios::binary | std::ios::trunc);
  file << summary;
  file.close();
  if (file) return {};
  return mooring::failure(Errc::invalidArgument, "cannot write " + options_.result.string());
}

Result<void> Pipeline::lose() {
  heading("Now the sandbox is lost, behind mooring's back");
  auto record = sandbox().record(call()).get();
  if (!record) return std::unexpected(std::move(record).error());
  auto what = loseSandbox(sandbox(), *record);
  if (!what) return std::unexpected(std::move(what).error());
  line("What happened: " + *what + ".");
  record = sandbox().record(call()).get();
  if (!record) return std::unexpected(std::move(record).error());
  line(fmt::format("The record knows nothing of that: it still says {}, generation {}.",
                   toString(record->status),
                   record->generation));
  return {};
}

Result<void> Pipeline::lookAround() {
  const auto start = steady_clock::now();
  auto result = sandbox().run("ls", {"-p"}, call()).get();
  if (!result) return std::unexpected(std::move(result).error());
  if (result->connection != OutcomeKind::recreated) {
    return mooring::failure(
        Errc::internal, fmt::format("the connection was {}, not recreated", toString(result->connection)));
  }
  auto record = sandbox().record(call()).get();
  if (!record) return std::unexpected(std::move(record).error());
  line(fmt::format("run(\"ls\") on {}", id_));
  line(fmt::format("connection: {}, {:.0f} ms, now generation {}",
                   toString(result->connection),
                   millisecondsSince(start),
                   record->generation));
  line("its home holds what the setup, replayed, put there: " + oneLine(result->out.text));
  if (volumes_) {
    line("its volume still holds the data; what was elsewhere in it (the summary) is lost");
    return {};
  }
  line("this provider has no volumes, so that the data is uploaded again");
  return upload();
}

Result<void> Pipeline::end() {
  heading("Destroy it");
  auto ended = sandbox().destroy(call()).get();
  if (!ended) return std::unexpected(std::move(ended).error());
  line("status: " + std::string(toString(ended->status)));

  heading("What the record remembers of all that");
  auto events = sandbox().events(0, call()).get();
  if (!events) return std::unexpected(std::move(events).error());
  printHistory(out_, *events);
  return {};
}

Result<void> Pipeline::cleanUp() {
  if (!service_) return {};
  const auto within = mooring::CallOptions::within(std::chrono::minutes(1));
  mooring::RecordFilter ours;
  ours.purpose = options_.name;
  auto page = service_->list(ours, mooring::PageRequest(), within).get();
  if (!page) return std::unexpected(std::move(page).error());
  for (const auto& record : page->records) {
    auto ended = service_->sandbox(record.sandboxId).destroy(within).get();
    if (!ended) return std::unexpected(std::move(ended).error());
  }
  if (!volumes_) return {};
  auto removed = service_->volumes(options_.provider).remove(options_.name, within).get();
  if (!removed && removed.error().code != Errc::notFound) return removed;
  return {};
}

mooring::CallOptions Pipeline::call() const {
  auto call = mooring::CallOptions::within(std::chrono::minutes(5));
  call.stopToken = stop_;
  return call;
}

std::string Pipeline::dataPath() const { return volumes_ ? "/data/input" : "input"; }

void Pipeline::heading(const std::string& text) { out_ << '\n' << ++headings_ << "  " << text << '\n'; }

void Pipeline::line(const std::string& text) { out_ << "   " << text << std::endl; }
