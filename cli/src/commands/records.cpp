// list, count, show: what the database knows. Nothing here asks a provider.
#include "assignments.hpp"
#include "command_line.hpp"
#include "exit_codes.hpp"
#include "table.hpp"
#include "words.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace mooring::cli {
namespace {

struct ListOptions {
  std::string status = {};
  std::string provider = {};
  std::string purpose = {};
  int limit = 50;
  std::string cursor = {};
  bool all = false;
};

struct ShowOptions {
  std::string id = {};
};

Result<RecordFilter> filterOf(const ListOptions& options) {
  RecordFilter filter;
  if (!options.status.empty()) {
    auto status = parseChoice<SandboxStatus>("--status", options.status);
    if (!status) return std::unexpected(std::move(status).error());
    filter.status = *status;
  }
  if (!options.provider.empty()) filter.provider = options.provider;
  if (!options.purpose.empty()) filter.purpose = options.purpose;
  return filter;
}

std::string rowsOf(const SandboxPage& page, bool forTerminal) {
  Table table({"SANDBOX ID", "STATUS", "PROVIDER", "GEN", "CREATED", "PURPOSE"});
  for (const auto& record : page.records) {
    table.add({record.sandboxId.value,
               std::string(toString(record.status)),
               record.provider,
               std::to_string(record.generation),
               timeText(record.createdAt),
               record.config.purpose});
  }
  return forTerminal ? table.aligned() : table.tabbed();
}

boost::json::object pageToJson(const SandboxPage& page) {
  boost::json::array records;
  for (const auto& record : page.records)
    records.push_back(toJson(record));
  return {{"records", std::move(records)}, {"nextCursor", page.nextCursor}};
}

Result<int> list(Session& session, const ListOptions& options) {
  auto filter = filterOf(options);
  if (!filter) return std::unexpected(std::move(filter).error());
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  PageRequest request{.limit = options.limit, .cursor = options.cursor};
  while (true) {
    auto page = service->list(*filter, request, session.call()).get();
    if (!page) return std::unexpected(std::move(page).error());
    if (session.json() && options.all) {
      for (const auto& record : page->records)
        session.printJson(toJson(record));
    } else if (session.json()) {
      session.printJson(pageToJson(*page));
    } else {
      session.print(rowsOf(*page, session.showsTables()));
    }
    if (page->nextCursor.empty() || session.output().readerLeft()) return exit_code::ok;
    if (!options.all) {
      session.note("there are more: add --all, or --cursor " + page->nextCursor);
      return exit_code::ok;
    }
    request.cursor = page->nextCursor;
  }
}

Result<int> count(Session& session, const ListOptions& options) {
  auto filter = filterOf(options);
  if (!filter) return std::unexpected(std::move(filter).error());
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  auto number = service->count(*filter, session.call()).get();
  if (!number) return std::unexpected(std::move(number).error());
  if (session.json()) {
    session.printJson({{"count", *number}});
  } else {
    session.printLine(std::to_string(*number));
  }
  return exit_code::ok;
}

std::string facts(const SandboxRecord& record) {
  std::string out;
  const auto add = [&out](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    std::string line(name);
    line.append(20 - std::min<std::size_t>(name.size(), 19), ' ');
    out += line + printable(value) + "\n";
  };
  add("sandboxId", record.sandboxId.value);
  add("status", std::string(toString(record.status)));
  add("provider", record.provider);
  add("externalSandboxId", record.externalSandboxId.value);
  add("provisionKey", record.provisionKey);
  add("generation", std::to_string(record.generation));
  add("url", record.sandboxUrl);
  add("purpose", record.config.purpose);
  if (record.timeout.count() > 0) add("timeout", durationText(record.timeout));
  if (record.error) {
    add("error", std::string(toString(record.error->code)) + ": " + record.error->message);
    add("errorAt", timeText(record.error->at));
  }
  if (record.leaseExpiresAt) add("leaseExpiresAt", timeText(record.leaseExpiresAt));
  add("createdAt", timeText(record.createdAt));
  add("updatedAt", timeText(record.updatedAt));
  add("lastUsedAt", timeText(record.lastUsedAt));
  add("shutdownAt", timeText(record.shutdownAt));
  add("config", boost::json::serialize(toJson(record.config)));
  return out;
}

Result<int> show(Session& session, const ShowOptions& options) {
  auto service = session.service();
  if (!service) return std::unexpected(std::move(service).error());
  auto record = service->get(SandboxId(options.id), session.call()).get();
  if (!record) return std::unexpected(std::move(record).error());
  if (session.json()) {
    session.printJson(toJson(*record));
  } else {
    session.print(facts(*record));
  }
  return exit_code::ok;
}

void addFilter(CLI::App& app, ListOptions& options) {
  app.add_option("--status", options.status, "Only these: " + enumChoices<SandboxStatus>())
      ->type_name("STATUS");
  app.add_option("--provider", options.provider, "Only this provider's")->type_name("NAME");
  app.add_option("--purpose", options.purpose, "Only with exactly this purpose")->type_name("TEXT");
}

}  // namespace

void addRecordCommands(CommandLine& line) {
  auto [listApp, listOptions] = line.leaf<ListOptions>(
      line.root(), "list", "List the sandboxes on record, newest first", list);
  addFilter(*listApp, *listOptions);
  listApp->add_option("--limit", listOptions->limit, "Records in a page, 1 to 1000; 50 when left out")
      ->type_name("N");
  listApp->add_option("--cursor", listOptions->cursor, "Where the page before ended")->type_name("CURSOR");
  listApp->add_flag("--all", listOptions->all, "All pages");
  listApp->footer(R"(A table on a terminal, tab-separated lines without a heading elsewhere.
With --json: one value {"records": [...], "nextCursor": "..."}; with --all one record a line.)");

  auto [countApp, countOptions] = line.leaf<ListOptions>(
      line.root(), "count", "Count the sandboxes on record", count);
  addFilter(*countApp, *countOptions);

  auto [showApp, showOptions] = line.leaf<ShowOptions>(
      line.root(), "show", "Show one record, without asking its provider", show);
  showApp->add_option("ID", showOptions->id, "The sandboxId")->required();
}

}  // namespace mooring::cli
