#include <mooring/http/url.hpp>

#include "apis.hpp"
#include "control.hpp"
#include "errors.hpp"

#include <algorithm>

namespace mooring::vercel {

namespace {

constexpr std::size_t longestName = 64;

Result<void> checkName(const std::string& name) {
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (plain && !name.empty() && name.size() <= longestName) return {};
  return refuse(Errc::invalidArgument,
                "\"" + name +
                    "\" cannot be the name of a Vercel drive: use letters, digits, '-' and '_', at "
                    "most 64");
}

VolumeInfo infoFrom(const DriveView& drive) {
  VolumeInfo out;
  out.name = drive.name;
  out.state = drive.region.empty() ? "ready" : "ready in " + drive.region;
  return out;
}

std::string drivePath(const std::string& name) { return "/v2/sandboxes/drives/" + http::escape(name); }

}  // namespace

Task<VolumeInfo> ensureDrive(AccountPtr account, std::string name, std::string region, CallOptions call) {
  if (auto fine = checkName(name); !fine) co_return std::unexpected(std::move(fine).error());
  const auto what = "make volume " + name;
  boost::json::object body;
  body["projectId"] = account->projectId;
  if (!region.empty()) body["region"] = region;
  auto request = jsonRequest(http::Method::post, target(*account, drivePath(name)), body, call);
  request.idempotency = http::Idempotency::safe;  // Gets or makes.
  auto response = co_await callForSuccess(account, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  auto reply = http::decode<DriveReply>(*response);
  if (!reply) co_return std::unexpected(errorFrom(std::move(reply).error(), what));
  co_return infoFrom(reply->drive);
}

Task<VolumeInfo> Volumes::ensure(std::string name, CallOptions call) {
  return ensureDrive(account_, std::move(name), std::string(), std::move(call));
}

Task<std::vector<VolumeInfo>> Volumes::list(CallOptions call) {
  std::vector<VolumeInfo> out;
  std::string cursor;
  do {
    Query query;
    query.emplace_back("projectId", account_->projectId);
    query.emplace_back("limit", "50");
    if (!cursor.empty()) query.emplace_back("cursor", cursor);
    auto request = apiRequest(
        http::Method::get, target(*account_, "/v2/sandboxes/drives", std::move(query)), call);
    auto response = co_await callForSuccess(account_, std::move(request), "list volumes");
    if (!response) co_return std::unexpected(std::move(response).error());
    auto list = http::decode<DriveList>(*response);
    if (!list) co_return std::unexpected(errorFrom(std::move(list).error(), "list volumes"));
    std::ranges::transform(list->drives, std::back_inserter(out), infoFrom);
    cursor = std::move(list->pagination.next);
  } while (!cursor.empty());
  co_return out;
}

Task<void> Volumes::remove(std::string name, CallOptions call) {
  if (auto fine = checkName(name); !fine) co_return fine;
  Query query;
  query.emplace_back("projectId", account_->projectId);
  auto request = apiRequest(http::Method::del, target(*account_, drivePath(name), std::move(query)), call);
  co_return co_await callToRemove(account_, std::move(request), "remove volume " + name);
}

}  // namespace mooring::vercel
