#include <mooring/http/url.hpp>

#include "apis.hpp"
#include "comments.hpp"
#include "control.hpp"
#include "definition.hpp"
#include "errors.hpp"

#include <boost/json/object.hpp>

#include <algorithm>

namespace json = boost::json;

namespace mooring::vercel {

namespace {

using Tags = std::map<std::string, std::string>;

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

Comments commentsIn(const Tags& tags) {
  const auto found = tags.find(std::string(commentsTagKey));
  return found == tags.end() ? Comments() : readComments(found->second);
}

/// Tags with the comments among them. Errors: quotaExceeded.
Result<Tags> withComments(Tags tags, const Comments& comments) {
  tags.erase(std::string(commentsTagKey));
  if (comments.empty()) return tags;
  auto text = writeComments(comments);
  if (!text) return std::unexpected(std::move(text).error());
  if (tags.size() >= mostTags) {
    return refuse(
        Errc::quotaExceeded,
        "a checkpoint's comment needs a tag, and the sandbox's labels take all five: use no comment");
  }
  tags[std::string(commentsTagKey)] = std::move(*text);
  return tags;
}

json::object objectOf(const Tags& tags) {
  json::object out;
  for (const auto& [name, value] : tags)
    out[name] = value;
  return out;
}

Task<SandboxReply> present(AccountPtr account, std::string name, CallOptions call) {
  auto seen = co_await lookUp(account, name, std::move(call));
  if (!seen) co_return std::unexpected(std::move(seen).error());
  if (!*seen) co_return refuse(Errc::gone, "Vercel knows no sandbox " + name);
  co_return std::move(**seen);
}

Task<void> update(AccountPtr account, std::string name, json::object changes, CallOptions call) {
  Query query;
  query.emplace_back("projectId", account->projectId);
  auto request = jsonRequest(
      http::Method::patch, target(*account, sandboxPath(name), std::move(query)), changes, call);
  request.idempotency = http::Idempotency::safe;  // It says what is to be, not what is to change.
  auto response = co_await callForSuccess(account, std::move(request), "change sandbox " + name);
  if (!response) co_return std::unexpected(std::move(response).error());
  co_return Result<void>();
}

CheckpointInfo infoFrom(const SnapshotView& snapshot, const Comments& comments) {
  CheckpointInfo out;
  out.id = CheckpointId(snapshot.id);
  out.createdAt = Timestamp(std::chrono::milliseconds(snapshot.createdAt));
  out.sizeBytes = snapshot.sizeBytes;
  const auto comment = comments.find(commentKey(out.id));
  if (comment != comments.end()) out.comment = comment->second;
  return out;
}

bool stands(const SnapshotView& snapshot) { return snapshot.status == "created"; }

Task<SnapshotView> takeSnapshot(AccountPtr account, Instance instance, CallOptions call) {
  json::object body;
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

/// Errors: notFound.
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

}  // namespace

Task<CheckpointInfo> Checkpoints::create(Instance instance, std::string comment, CallOptions call) {
  const auto name = instance.id.value;
  auto before = co_await present(account_, name, call);
  if (!before) co_return std::unexpected(std::move(before).error());
  auto comments = commentsIn(before->sandbox.tags);
  if (!comment.empty()) {
    // Asked before the sandbox is stopped for it; every key has the same length.
    auto trial = comments;
    trial["??????"] = comment;
    if (auto fits = withComments(before->sandbox.tags, trial); !fits)
      co_return std::unexpected(std::move(fits).error());
  }
  auto snapshot = co_await takeSnapshot(account_, std::move(instance), call);
  if (!snapshot) co_return std::unexpected(std::move(snapshot).error());

  // The next session has to begin from it, whatever the sandbox would begin from otherwise.
  json::object changes{{"currentSnapshotId", snapshot->id}};
  if (!comment.empty()) {
    comments[commentKey(CheckpointId(snapshot->id))] = comment;
    auto tags = withComments(before->sandbox.tags, comments);
    if (tags) changes["tags"] = objectOf(*tags);
  }
  auto updated = co_await update(account_, name, std::move(changes), std::move(call));
  if (!updated) co_return std::unexpected(std::move(updated).error());
  co_return infoFrom(*snapshot, comments);
}

Task<std::vector<CheckpointInfo>> Checkpoints::list(Instance instance, CallOptions call) {
  const auto name = instance.id.value;
  auto sandbox = co_await present(account_, name, call);
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  const auto comments = commentsIn(sandbox->sandbox.tags);
  std::vector<CheckpointInfo> out;
  std::string cursor;
  do {
    Query query;
    query.emplace_back("project", account_->projectId);
    query.emplace_back("name", name);
    query.emplace_back("limit", "50");
    query.emplace_back("sortOrder", "asc");
    if (!cursor.empty()) query.emplace_back("cursor", cursor);
    auto request = apiRequest(
        http::Method::get, target(*account_, "/v2/sandboxes/snapshots", std::move(query)), call);
    auto response = co_await callForSuccess(account_, std::move(request), "list checkpoints");
    if (!response) co_return std::unexpected(std::move(response).error());
    auto list = http::decode<SnapshotList>(*response);
    if (!list) co_return std::unexpected(errorFrom(std::move(list).error(), "list checkpoints"));
    for (const auto& snapshot : list->snapshots) {
      if (stands(snapshot) && snapshot.creationMethod != "automatic")
        out.push_back(infoFrom(snapshot, comments));
    }
    cursor = std::move(list->pagination.next);
  } while (!cursor.empty());
  co_return out;
}

Task<Instance> Checkpoints::restore(Instance instance, CheckpointId id, CallOptions call) {
  const auto name = instance.id.value;
  auto snapshot = co_await snapshotOf(account_, id, call);
  if (!snapshot) co_return std::unexpected(std::move(snapshot).error());
  Lifecycle lifecycle(account_);
  auto stopped = co_await lifecycle.stop(std::move(instance), call);
  if (!stopped) co_return std::unexpected(std::move(stopped).error());
  // After the stop, which may have made a snapshot of its own the next one to begin from.
  json::object changes{{"currentSnapshotId", id.value}};
  auto updated = co_await update(account_, name, std::move(changes), call);
  if (!updated) co_return std::unexpected(std::move(updated).error());
  auto up = co_await bringUp(account_, name, true, std::move(call));
  if (!up) co_return std::unexpected(std::move(up).error());
  co_return std::move(up->instance);
}

Task<void> Checkpoints::remove(Instance instance, CheckpointId id, CallOptions call) {
  auto snapshot = co_await snapshotOf(account_, id, call);
  if (!snapshot) co_return std::unexpected(std::move(snapshot).error());
  auto request = apiRequest(http::Method::del, target(*account_, snapshotPath(id)), call);
  request.bucket = bucket::remove;
  auto response = co_await callForSuccess(account_, std::move(request), "remove checkpoint " + id.value);
  if (!response) co_return std::unexpected(std::move(response).error());

  const auto name = instance.id.value;
  auto sandbox = co_await present(account_, name, call);
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  auto comments = commentsIn(sandbox->sandbox.tags);
  if (comments.erase(commentKey(id)) == 0) co_return Result<void>();
  auto tags = withComments(sandbox->sandbox.tags, comments);
  if (!tags) co_return std::unexpected(std::move(tags).error());
  json::object changes{{"tags", objectOf(*tags)}};
  co_return co_await update(account_, name, std::move(changes), std::move(call));
}

}  // namespace mooring::vercel
