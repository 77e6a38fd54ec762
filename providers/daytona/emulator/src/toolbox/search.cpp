// Files by their names, by what is in them, and replacing that.
#include "toolbox/body.hpp"
#include "toolbox/file_facts.hpp"
#include "toolbox/routes.hpp"
#include "toolbox/text.hpp"

#include <boost/json/array.hpp>

#include <fnmatch.h>
#include <limits>

namespace mooring::daytona::emulator {

namespace json = boost::json;

namespace {

constexpr int allLevels = std::numeric_limits<int>::max();
/// A NUL so early says that it is no text.
constexpr std::size_t sniffed = 512;

struct Query {
  std::string path;
  std::string pattern;
};

Result<Query> queryOf(const emulation::Request& request) {
  auto path = requiredQuery(request, "path");
  if (!path) return std::unexpected(std::move(path).error());
  auto pattern = requiredQuery(request, "pattern");
  if (!pattern) return std::unexpected(std::move(pattern).error());
  return Query{std::move(*path), std::move(*pattern)};
}

Task<emulation::Reply> searchFiles(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto query = queryOf(exchange->request());
  if (!query) co_return std::unexpected(std::move(query).error());
  auto found = co_await walk(daemon, query->path, allLevels);
  if (!found) co_return std::unexpected(std::move(found).error());
  json::array files;
  for (const auto& one : *found) {
    if (::fnmatch(query->pattern.c_str(), one.info.name.c_str(), 0) == 0) files.emplace_back(one.path);
  }
  json::object reply;
  reply["files"] = std::move(files);
  co_return emulation::jsonReply(200, reply);
}

void addMatches(json::array& matches,
                const std::string& file,
                std::string_view text,
                std::string_view pattern) {
  if (text.substr(0, sniffed).contains('\0')) return;
  for (int line = 1; !text.empty(); ++line) {
    const auto end = text.find('\n');
    const auto content = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!content.contains(pattern)) continue;
    json::object match;
    match["file"] = file;
    match["line"] = line;
    match["content"] = validUtf8(content);
    matches.emplace_back(std::move(match));
  }
}

Task<emulation::Reply> findInFiles(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto query = queryOf(exchange->request());
  if (!query) co_return std::unexpected(std::move(query).error());
  auto root = co_await statFollowing(daemon, query->path);
  if (!root) co_return std::unexpected(std::move(root).error());
  std::vector<Found> candidates;
  if (root->type == FileType::directory) {
    auto found = co_await walk(daemon, query->path, allLevels);
    if (!found) co_return std::unexpected(std::move(found).error());
    candidates = std::move(*found);
  } else {
    candidates.push_back(Found{query->path, *root});
  }
  json::array matches;
  for (const auto& one : candidates) {
    if (one.info.type != FileType::file) continue;
    // What cannot be read, or is too long to be held, has no matches.
    auto text = co_await daemon->machine().readAll(daemon->resolve(one.path));
    if (text) addMatches(matches, one.path, *text, query->pattern);
  }
  co_return emulation::jsonReply(200, matches);
}

std::string replacedIn(std::string_view text, std::string_view pattern, std::string_view value) {
  std::string replaced;
  while (true) {
    const auto place = text.find(pattern);
    if (place == std::string_view::npos) return replaced += text;
    replaced.append(text.substr(0, place)).append(value);
    text.remove_prefix(place + pattern.size());
  }
}

Task<void> replaceIn(DaemonPtr daemon, std::string path, std::string pattern, std::string value) {
  const auto place = daemon->resolve(path);
  auto text = co_await daemon->machine().readAll(place);
  if (!text) co_return fileRefusal(text.error(), path);
  auto source = sourceOf(replacedIn(*text, pattern, value));
  auto written = co_await daemon->machine().write(place, std::move(source), WriteOptions());
  if (!written) co_return fileRefusal(written.error(), path);
  co_return written;
}

Task<emulation::Reply> replaceInFiles(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  const auto files = textList(members, "files");
  const auto pattern = members.text("pattern");
  const auto value = members.text("newValue");
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  if (pattern.empty()) co_return refusal(400, "BAD_REQUEST", "pattern cannot be empty");

  json::array results;
  for (const auto& file : files) {
    auto replaced = co_await replaceIn(daemon, file, pattern, value);
    json::object result;
    result["file"] = file;
    result["success"] = replaced.has_value();
    if (!replaced) result["error"] = replaced.error().message;
    results.emplace_back(std::move(result));
  }
  co_return emulation::jsonReply(200, results);
}

}  // namespace

void addSearchRoutes(ToolboxRoutes& routes) {
  routes.on("GET", "/files/search", searchFiles).query({"path", "pattern"});
  routes.on("GET", "/files/find", findInFiles).query({"path", "pattern"});
  routes.on("POST", "/files/replace", replaceInFiles);
}

}  // namespace mooring::daytona::emulator
