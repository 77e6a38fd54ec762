#include "apis.hpp"
#include "control.hpp"
#include "errors.hpp"
#include "toolbox.hpp"

namespace mooring::daytona {

namespace {

Task<PreviewView> previewOf(AccountPtr account, Instance instance, int port, CallOptions call) {
  const auto what = "get the preview link of port " + std::to_string(port);
  if (port < 1 || port > 65535)
    co_return refuse(Errc::invalidArgument, std::to_string(port) + " is not a port: use 1 to 65535");
  auto request = apiRequest(http::Method::get,
                            sandboxPath(instance.id.value, "/ports/" + std::to_string(port) + "/preview-url"),
                            call);
  request.route = "/sandbox/{sandboxId}/ports/{port}/preview-url";
  auto response = co_await callApi(account, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status == 404) co_return refuse(Errc::gone, "Daytona knows no sandbox " + instance.id.value);
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  auto preview = http::decode<PreviewView>(*response);
  if (!preview) co_return std::unexpected(errorFrom(std::move(preview).error(), what));
  co_return preview;
}

}  // namespace

Task<PreviewUrl> Previews::url(Instance instance, int port, CallOptions call) {
  auto preview = co_await previewOf(account_, std::move(instance), port, std::move(call));
  if (!preview) co_return std::unexpected(std::move(preview).error());
  PreviewUrl out;
  out.url = std::move(preview->url);
  if (!preview->token.empty())
    out.headers.emplace("X-Daytona-Preview-Token", Secret(std::move(preview->token)));
  co_return out;
}

Task<bool> Previews::answers(Instance instance, int port, CallOptions call) {
  auto preview = co_await previewOf(account_, instance, port, call);
  if (!preview) co_return std::unexpected(std::move(preview).error());
  http::Request request;
  request.target = std::move(preview->url);
  request.route = "/";  // The host may hold the sandbox's id, and the query nothing for logs.
  request.deadline = call.deadline;
  request.timeouts.total = std::chrono::seconds(10);
  request.headers.add("X-Daytona-Preview-Token", preview->token);
  request.headers.add("X-Daytona-Skip-Preview-Warning", "true");
  request.headers.add("X-Daytona-Skip-Last-Activity-Update", "true");
  // The first bytes are answer enough.
  request.maxBody = std::size_t{64} * 1024;
  auto response = co_await account_->probe->send(std::move(request));
  if (!response) {
    const auto& error = response.error();
    if (error.code == Errc::corrupted) co_return true;  // More than that: somebody is talking.
    if (error.code == Errc::unavailable) co_return false;
    co_return std::unexpected(errorFrom(error, "ask port " + std::to_string(port)));
  }
  if (response->status < 400) co_return true;
  if (response->status == 502 || response->status == 503 || response->status == 504) co_return false;
  if (saidByDaemon(*response) == std::optional(false)) {
    // Said on the way there: is there a way at all?
    auto standing = co_await lookAfter(account_, std::move(instance));
    if (!standing) co_return std::unexpected(std::move(standing).error());
    co_return false;
  }
  co_return true;
}

}  // namespace mooring::daytona
