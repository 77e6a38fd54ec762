// Lists of sandboxes: filters, order, and the two ways of paging.
#include <mooring/detail/base64.hpp>
#include <mooring/emulation/strict.hpp>

#include "control.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace mooring::daytona::emulator {

namespace json = boost::json;
using emulation::refused;
using emulation::Reply;
using emulation::Request;

namespace {

constexpr std::int64_t largestPage = 200;
constexpr const char* defaultPage = "100";

struct Row {
  SandboxFacts facts = {};
  std::string key = {};  ///< What it is sorted by, as text that compares.
};

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](unsigned char c) { return std::tolower(c); });
  return small;
}

std::string padded(std::int64_t number) {
  const auto digits = std::to_string(number);
  return std::string(12 - std::min<std::size_t>(12, digits.size()), '0') + digits;
}

std::string keyOf(const SandboxFacts& facts, std::string_view sort) {
  if (sort == "name") return facts.name;
  if (sort == "cpu") return padded(facts.cpu);
  if (sort == "memoryGib") return padded(facts.memory);
  if (sort == "diskGib") return padded(facts.disk);
  if (sort == "createdAt") return toString(facts.createdAt);
  return toString(facts.lastActivityAt);
}

bool isAmong(const std::vector<std::string>& wanted, std::string_view value) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

/// The labels to look for. Errors: status 400.
Result<std::map<std::string, std::string>> labelsIn(const Request& request) {
  std::map<std::string, std::string> labels;
  const auto text = request.queryValue("labels");
  if (!text || text->empty()) return labels;
  auto object = emulation::parseObject(*text);
  if (!object) return refused(400, "labels must be a JSON object");
  for (const auto& member : *object) {
    if (!member.value().is_string()) return refused(400, "labels must have strings as values");
    labels.emplace(std::string(member.key()), std::string(member.value().get_string()));
  }
  return labels;
}

struct Filter {
  std::map<std::string, std::string> labels = {};
  const Request* request = nullptr;

  [[nodiscard]] bool within(std::string_view what, std::int64_t value) const {
    const auto bound = [&](const std::string& name, std::int64_t otherwise) {
      const auto text = request->queryValue(name + std::string(what));
      return text ? std::stoll(*text) : otherwise;
    };
    return value >= bound("min", value) && value <= bound("max", value);
  }

  /// Times compare as the text that they are told as.
  [[nodiscard]] bool inTime(const std::string& what, const std::string& value) const {
    const auto after = request->queryValue(what + "After");
    const auto before = request->queryValue(what + "Before");
    return (!after || value >= *after) && (!before || value <= *before);
  }

  [[nodiscard]] bool keeps(const SandboxFacts& facts) const {
    const auto flag = [&](const char* name, bool value) {
      const auto text = request->queryValue(name);
      return !text || (*text == "true") == value;
    };
    if (facts.state == State::destroyed) return false;
    if (!lower(facts.name).starts_with(lower(request->queryValue("name").value_or("")))) return false;
    if (!lower(facts.id).starts_with(lower(request->queryValue("id").value_or("")))) return false;
    const bool labelled = std::ranges::all_of(labels, [&](const auto& label) {
      const auto found = facts.labels.find(label.first);
      return found != facts.labels.end() && found->second == label.second;
    });
    return labelled && isAmong(request->queryValues("states"), toString(facts.state)) &&
           isAmong(request->queryValues("snapshots"), facts.snapshot) &&
           isAmong(request->queryValues("regionIds"), facts.target) &&
           isAmong(request->queryValues("sandboxClasses"), "container") && within("Cpu", facts.cpu) &&
           within("MemoryGiB", facts.memory) && within("DiskGiB", facts.disk) &&
           flag("isPublic", facts.isPublic) && flag("isRecoverable", facts.recoverable) &&
           inTime("createdAt", toString(facts.createdAt)) &&
           inTime("lastEvent", toString(facts.lastActivityAt));
  }
};

std::vector<SandboxFacts> current(const Control& control, const Caller& caller) {
  std::vector<SandboxFacts> all;
  for (const auto& sandbox : control.world.all(caller)) {
    all.push_back(sandbox->facts);
    all.back().state = sandbox->told();
  }
  return all;
}

/// What the listing shows, in order. Errors: status 400.
Result<std::vector<Row>> rowsFor(const Control& control, const Call& call) {
  const auto& request = call.request();
  auto labels = labelsIn(request);
  if (!labels) return std::unexpected(std::move(labels).error());
  const Filter filter{std::move(*labels), &request};
  const auto sort = request.queryValue("sort").value_or("lastActivityAt");
  std::vector<Row> rows;
  for (auto& facts : request.stale ? control.world.before() : current(control, call.caller)) {
    if (facts.organizationId != call.caller.organizationId || !filter.keeps(facts)) continue;
    auto key = keyOf(facts, sort);
    rows.push_back(Row{facts, std::move(key)});
  }
  const auto rank = [](const Row& row) { return std::pair(row.key, row.facts.id); };
  if (request.queryValue("order").value_or("desc") == "asc") {
    std::ranges::sort(rows, std::ranges::less(), rank);
  } else {
    std::ranges::sort(rows, std::ranges::greater(), rank);
  }
  return rows;
}

std::string encodeCursor(const Row& row) {
  json::array place;
  place.emplace_back(row.key);
  place.emplace_back(row.facts.id);
  return mooring::detail::encodeBase64(json::serialize(place));
}

/// Where a page ended: key and id. Errors: status 400.
Result<std::pair<std::string, std::string>> decodeCursor(const std::string& cursor) {
  const auto text = mooring::detail::decodeBase64(cursor);
  if (!text) return refused(400, "Invalid cursor");
  auto place = emulation::parseBody(*text);
  if (!place || !place->is_array() || place->get_array().size() != 2 || !place->get_array()[0].is_string() ||
      !place->get_array()[1].is_string()) {
    return refused(400, "Invalid cursor");
  }
  return std::pair(std::string(place->get_array()[0].get_string()),
                   std::string(place->get_array()[1].get_string()));
}

Task<Reply> list(Control& control, Call call) {
  const auto& request = call.request();
  auto limit = emulation::parseInteger(
      "limit", request.queryValue("limit").value_or(defaultPage), 1, largestPage);
  if (!limit) co_return std::unexpected(std::move(limit).error());
  if (isAmong(request.queryValues("states"), "destroyed") && !request.queryValues("states").empty()) {
    co_return refused(400, "states must not hold destroyed");
  }
  auto rows = rowsFor(control, call);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  auto next = rows->begin();
  if (const auto cursor = request.queryValue("cursor"); cursor && !cursor->empty()) {
    auto place = decodeCursor(*cursor);
    if (!place) co_return std::unexpected(std::move(place).error());
    const bool rising = request.queryValue("order") == "asc";
    next = std::ranges::find_if(*rows, [&](const Row& row) {
      const auto mine = std::pair(row.key, row.facts.id);
      return rising ? mine > *place : mine < *place;
    });
  }
  json::array items;
  for (; next != rows->end() && items.size() < static_cast<std::size_t>(*limit); ++next)
    items.emplace_back(toListItem(next->facts, next->facts.state, control.world.toolboxUrl()));
  json::object body;
  body["nextCursor"] = nullptr;
  if (next != rows->end()) body["nextCursor"] = encodeCursor(*std::prev(next));
  body["items"] = std::move(items);
  co_return emulation::jsonReply(200, body);
}

Task<Reply> listPaginated(Control& control, Call call) {
  const auto& request = call.request();
  auto page = emulation::parseInteger("page", request.queryValue("page").value_or("1"), 1);
  auto limit = emulation::parseInteger(
      "limit", request.queryValue("limit").value_or(defaultPage), 1, largestPage);
  if (!page) co_return std::unexpected(std::move(page).error());
  if (!limit) co_return std::unexpected(std::move(limit).error());
  auto rows = rowsFor(control, call);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  json::array items;
  const auto first = static_cast<std::size_t>((*page - 1) * *limit);
  for (std::size_t i = first; i < rows->size() && items.size() < static_cast<std::size_t>(*limit); ++i)
    items.emplace_back(toJson((*rows)[i].facts, (*rows)[i].facts.state, control.world.toolboxUrl()));
  json::object body;
  body["items"] = std::move(items);
  body["total"] = rows->size();
  body["page"] = *page;
  body["totalPages"] = (static_cast<std::int64_t>(rows->size()) + *limit - 1) / *limit;
  co_return emulation::jsonReply(200, body);
}

}  // namespace

void addListingRoutes(ControlRoutes& routes) {
  routes.on("GET", "/sandbox", list);
  routes.on("GET", "/sandbox/paginated", listPaginated);
}

}  // namespace mooring::daytona::emulator
