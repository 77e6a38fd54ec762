#include <mooring/http/json.hpp>
#include <mooring/http/url.hpp>

#include "errors.hpp"
#include "native_calls.hpp"
#include "toolbox.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace mooring::daytona {

namespace json = boost::json;

void read(http::Fields& in, GitFile& out) {
  in.required("name", out.name);
  in.optional("staging", out.staging);
  in.optional("worktree", out.worktree);
}

void read(http::Fields& in, GitStatus& out) {
  in.required("currentBranch", out.branch);
  in.optional("ahead", out.ahead);
  in.optional("behind", out.behind);
  in.optional("branchPublished", out.published);
  in.optional("fileStatus", out.files);
}

namespace {

struct Branches {
  std::vector<std::string> names = {};
};
void read(http::Fields& in, Branches& out) { in.required("branches", out.names); }

struct Committed {
  std::string hash = {};
};
void read(http::Fields& in, Committed& out) { in.required("hash", out.hash); }

/// What a refusal by git means. Older daemons have no codes: there the status has to do, and 401 is the git
/// server's, since the account's own would not have come this far.
Error gitError(const Account& account, const http::Response& response, const std::string& what) {
  auto error = errorFrom(account, response, what);
  const auto code = complaintOf(response).code;
  if (code == "GIT_AUTH_FAILED" || response.status == 401) {
    error.code = Errc::permissionDenied;
    error.message = "cannot " + what + ": the git server does not accept the credential";
  } else if (response.status == 500) {
    // Whatever git said and Daytona has no word for; asked again it says the same.
    error.code = Errc::conflict;
    error.transience = Transience::permanent;
  }
  return error;
}

Task<http::Response> callGit(NativeParts parts, http::Request request, std::string what) {
  auto response = co_await callToolbox(parts.account, parts.instance, std::move(request));
  if (!response) co_return std::unexpected(errorFrom(std::move(response).error(), what));
  if (!response->ok()) co_return std::unexpected(gitError(*parts.account, *response, what));
  co_return response;
}

Task<http::Response> ask(NativeParts parts, std::string call, std::string path) {
  http::Request request;
  request.target = "/git/" + call + "?path=" + http::escape(path);
  co_return co_await callGit(std::move(parts), std::move(request), "read git's " + call + " of " + path);
}

Task<http::Response> tell(NativeParts parts, std::string call, json::object body) {
  http::Request request;
  request.method = http::Method::post;
  request.target = "/git/" + call;
  request.headers.add("Content-Type", "application/json");
  request.body = json::serialize(body);
  co_return co_await callGit(std::move(parts), std::move(request), "git " + call);
}

Task<void> effect(NativeParts parts, std::string call, json::object body) {
  auto response = co_await tell(std::move(parts), std::move(call), std::move(body));
  if (!response) co_return std::unexpected(std::move(response).error());
  co_return Result<void>();
}

template <class T>
Task<T> answer(NativeParts parts, std::string call, std::string path) {
  auto response = co_await ask(std::move(parts), std::move(call), std::move(path));
  if (!response) co_return std::unexpected(std::move(response).error());
  co_return http::decode<T>(*response);
}

Task<std::vector<std::string>> branchNames(NativeParts parts, std::string path) {
  auto branches = co_await answer<Branches>(std::move(parts), "branches", std::move(path));
  if (!branches) co_return std::unexpected(std::move(branches).error());
  co_return std::move(branches->names);
}

Task<std::string> commitHash(NativeParts parts, json::object body) {
  auto response = co_await tell(std::move(parts), "commit", std::move(body));
  if (!response) co_return std::unexpected(std::move(response).error());
  auto committed = http::decode<Committed>(*response);
  if (!committed) co_return std::unexpected(std::move(committed).error());
  co_return std::move(committed->hash);
}

void addCredential(json::object& body, const std::optional<GitCredential>& credential) {
  if (!credential) return;
  body["username"] = credential->username;
  body["password"] = credential->password.reveal();
}

}  // namespace

std::future<Result<void>> Native::gitClone(GitClone clone) const {
  json::object body{{"url", clone.url}, {"path", clone.path}};
  if (!clone.branch.empty()) body["branch"] = clone.branch;
  if (!clone.commit.empty()) body["commit_id"] = clone.commit;
  if (clone.depth) body["depth"] = *clone.depth;
  addCredential(body, clone.credential);
  return inBackground(*parts_, effect(*parts_, "clone", std::move(body)));
}

std::future<Result<GitStatus>> Native::gitStatus(std::string path) const {
  return inBackground(*parts_, answer<GitStatus>(*parts_, "status", std::move(path)));
}

std::future<Result<std::vector<std::string>>> Native::gitBranches(std::string path) const {
  return inBackground(*parts_, branchNames(*parts_, std::move(path)));
}

std::future<Result<void>> Native::gitCreateBranch(std::string path, std::string name) const {
  json::object body{{"path", path}, {"name", name}};
  return inBackground(*parts_, effect(*parts_, "branches", std::move(body)));
}

std::future<Result<void>> Native::gitCheckout(std::string path, std::string branch) const {
  json::object body{{"path", path}, {"branch", branch}};
  return inBackground(*parts_, effect(*parts_, "checkout", std::move(body)));
}

std::future<Result<void>> Native::gitAdd(std::string path, std::vector<std::string> files) const {
  json::object body{{"path", path}, {"files", json::array(files.begin(), files.end())}};
  return inBackground(*parts_, effect(*parts_, "add", std::move(body)));
}

std::future<Result<std::string>> Native::gitCommit(std::string path, GitCommit commit) const {
  json::object body{
      {"path", path}, {"message", commit.message}, {"author", commit.author}, {"email", commit.email}};
  if (commit.allowEmpty) body["allow_empty"] = true;
  return inBackground(*parts_, commitHash(*parts_, std::move(body)));
}

std::future<Result<void>> Native::gitPush(std::string path, std::optional<GitCredential> credential) const {
  json::object body{{"path", path}};
  addCredential(body, credential);
  return inBackground(*parts_, effect(*parts_, "push", std::move(body)));
}

std::future<Result<void>> Native::gitPull(std::string path, std::optional<GitCredential> credential) const {
  json::object body{{"path", path}};
  addCredential(body, credential);
  return inBackground(*parts_, effect(*parts_, "pull", std::move(body)));
}

}  // namespace mooring::daytona
