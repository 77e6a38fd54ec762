#include "toolbox/git.hpp"

#include <mooring/detail/base64.hpp>
#include <mooring/emulation/waiting.hpp>

#include "toolbox/errors.hpp"
#include "toolbox/text.hpp"

#include <array>

namespace mooring::daytona::emulator {

namespace {

struct Complaint {
  std::string_view words;
  int status;
  std::string_view code;
};

/// The first that fits.
constexpr std::array complaints{
    Complaint{"Authentication failed", 401, "GIT_AUTH_FAILED"},
    Complaint{"could not read Username", 401, "GIT_AUTH_FAILED"},
    Complaint{"terminal prompts disabled", 401, "GIT_AUTH_FAILED"},
    Complaint{"pre-receive hook declined", 422, "GIT_REMOTE_REJECTED"},
    Complaint{"[remote rejected]", 422, "GIT_REMOTE_REJECTED"},
    Complaint{"[rejected]", 409, "GIT_PUSH_REJECTED"},
    Complaint{"Not possible to fast-forward", 409, "GIT_PUSH_REJECTED"},
    Complaint{"CONFLICT (", 409, "GIT_MERGE_CONFLICT"},
    Complaint{"would be overwritten by", 409, "GIT_DIRTY_WORKTREE"},
    Complaint{"commit your changes or stash them", 409, "GIT_DIRTY_WORKTREE"},
    Complaint{"not fully merged", 409, "CONFLICT"},
    Complaint{"already exists and is not an empty directory", 409, "CONFLICT"},
    Complaint{"branch named", 409, "GIT_BRANCH_EXISTS"},
    Complaint{"remote branch", 404, "GIT_BRANCH_NOT_FOUND"},
    Complaint{"did not match any file(s) known to git", 404, "GIT_BRANCH_NOT_FOUND"},
    Complaint{"invalid reference", 404, "GIT_BRANCH_NOT_FOUND"},
    Complaint{"not found.", 404, "GIT_BRANCH_NOT_FOUND"},
    Complaint{"not a git repository", 404, "GIT_REPO_NOT_FOUND"},
    Complaint{"does not appear to be a git repository", 404, "GIT_REPO_NOT_FOUND"},
    Complaint{"does not exist", 404, "GIT_REPO_NOT_FOUND"},
    Complaint{"cannot change to", 404, "GIT_REPO_NOT_FOUND"},
    Complaint{"Repository not found", 404, "GIT_REPO_NOT_FOUND"},
    Complaint{"Could not resolve host", 502, "GIT_TRANSPORT_FAILED"},
    Complaint{"Failed to connect", 502, "GIT_TRANSPORT_FAILED"},
    Complaint{"nothing to commit", 409, "CONFLICT"},
    Complaint{"did not match any files", 400, "BAD_REQUEST"},
};

/// Settings for one call, by the environment: what is there shows in no process list.
void addSetting(std::map<std::string, std::string>& environment,
                const std::string& key,
                const std::string& value) {
  auto& count = environment.try_emplace("GIT_CONFIG_COUNT", "0").first->second;
  environment["GIT_CONFIG_KEY_" + count] = key;
  environment["GIT_CONFIG_VALUE_" + count] = value;
  count = std::to_string(std::stoi(count) + 1);
}

}  // namespace

Task<GitOutput> runGit(DaemonPtr daemon, GitCall call) {
  CommandSpec spec;
  spec.program = "git";
  if (!call.repository.empty()) spec.args = {"-C", daemon->resolve(call.repository)};
  spec.args.insert(spec.args.end(), call.args.begin(), call.args.end());
  spec.cwd = daemon->home();
  spec.env = daemon->environment();
  spec.env["GIT_TERMINAL_PROMPT"] = "0";
  spec.env["LC_ALL"] = "C.UTF-8";
  if (!call.username.empty() || !call.password.empty())
    addSetting(spec.env,
               "http.extraHeader",
               "Authorization: Basic " + mooring::detail::encodeBase64(call.username + ":" + call.password));
  if (call.insecureTls) addSetting(spec.env, "http.sslVerify", "false");
  auto running = daemon->machine().runCaptured(std::move(spec));
  auto output = co_await emulation::steadily<emulation::CommandOutput>(std::move(running));
  if (!output) co_return std::unexpected(std::move(output).error());
  GitOutput result;
  result.exitCode = output->end.exitCode;
  result.out = std::move(output->out);
  result.err = std::move(output->err);
  co_return result;
}

Error gitError(const GitOutput& output) {
  constexpr int noProgram = 127;
  if (output.exitCode == noProgram)
    return refusal(
               501, "INTERNAL_SERVER_ERROR", "there is no git on this machine, and so none in its sandboxes")
        .error();
  const std::string said = validUtf8(output.err.empty() ? output.out : output.err);
  for (const auto& complaint : complaints) {
    if (said.contains(complaint.words)) return refusal(complaint.status, complaint.code, said).error();
  }
  return refusal(500, "INTERNAL_SERVER_ERROR", said).error();
}

Task<std::string> git(DaemonPtr daemon, GitCall call) {
  auto output = co_await runGit(std::move(daemon), std::move(call));
  if (!output) co_return std::unexpected(std::move(output).error());
  if (output->exitCode != 0) co_return std::unexpected(gitError(*output));
  co_return std::move(output->out);
}

Task<emulation::Reply> simply(DaemonPtr daemon, GitCall call, int status) {
  auto done = co_await git(std::move(daemon), std::move(call));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return emulation::emptyReply(status);
}

Task<emulation::Reply> simplyFromBody(DaemonPtr daemon,
                                      emulation::ExchangePtr exchange,
                                      GitCallReader read,
                                      int status) {
  auto body = co_await jsonBody(std::move(exchange));
  if (!body) co_return std::unexpected(std::move(body).error());
  emulation::Members members(*body);
  auto call = read(*daemon, members);
  auto checked = checkBody(members);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  co_return co_await simply(std::move(daemon), std::move(call), status);
}

Task<std::string> gitInQuery(DaemonPtr daemon,
                             emulation::ExchangePtr exchange,
                             std::vector<std::string> args) {
  auto path = requiredQuery(exchange->request(), "path");
  if (!path) co_return std::unexpected(std::move(path).error());
  GitCall call;
  call.repository = std::move(*path);
  call.args = std::move(args);
  co_return co_await git(std::move(daemon), std::move(call));
}

}  // namespace mooring::daytona::emulator
