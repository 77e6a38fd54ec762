#include "apis.hpp"
#include "comments.hpp"
#include "control.hpp"
#include "definition.hpp"
#include "errors.hpp"
#include "snapshots.hpp"

#include <boost/json/object.hpp>

namespace json = boost::json;

namespace mooring::vercel {

namespace {

using Tags = std::map<std::string, std::string>;

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
  if (!updated) {
    auto error = std::move(updated).error();
    error.message += "; checkpoint " + snapshot->id + " was taken before";
    co_return std::unexpected(outcomeUnknown(std::move(error)));
  }
  co_return infoFrom(*snapshot, comments);
}

Task<std::vector<CheckpointInfo>> Checkpoints::list(Instance instance, CallOptions call) {
  const auto name = instance.id.value;
  auto sandbox = co_await present(account_, name, call);
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
  const auto comments = commentsIn(sandbox->sandbox.tags);
  auto snapshots = co_await snapshotsOf(account_, name, std::move(call));
  if (!snapshots) co_return std::unexpected(std::move(snapshots).error());
  std::vector<CheckpointInfo> out;
  for (const auto& snapshot : *snapshots)
    out.push_back(infoFrom(snapshot, comments));
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
  auto removed = co_await deleteSnapshot(account_, id, call);
  if (!removed) co_return std::unexpected(std::move(removed).error());

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
