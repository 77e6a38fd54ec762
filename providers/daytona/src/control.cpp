#include "control.hpp"

#include <mooring/http/url.hpp>

#include "errors.hpp"

namespace mooring::daytona {

using std::chrono::seconds;

http::Request apiRequest(http::Method method, std::string target, const CallOptions& call) {
  http::Request request;
  request.method = method;
  request.target = std::move(target);
  request.deadline = call.deadline;
  // Creating and starting hold the reply back for up to 30 s; nothing else takes as long.
  request.timeouts.firstByte = seconds(45);
  request.timeouts.total = seconds(90);
  request.bucket = bucket::general;
  return request;
}

std::string sandboxPath(std::string_view idOrName, std::string_view rest) {
  return "/sandbox/" + http::escape(idOrName) + std::string(rest);
}

Task<http::Response> callApi(AccountPtr account, http::Request request, std::string what) {
  auto response = co_await account->http.transport->send(std::move(request));
  if (!response) co_return std::unexpected(errorFrom(std::move(response).error(), what));
  co_return response;
}

Task<std::optional<SandboxView>> lookUp(AccountPtr account, std::string idOrName, CallOptions call) {
  const auto what = "look at sandbox " + idOrName;
  auto request = apiRequest(http::Method::get, sandboxPath(idOrName), call);
  request.route = "/sandbox/{sandboxId}";
  auto response = co_await callApi(account, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status == 404) co_return std::optional<SandboxView>();
  if (response->status != 200) co_return std::unexpected(errorFrom(*account, *response, what));
  auto sandbox = http::decode<SandboxView>(*response);
  if (!sandbox) co_return std::unexpected(errorFrom(std::move(sandbox).error(), what));
  co_return std::optional<SandboxView>(std::move(*sandbox));
}

}  // namespace mooring::daytona
