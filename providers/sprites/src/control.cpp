#include "control.hpp"

#include <mooring/http/url.hpp>

#include "errors.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace json = boost::json;

namespace mooring::sprites {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string spritePath(std::string_view name, std::string_view rest) {
  return "/v1/sprites/" + http::escape(name) + std::string(rest);
}

const std::string& nameOf(const Instance& instance) {
  return instance.id.empty() ? instance.provisionKey : instance.id.value;
}

http::Request apiRequest(http::Method method, std::string target, const CallOptions& call) {
  http::Request request;
  request.method = method;
  request.target = std::move(target);
  request.deadline = call.deadline;
  request.timeouts.firstByte = seconds(60);
  request.timeouts.total = seconds(120);  // What the vendor's own client gives a creation.
  request.bucket = bucket::general;
  return request;
}

http::Request jsonRequest(http::Method method,
                          std::string target,
                          const json::object& body,
                          const CallOptions& call) {
  auto request = apiRequest(method, std::move(target), call);
  request.headers.set("Content-Type", "application/json");
  request.body = json::serialize(body);
  return request;
}

Task<http::Response> callApi(AccountPtr account, http::Request request, std::string what) {
  auto response = co_await account->http.transport->send(std::move(request));
  if (!response) co_return std::unexpected(errorFrom(std::move(response).error(), what));
  co_return response;
}

Task<http::Response> callForSuccess(AccountPtr account, http::Request request, std::string what) {
  auto response = co_await callApi(account, std::move(request), what);
  if (response && !response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  co_return response;
}

Task<std::optional<SpriteView>> lookUp(AccountPtr account, std::string name, CallOptions call) {
  const auto what = "look at sprite " + name;
  auto request = apiRequest(http::Method::get, spritePath(name), call);
  auto response = co_await callApi(account, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status == 404) co_return std::optional<SpriteView>();
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  auto sprite = http::decode<SpriteView>(*response);
  if (!sprite) co_return std::unexpected(errorFrom(std::move(sprite).error(), what));
  co_return std::optional<SpriteView>(std::move(*sprite));
}

Task<void> putLabels(AccountPtr account,
                     std::string name,
                     std::vector<std::string> labels,
                     CallOptions call) {
  json::object body{{"labels", json::array(labels.begin(), labels.end())}};
  auto request = jsonRequest(http::Method::put, spritePath(name), body, call);
  const auto what = "label sprite " + name;
  auto response = co_await callApi(account, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status == 404) co_return refuse(Errc::gone, "Sprites knows no sprite " + name);
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  co_return Result<void>();
}

Task<void> waitBeforeLook(AccountPtr account, int looksSoFar) {
  const auto delay = std::min(milliseconds(250) * (1 << std::min(looksSoFar, 3)), milliseconds(1000));
  co_return co_await account->pause->sleep(delay);
}

Task<void> lookAfter(AccountPtr account, Instance instance) {
  const CallOptions unlimited;  // The request has limits of its own; the caller's may be used up already.
  const auto name = nameOf(instance);
  auto seen = co_await lookUp(account, name, unlimited);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  if (!*seen) co_return refuse(Errc::gone, "Sprites knows no sprite " + name);
  co_return Result<void>();
}

Task<http::Response> callSprite(AccountPtr account,
                                Instance instance,
                                http::Request request,
                                std::string what) {
  request.target = spritePath(nameOf(instance), request.target);
  const bool safe = http::isSafe(request);
  auto response = co_await callApi(account, std::move(request), what);
  if (!response || response->ok()) co_return response;
  if (response->status == 404) {
    if (complaintOf(*response).aboutFile) co_return response;
    auto there = co_await lookAfter(std::move(account), std::move(instance));
    if (!there) co_return std::unexpected(std::move(there).error());
    co_return response;
  }
  auto error = errorFrom(*account, *response, what);
  if (error.code == Errc::unavailable && response->status >= 500 && !safe)
    co_return std::unexpected(outcomeUnknown(std::move(error)));
  co_return response;
}

}  // namespace mooring::sprites
