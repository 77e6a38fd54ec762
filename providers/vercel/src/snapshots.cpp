#include "snapshots.hpp"

#include <mooring/http/url.hpp>

#include "control.hpp"
#include "errors.hpp"

#include <boost/json/object.hpp>

#include <algorithm>

namespace mooring::vercel {

namespace {

constexpr int mostAttempts = 3;
constexpr int mostLooks = 300;  // A second apart: snapshots of large disks take minutes.

std::string snapshotPath(const CheckpointId& id) {
  return "/v2/sandboxes/snapshots/" + http::escape(id.value);
}

Result<void> checkId(const CheckpointId& id) {
  const bool plain = !id.empty() && std::ranges::all_of(id.value, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
  if (plain) return {};
  return refuse(Errc::notFound, "there is no checkpoint \"" + id.value + "\"");
}

bool stands(const SnapshotView& snapshot) { return snapshot.status == "created"; }

Task<SnapshotView> askForSnapshot(AccountPtr account, Instance instance, CallOptions call) {
  boost::json::object body;
  body["expiration"] = 0;  // For ever: it ends when the sandbox is destroyed, or when it is removed.
  auto request = jsonRequest(http::Method::post, "/snapshot", body, call);
  request.timeouts.firstByte = std::chrono::minutes(5);
  request.timeouts.total = std::chrono::minutes(5);
  const std::string what = "take a checkpoint";
  auto response = co_await callSession(
      account, std::move(instance), std::move(request), what, std::move(call));
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  auto reply = http::decode<SnapshotReply>(*response);
  if (!reply) co_return std::unexpected(errorFrom(std::move(reply).error(), what));
  if (!stands(reply->snapshot))
    co_return refuse(Errc::unavailable, "cannot " + what + ": the snapshot is " + reply->snapshot.status);
  co_return std::move(reply->snapshot);
}

/// What a request without a readable answer has made; nothing when it has made nothing, and the session runs.
Task<std::optional<SnapshotView>> findTaken(AccountPtr account,
                                            std::string name,
                                            std::string session,
                                            CallOptions call) {
  for (int looks = 0; looks < mostLooks; ++looks) {
    auto seen = co_await lookUp(account, name, call);
    if (!seen) co_return std::unexpected(std::move(seen).error());
    if (!*seen) co_return refuse(Errc::gone, "Vercel knows no sandbox " + name);
    const auto& now = (*seen)->session;
    const auto phase = phaseOf(now.status);
    if (now.id == session && phase == Phase::running) co_return std::optional<SnapshotView>();
    if (now.id != session || phase == Phase::stopped) {
      auto all = co_await snapshotsOf(account, name, call);
      if (!all) co_return std::unexpected(std::move(all).error());
      const auto found = std::ranges::find(*all, session, &SnapshotView::sourceSessionId);
      if (found != all->end()) co_return std::optional<SnapshotView>(std::move(*found));
      co_return refuse(Errc::notRunning, "the session has ended, and there is no snapshot of it");
    }
    auto waited = co_await waitBeforeLook(account, looks);
    if (!waited) co_return std::unexpected(std::move(waited).error());
  }
  co_return refuse(Errc::unavailable, "the session does not come to an end");
}

}  // namespace

Task<std::vector<SnapshotView>> snapshotsOf(AccountPtr account, std::string name, CallOptions call) {
  std::vector<SnapshotView> out;
  std::string cursor;
  do {
    Query query;
    query.emplace_back("project", account->projectId);
    query.emplace_back("name", name);
    query.emplace_back("limit", "50");
    query.emplace_back("sortOrder", "asc");
    if (!cursor.empty()) query.emplace_back("cursor", cursor);
    auto request = apiRequest(
        http::Method::get, target(*account, "/v2/sandboxes/snapshots", std::move(query)), call);
    auto response = co_await callForSuccess(account, std::move(request), "list checkpoints");
    if (!response) co_return std::unexpected(std::move(response).error());
    auto list = http::decode<SnapshotList>(*response);
    if (!list) co_return std::unexpected(errorFrom(std::move(list).error(), "list checkpoints"));
    for (auto& snapshot : list->snapshots) {
      if (stands(snapshot) && snapshot.creationMethod != "automatic") out.push_back(std::move(snapshot));
    }
    cursor = std::move(list->pagination.next);
  } while (!cursor.empty());
  co_return out;
}

Task<SnapshotView> snapshotOf(AccountPtr account, CheckpointId id, CallOptions call) {
  if (auto fine = checkId(id); !fine) co_return std::unexpected(std::move(fine).error());
  auto request = apiRequest(http::Method::get, target(*account, snapshotPath(id)), call);
  auto response = co_await callForSuccess(account, std::move(request), "find checkpoint " + id.value);
  if (!response) co_return std::unexpected(std::move(response).error());
  auto reply = http::decode<SnapshotReply>(*response);
  if (!reply) co_return std::unexpected(errorFrom(std::move(reply).error(), "find checkpoint " + id.value));
  if (!stands(reply->snapshot))
    co_return refuse(Errc::notFound, "checkpoint " + id.value + " is " + reply->snapshot.status);
  co_return std::move(reply->snapshot);
}

Task<void> deleteSnapshot(AccountPtr account, CheckpointId id, CallOptions call) {
  auto request = apiRequest(http::Method::del, target(*account, snapshotPath(id)), call);
  request.bucket = bucket::remove;
  co_return co_await callToRemove(account, std::move(request), "remove checkpoint " + id.value);
}

Task<SnapshotView> takeSnapshot(AccountPtr account, Instance instance, CallOptions call) {
  // Known beforehand: by it the snapshot is found again.
  auto session = co_await sessionFor(account, instance, call);
  if (!session) co_return std::unexpected(std::move(session).error());
  for (int attempt = 1;; ++attempt) {
    auto taken = co_await askForSnapshot(account, instance, call);
    if (taken || !worthALook(taken.error())) co_return taken;
    auto error = std::move(taken).error();
    auto found = co_await findTaken(account, instance.id.value, *session, call);
    if (!found) co_return std::unexpected(outcomeUnknown(std::move(error)));
    if (*found) co_return std::move(**found);
    if (attempt < mostAttempts) continue;
    error.code = Errc::unavailable;
    error.transience = Transience::exhausted;
    co_return std::unexpected(std::move(error));
  }
}

}  // namespace mooring::vercel
