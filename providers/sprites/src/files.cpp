#include <mooring/guest/staging.hpp>
#include <mooring/http/sinks.hpp>
#include <mooring/http/url.hpp>

#include "apis.hpp"
#include "control.hpp"
#include "errors.hpp"
#include "exec/script_run.hpp"

namespace mooring::sprites {

namespace {

constexpr std::size_t fileBuffer = std::size_t{128} * 1024;
constexpr std::chrono::minutes longestTransfer(60);
constexpr const char* home = "/home/sprite";

using Query = std::vector<std::pair<std::string, std::string>>;

/// "/fs/<operation>?path=…": below a sprite. Relative paths start at the home.
std::string fileTarget(std::string_view operation, const std::string& path, const Query& more) {
  Query query = {{"path", path}, {"workingDir", home}};
  query.insert(query.end(), more.begin(), more.end());
  return "/fs/" + std::string(operation) + http::queryString(query);
}

/// With the limits of a long transfer.
Task<void> transfer(AccountPtr account, Instance instance, http::Request request, std::string what) {
  request.timeouts.total = longestTransfer;
  request.timeouts.silence = std::chrono::minutes(2);
  request.buffer = fileBuffer;
  request.protocol = http::Protocol::http1;
  auto response = co_await callSprite(account, std::move(instance), std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  co_return Result<void>();
}

}  // namespace

Task<void> Files::read(Instance instance,
                       SandboxPath path,
                       std::uint64_t offset,
                       std::shared_ptr<ByteSink> sink,
                       CallOptions call) {
  const Query nothingMore;
  auto request = apiRequest(http::Method::get, fileTarget("read", path.value, nothingMore), call);
  request.sink = http::whenOk(http::skipping(offset, std::move(sink)));
  co_return co_await transfer(account_, std::move(instance), std::move(request), "read " + path.value);
}

Task<guest::Printed> Files::run(Instance instance,
                                std::string_view script,
                                std::vector<std::string> args,
                                CallOptions call) {
  return runScript(account_, std::move(instance), script, std::move(args), std::move(call));
}

// Not in /tmp: nobody promises that a sprite which falls asleep between two requests keeps that.
std::string Files::newDirectory() { return "/var/tmp/.mooring-" + account_->context.ids->uuid(); }

Task<void> Files::bring(Instance instance, std::string directory, http::TarItems items, CallOptions call) {
  auto body = co_await guest::archiveBody(account_->context, std::move(items), http::TarCompression::none);
  if (!body) co_return std::unexpected(std::move(body).error());
  const Query more = {{"mkdirParents", "true"}, {"mode", "0600"}};
  auto request = apiRequest(http::Method::put, fileTarget("write", directory + ".tar", more), call);
  request.headers.set("Content-Type", "application/octet-stream");
  request.body = std::move(*body);
  co_return co_await transfer(account_, std::move(instance), std::move(request), "write files");
}

std::string_view Files::placeScript() const {
  return R"sh(
trap 'rm -rf -- "$1" "$1.tar"' EXIT
umask 077
tar -xpof "$1.tar" -C / || exit 1
rm -f -- "$1.tar"
sh "$1/place"
)sh";
}

}  // namespace mooring::sprites
