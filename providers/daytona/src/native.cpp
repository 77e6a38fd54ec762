#include <mooring/http/url.hpp>

#include "control.hpp"
#include "definition.hpp"
#include "errors.hpp"
#include "native_calls.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace mooring::daytona {

namespace json = boost::json;

namespace {

constexpr std::string_view languageLabel = "code-toolbox-language";

struct SignedView {
  std::string url = {};
  std::string token = {};
};
void read(http::Fields& in, SignedView& out) {
  in.required("url", out.url);
  in.required("token", out.token);
}

struct SnapshotView {
  Snapshot snapshot = {};
};
void read(http::Fields& in, SnapshotView& out) {
  in.required("id", out.snapshot.id);
  in.required("name", out.snapshot.name);
  in.required("state", out.snapshot.state);
  in.optional("imageName", out.snapshot.image);
  in.optional("errorReason", out.snapshot.errorReason);
}

struct SnapshotPage {
  std::vector<SnapshotView> items = {};
  std::int64_t totalPages = 0;
};
void read(http::Fields& in, SnapshotPage& out) {
  in.required("items", out.items);
  in.required("totalPages", out.totalPages);
}

/// Sends it; anything but a 2xx is an error, and a 404 means the sandbox.
Task<http::Response> send(AccountPtr account, http::Request request, std::string id, std::string what) {
  auto response = co_await callApi(account, std::move(request), what);
  if (!response) co_return response;
  if (response->status == 404 && !id.empty())
    co_return refuse(Errc::gone, "cannot " + what + ": Daytona knows no sandbox " + id);
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  co_return response;
}

std::string portPath(const std::string& id, int port, const std::string& rest) {
  return sandboxPath(id, "/ports/" + std::to_string(port) + rest);
}

Task<std::map<std::string, std::string>> readLabels(AccountPtr account, std::string id) {
  const CallOptions unlimited;
  auto seen = co_await lookUp(account, id, unlimited);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  if (!*seen) co_return refuse(Errc::gone, "Daytona knows no sandbox " + id);
  co_return std::move((*seen)->labels);
}

Task<void> writeLabels(AccountPtr account, std::string id, std::map<std::string, std::string> labels) {
  for (const auto own : {ownerLabel, languageLabel}) {
    if (labels.contains(std::string(own)))
      co_return refuse(Errc::invalidArgument, "the label \"" + std::string(own) + "\" is not to be set");
  }
  auto before = co_await readLabels(account, id);
  if (!before) co_return std::unexpected(std::move(before).error());
  for (const auto own : {ownerLabel, languageLabel}) {
    if (auto kept = before->extract(std::string(own))) labels.insert(std::move(kept));
  }
  json::object texts;
  for (const auto& [key, value] : labels)
    texts[key] = value;
  const CallOptions unlimited;
  auto request = apiRequest(http::Method::put, sandboxPath(id, "/labels"), unlimited);
  request.headers.add("Content-Type", "application/json");
  request.body = json::serialize(json::object{{"labels", std::move(texts)}});
  auto response = co_await send(account, std::move(request), id, "set the labels");
  if (!response) co_return std::unexpected(std::move(response).error());
  co_return Result<void>();
}

Task<SignedPreview> sign(AccountPtr account, std::string id, int port, std::chrono::seconds validFor) {
  constexpr auto longest = std::chrono::hours(24);
  if (port < 1 || port > 65535)
    co_return refuse(Errc::invalidArgument, std::to_string(port) + " is not a port: use 1 to 65535");
  if (validFor < std::chrono::seconds(1) || validFor > longest)
    co_return refuse(Errc::invalidArgument, "a signed preview is good for 1 s to 24 h");
  const auto path = portPath(
      id, port, "/signed-preview-url?expiresInSeconds=" + std::to_string(validFor.count()));
  const CallOptions unlimited;
  auto request = apiRequest(http::Method::get, path, unlimited);
  const auto from = account->context.clock->now();
  auto response = co_await send(account, std::move(request), id, "sign a preview link");
  if (!response) co_return std::unexpected(std::move(response).error());
  auto view = http::decode<SignedView>(*response);
  if (!view) co_return std::unexpected(errorFrom(std::move(view).error(), "sign a preview link"));
  SignedPreview out;
  out.url = Secret(std::move(view->url));
  out.token = Secret(std::move(view->token));
  out.expiresAt = from + validFor;
  co_return out;
}

Task<void> expire(AccountPtr account, std::string id, int port, Secret token) {
  const auto rest = "/signed-preview-url/" + http::escape(token.reveal()) + "/expire";
  const CallOptions unlimited;
  auto request = apiRequest(http::Method::post, portPath(id, port, rest), unlimited);
  request.route = "/sandbox/{sandboxId}/ports/{port}/signed-preview-url/{token}/expire";
  request.idempotency = http::Idempotency::safe;
  auto response = co_await send(account, std::move(request), id, "expire a preview link");
  if (!response) co_return std::unexpected(std::move(response).error());
  co_return Result<void>();
}

Task<std::vector<Snapshot>> listSnapshots(AccountPtr account) {
  std::vector<Snapshot> out;
  for (std::int64_t page = 1;; ++page) {
    const CallOptions unlimited;
    auto request = apiRequest(
        http::Method::get, "/snapshots?page=" + std::to_string(page) + "&limit=100", unlimited);
    auto response = co_await send(account, std::move(request), std::string(), "list snapshots");
    if (!response) co_return std::unexpected(std::move(response).error());
    auto listed = http::decode<SnapshotPage>(*response);
    if (!listed) co_return std::unexpected(errorFrom(std::move(listed).error(), "list snapshots"));
    for (auto& item : listed->items)
      out.push_back(std::move(item.snapshot));
    if (page >= listed->totalPages || listed->items.empty()) co_return out;
  }
}

}  // namespace

std::any nativeFor(AccountPtr account, const Instance& instance) {
  return Native(std::make_shared<const NativeParts>(std::move(account), instance));
}

const std::string& Native::id() const { return parts_->instance.id.value; }

std::future<Result<std::map<std::string, std::string>>> Native::labels() const {
  return inBackground(*parts_, readLabels(parts_->account, id()));
}

std::future<Result<void>> Native::setLabels(std::map<std::string, std::string> labels) const {
  return inBackground(*parts_, writeLabels(parts_->account, id(), std::move(labels)));
}

std::future<Result<SignedPreview>> Native::signedPreview(int port, std::chrono::seconds validFor) const {
  return inBackground(*parts_, sign(parts_->account, id(), port, validFor));
}

std::future<Result<void>> Native::expireSignedPreview(int port, Secret token) const {
  return inBackground(*parts_, expire(parts_->account, id(), port, std::move(token)));
}

std::future<Result<std::vector<Snapshot>>> Native::snapshots() const {
  return inBackground(*parts_, listSnapshots(parts_->account));
}

}  // namespace mooring::daytona
