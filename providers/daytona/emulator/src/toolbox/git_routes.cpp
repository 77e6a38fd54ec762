// Git within one repository.
#include "toolbox/body.hpp"
#include "toolbox/git.hpp"
#include "toolbox/git_status.hpp"
#include "toolbox/routes.hpp"

#include <boost/json/array.hpp>

namespace mooring::daytona::emulator {

namespace json = boost::json;

namespace {

std::string firstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end != 0) all.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return all;
}

Task<emulation::Reply> status(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  std::vector<std::string> args{"status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all"};
  auto text = co_await gitInQuery(std::move(daemon), std::move(exchange), std::move(args));
  if (!text) co_return std::unexpected(std::move(text).error());
  co_return emulation::jsonReply(200, gitStatus(*text));
}

Task<emulation::Reply> listBranches(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  std::vector<std::string> args{"for-each-ref", "--format=%(HEAD)%(refname:short)", "refs/heads"};
  auto text = co_await gitInQuery(std::move(daemon), std::move(exchange), std::move(args));
  if (!text) co_return std::unexpected(std::move(text).error());
  json::object reply;
  json::array branches;
  for (const auto& line : lines(*text)) {
    branches.emplace_back(line.substr(1));
    if (line.front() == '*') reply["current"] = line.substr(1);
  }
  reply["branches"] = std::move(branches);
  co_return emulation::jsonReply(200, reply);
}

GitCall createBranch(const Daemon& /*daemon*/, emulation::Members& members) {
  GitCall call;
  call.repository = members.text("path");
  call.args = {"branch", "--", members.text("name")};
  return call;
}

GitCall deleteBranch(const Daemon& /*daemon*/, emulation::Members& members) {
  GitCall call;
  call.repository = members.text("path");
  call.args = {"branch", "-D", "--", members.text("name")};
  return call;
}

GitCall checkout(const Daemon& /*daemon*/, emulation::Members& members) {
  GitCall call;
  call.repository = members.text("path");
  call.args = {"checkout", "--quiet", members.text("branch"), "--"};
  return call;
}

GitCall add(const Daemon& /*daemon*/, emulation::Members& members) {
  GitCall call;
  call.repository = members.text("path");
  const auto files = textList(members, "files");
  call.args = {"add", "--"};
  call.args.insert(call.args.end(), files.begin(), files.end());
  return call;
}

Task<emulation::Reply> commit(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  GitCall call;
  call.repository = members.text("path");
  const auto message = members.text("message");
  const auto author = members.text("author");
  const auto email = members.text("email");
  const bool allowEmpty = members.optionalFlag("allow_empty").value_or(false);
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  GitCall head;
  head.repository = call.repository;
  call.args = {
      "-c", "user.name=" + author, "-c", "user.email=" + email, "commit", "--quiet", "--message", message};
  if (allowEmpty) call.args.emplace_back("--allow-empty");
  auto done = co_await git(daemon, std::move(call));
  if (!done) co_return std::unexpected(std::move(done).error());
  head.args = {"rev-parse", "HEAD"};
  auto hash = co_await git(std::move(daemon), std::move(head));
  if (!hash) co_return std::unexpected(std::move(hash).error());
  json::object reply;
  reply["hash"] = firstLine(*hash);
  co_return emulation::jsonReply(200, reply);
}

Task<emulation::Reply> history(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  std::vector<std::string> args{"log", "--format=%H%x1f%an <%ae>%x1f%cI%x1f%s"};
  auto text = co_await gitInQuery(std::move(daemon), std::move(exchange), std::move(args));
  if (!text) co_return std::unexpected(std::move(text).error());
  json::array commits;
  for (const auto& line : lines(*text)) {
    json::object commit;
    std::string_view rest = line;
    for (const auto* field : {"hash", "author", "timestamp", "message"}) {
      const auto end = rest.find('\x1f');
      commit[field] = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    commits.emplace_back(std::move(commit));
  }
  co_return emulation::jsonReply(200, commits);
}

GitCall init(const Daemon& daemon, emulation::Members& members) {
  GitCall call;
  const auto path = members.text("path");
  const bool bare = members.optionalFlag("bare").value_or(false);
  const auto branch = members.optionalText("initial_branch").value_or("");
  call.args = {"init", "--quiet"};
  if (bare) call.args.emplace_back("--bare");
  if (!branch.empty()) call.args.push_back("--initial-branch=" + branch);
  call.args.emplace_back("--");
  call.args.push_back(daemon.resolve(path));
  return call;
}

GitCall reset(const Daemon& /*daemon*/, emulation::Members& members) {
  GitCall call;
  call.repository = members.text("path");
  const auto mode = members.optionalChoice("mode", {"soft", "mixed", "hard", "merge", "keep"});
  const auto target = members.optionalText("target").value_or("HEAD");
  const auto files = members.optionalTextList("files").value_or(std::vector<std::string>());
  call.args = {"reset", "--quiet"};
  if (files.empty()) call.args.push_back("--" + mode.value_or("mixed"));
  call.args.push_back(target);
  call.args.emplace_back("--");
  call.args.insert(call.args.end(), files.begin(), files.end());
  return call;
}

GitCall restore(const Daemon& /*daemon*/, emulation::Members& members) {
  GitCall call;
  call.repository = members.text("path");
  const auto files = textList(members, "files");
  const bool staged = members.optionalFlag("staged").value_or(false);
  const bool worktree = members.optionalFlag("worktree").value_or(!staged);
  const auto source = members.optionalText("source").value_or("");
  call.args = {"restore", "--quiet"};
  if (staged) call.args.emplace_back("--staged");
  if (worktree) call.args.emplace_back("--worktree");
  if (!source.empty()) call.args.push_back("--source=" + source);
  call.args.emplace_back("--");
  call.args.insert(call.args.end(), files.begin(), files.end());
  return call;
}

}  // namespace

void addGitRoutes(ToolboxRoutes& routes) {
  routes.on("GET", "/git/status", status).query({"path"});
  routes.on("GET", "/git/branches", listBranches).query({"path"});
  routes.on("POST", "/git/branches", fromBody<createBranch, 201>);
  routes.on("DELETE", "/git/branches", fromBody<deleteBranch, 204>);
  routes.on("POST", "/git/checkout", fromBody<checkout, 200>);
  routes.on("POST", "/git/add", fromBody<add, 200>);
  routes.on("POST", "/git/commit", commit);
  routes.on("GET", "/git/history", history).query({"path"});
  routes.on("POST", "/git/init", fromBody<init, 201>, Release::v205);
  routes.on("POST", "/git/reset", fromBody<reset, 200>, Release::v205);
  routes.on("POST", "/git/restore", fromBody<restore, 200>, Release::v205);
}

}  // namespace mooring::daytona::emulator
