// Git with other repositories, and its configuration.
#include "toolbox/body.hpp"
#include "toolbox/git.hpp"
#include "toolbox/routes.hpp"
#include "toolbox/text.hpp"

#include <boost/json/array.hpp>

#include <limits>

namespace mooring::daytona::emulator {

namespace json = boost::json;

namespace {

constexpr std::string_view originName = "origin";

Task<emulation::Reply> clone(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  GitCall call;
  const auto url = members.text("url");
  const auto path = members.text("path");
  const auto branch = members.optionalText("branch").value_or("");
  const auto commitId = members.optionalText("commit_id").value_or("");
  const auto depth = members.optionalInteger("depth", 0, std::numeric_limits<int>::max()).value_or(0);
  call.username = members.optionalText("username").value_or("");
  call.password = members.optionalText("password").value_or("");
  call.insecureTls = members.optionalFlag("insecure_skip_tls").value_or(false);
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  call.args = {"clone", "--quiet"};
  if (!branch.empty()) call.args.push_back("--branch=" + branch);
  if (depth > 0) call.args.push_back("--depth=" + std::to_string(depth));
  call.args.emplace_back("--");
  call.args.push_back(url);
  call.args.push_back(daemon->resolve(path));
  auto cloned = co_await git(daemon, std::move(call));
  if (!cloned) co_return std::unexpected(std::move(cloned).error());
  if (commitId.empty()) co_return emulation::emptyReply(200);
  GitCall checkout;
  checkout.repository = path;
  checkout.args = {"checkout", "--quiet", commitId, "--"};
  co_return co_await simply(std::move(daemon), std::move(checkout), 200);
}

/// The branch that is checked out.
Task<std::string> currentBranch(DaemonPtr daemon, std::string repository) {
  GitCall call;
  call.repository = std::move(repository);
  call.args = {"symbolic-ref", "--short", "HEAD"};
  auto name = co_await git(std::move(daemon), std::move(call));
  if (!name) co_return std::unexpected(std::move(name).error());
  co_return name->substr(0, name->find('\n'));
}

Task<emulation::Reply> push(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  GitCall call;
  call.repository = members.text("path");
  call.username = members.optionalText("username").value_or("");
  call.password = members.optionalText("password").value_or("");
  auto branch = members.optionalText("branch").value_or("");
  const auto remote = members.optionalText("remote").value_or(std::string(originName));
  const bool setUpstream = members.optionalFlag("set_upstream").value_or(false);
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  if (branch.empty()) {
    auto current = co_await currentBranch(daemon, call.repository);
    if (!current) co_return std::unexpected(std::move(current).error());
    branch = std::move(*current);
  }
  call.args = {"push", "--quiet"};
  if (setUpstream) call.args.emplace_back("--set-upstream");
  call.args.insert(call.args.end(), {"--", remote, branch});
  co_return co_await simply(std::move(daemon), std::move(call), 200);
}

GitCall pull(const Daemon& /*daemon*/, emulation::Members& members) {
  GitCall call;
  call.repository = members.text("path");
  call.username = members.optionalText("username").value_or("");
  call.password = members.optionalText("password").value_or("");
  const auto branch = members.optionalText("branch").value_or("");
  const auto remote = members.optionalText("remote").value_or(std::string(originName));
  call.args = {"pull", "--quiet", "--ff-only", "--", remote};
  if (!branch.empty()) call.args.push_back(branch);
  return call;
}

Task<emulation::Reply> listRemotes(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  std::vector<std::string> args{"remote", "--verbose"};
  auto text = co_await gitInQuery(std::move(daemon), std::move(exchange), std::move(args));
  if (!text) co_return std::unexpected(std::move(text).error());
  json::array remotes;
  constexpr std::string_view fetching = " (fetch)";
  for (std::string_view rest = *text; !rest.empty();) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const auto tab = line.find('\t');
    if (tab == std::string_view::npos || !line.ends_with(fetching)) continue;
    json::object remote;
    remote["name"] = validUtf8(line.substr(0, tab));
    remote["url"] = validUtf8(line.substr(tab + 1, line.size() - tab - 1 - fetching.size()));
    remotes.emplace_back(std::move(remote));
  }
  json::object reply;
  reply["remotes"] = std::move(remotes);
  co_return emulation::jsonReply(200, reply);
}

Task<emulation::Reply> addRemote(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  GitCall call;
  call.repository = members.text("path");
  const auto name = members.text("name");
  const auto url = members.text("url");
  const bool fetch = members.optionalFlag("fetch").value_or(false);
  const bool overwrite = members.optionalFlag("overwrite").value_or(false);
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  if (overwrite) {
    GitCall remove;
    remove.repository = call.repository;
    remove.args = {"remote", "remove", name};
    auto removed = co_await runGit(daemon, std::move(remove));
    if (!removed) co_return std::unexpected(std::move(removed).error());
  }
  call.args = {"remote", "add"};
  if (fetch) call.args.emplace_back("-f");
  call.args.insert(call.args.end(), {"--", name, url});
  co_return co_await simply(std::move(daemon), std::move(call), 201);
}

/// "--global" and the like. Errors: status 400 (a scope that is none, or a local one without a repository).
Result<std::string> scopeFlag(const std::string& scope, const std::string& path) {
  if (scope.empty() || scope == "global") return std::string("--global");
  if (scope == "system") return std::string("--system");
  if (scope != "local")
    return refusal(400, "BAD_REQUEST", "scope is one of global, local, system; not " + scope);
  if (path.empty()) return refusal(400, "BAD_REQUEST", "path is required for the local scope");
  return std::string("--local");
}

Task<void> setConfig(
    DaemonPtr daemon, std::string path, std::string scope, std::string key, std::string value) {
  auto flag = scopeFlag(scope, path);
  if (!flag) co_return std::unexpected(std::move(flag).error());
  GitCall call;
  call.repository = std::move(path);
  call.args = {"config", std::move(*flag), std::move(key), std::move(value)};
  auto done = co_await git(std::move(daemon), std::move(call));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Result<void>();
}

Task<emulation::Reply> getConfig(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  const auto& request = exchange->request();
  auto key = requiredQuery(request, "key");
  if (!key) co_return std::unexpected(std::move(key).error());
  GitCall call;
  call.repository = request.queryValue("path").value_or("");
  auto flag = scopeFlag(request.queryValue("scope").value_or(""), call.repository);
  if (!flag) co_return std::unexpected(std::move(flag).error());
  call.args = {"config", std::move(*flag), "--null", "--get", std::move(*key)};
  auto output = co_await runGit(std::move(daemon), std::move(call));
  if (!output) co_return std::unexpected(std::move(output).error());
  json::object reply;
  // 1 without a word: it is not set.
  if (output->exitCode == 0) reply["value"] = validUtf8(output->out.substr(0, output->out.find('\0')));
  if (output->exitCode > 1) co_return std::unexpected(gitError(*output));
  co_return emulation::jsonReply(200, reply);
}

Task<emulation::Reply> putConfig(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  const auto key = members.text("key");
  const auto value = members.text("value");
  const auto scope = members.optionalText("scope").value_or("");
  const auto path = members.optionalText("path").value_or("");
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  auto done = co_await setConfig(std::move(daemon), path, scope, key, value);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return emulation::emptyReply(200);
}

Task<emulation::Reply> configureUser(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  const auto name = members.text("name");
  const auto email = members.text("email");
  const auto scope = members.optionalText("scope").value_or("");
  const auto path = members.optionalText("path").value_or("");
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  auto done = co_await setConfig(daemon, path, scope, "user.name", name);
  if (!done) co_return std::unexpected(std::move(done).error());
  done = co_await setConfig(std::move(daemon), path, scope, "user.email", email);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return emulation::emptyReply(200);
}

/// Written as plain text to the sandbox's ~/.git-credentials, as the daemon does it.
Task<emulation::Reply> authenticate(DaemonPtr daemon, emulation::ExchangePtr exchange) {
  auto body = co_await jsonBody(exchange);
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  const auto username = members.text("username");
  const auto password = members.text("password");
  const auto host = members.optionalText("host").value_or("github.com");
  const auto protocol = members.optionalText("protocol").value_or("https");
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  auto done = co_await setConfig(daemon, "", "global", "credential.helper", "store");
  if (!done) co_return std::unexpected(std::move(done).error());
  CommandSpec spec;
  spec.program = "git";
  spec.args = {"credential", "approve"};
  spec.env = daemon->environment();
  spec.input = sourceOf("protocol=" + protocol + "\nhost=" + host + "\nusername=" + username +
                        "\npassword=" + password + "\n");
  auto approved = co_await daemon->machine().runCaptured(std::move(spec));
  if (!approved) co_return std::unexpected(std::move(approved).error());
  if (approved->end.exitCode != 0) co_return refusal(400, "BAD_REQUEST", "git refused the credentials");
  co_return emulation::emptyReply(200);
}

}  // namespace

void addGitRemoteRoutes(ToolboxRoutes& routes) {
  routes.on("POST", "/git/clone", clone);
  routes.on("POST", "/git/push", push);
  routes.on("POST", "/git/pull", fromBody<pull, 200>);
  routes.on("GET", "/git/remotes", listRemotes, Release::v205).query({"path"});
  routes.on("POST", "/git/remotes", addRemote, Release::v205);
  routes.on("GET", "/git/config", getConfig, Release::v205).query({"key", "path", "scope"});
  routes.on("POST", "/git/config", putConfig, Release::v205);
  routes.on("POST", "/git/config/user", configureUser, Release::v205);
  routes.on("POST", "/git/credentials", authenticate, Release::v205);
}

}  // namespace mooring::daytona::emulator
