#include <mooring/http/retry_after.hpp>

#include "apis.hpp"
#include "control.hpp"
#include "definition.hpp"
#include "errors.hpp"

namespace mooring::vercel {

using std::chrono::milliseconds;

namespace {

constexpr int mostLooks = 300;  // A second apart: snapshots of large disks take minutes.
constexpr const char* pageSize = "50";
constexpr milliseconds shortestExtension(1000);
constexpr int mostExtensions = 3;

const std::string& nameOf(const Instance& instance) {
  return instance.id.empty() ? instance.provisionKey : instance.id.value;
}

Error goneError(const std::string& message) {
  auto error = refuse(Errc::gone, message);
  return std::move(error).error();
}

Task<std::optional<Instance>> seenInstance(AccountPtr account, std::string name, CallOptions call) {
  auto seen = co_await lookUp(account, std::move(name), std::move(call));
  if (!seen) co_return std::unexpected(std::move(seen).error());
  if (!*seen) co_return std::optional<Instance>();
  auto instance = instanceFrom(*account, **seen);
  if (!instance) co_return std::unexpected(std::move(instance).error());
  co_return std::optional<Instance>(std::move(*instance));
}

/// Returns when it has stopped.
Task<void> stopSession(AccountPtr account, std::string sessionId, CallOptions call) {
  auto request = apiRequest(http::Method::post, target(*account, sessionPath(sessionId, "/stop")), call);
  request.idempotency = http::Idempotency::safe;  // Stopping twice stops once.
  auto response = co_await callForSuccess(account, std::move(request), "stop session " + sessionId);
  if (!response) co_return std::unexpected(std::move(response).error());
  co_return Result<void>();
}

/// What is left of a session's life on the server's own clock.
Result<milliseconds> leftOf(const SessionReply& reply, const http::Response& response, Timestamp ours) {
  if (!reply.session.startedAt) return refuse(Errc::corrupted, "a session says nothing of its start");
  const auto date = http::parseHttpDate(response.headers.get("Date").value_or(""));
  const auto end = Timestamp(milliseconds(*reply.session.startedAt + reply.session.timeoutMs));
  return end - date.value_or(ours);
}

Task<milliseconds> lifeLeft(AccountPtr account, Instance instance, CallOptions call) {
  const std::string what = "look at the session";
  auto look = apiRequest(http::Method::get, "", call);
  auto seen = co_await callSession(account, instance, std::move(look), what, std::move(call));
  if (!seen) co_return std::unexpected(std::move(seen).error());
  if (!seen->ok()) co_return std::unexpected(errorFrom(*account, *seen, what));
  auto reply = http::decode<SessionReply>(*seen);
  if (!reply) co_return std::unexpected(errorFrom(std::move(reply).error(), what));
  if (phaseOf(reply->session.status) != Phase::running)
    co_return refuse(Errc::notRunning, "sandbox " + nameOf(instance) + " is " + reply->session.status);
  co_return leftOf(*reply, *seen, account->context.clock->now());
}

Task<void> addLife(AccountPtr account, Instance instance, milliseconds duration, CallOptions call) {
  const std::string what = "extend the sandbox's life";
  boost::json::object body;
  body["duration"] = duration.count();
  auto request = jsonRequest(http::Method::post, "/extend-timeout", body, call);
  auto extended = co_await callSession(
      account, std::move(instance), std::move(request), what, std::move(call));
  if (!extended) co_return std::unexpected(std::move(extended).error());
  if (!extended->ok()) co_return std::unexpected(errorFrom(*account, *extended, what));
  co_return Result<void>();
}

}  // namespace

Task<Attachment> bringUp(AccountPtr account, std::string name, bool wakeAtOnce, CallOptions call) {
  bool wake = wakeAtOnce;
  bool woken = false;
  for (int looks = 0; looks < mostLooks; ++looks) {
    Result<std::optional<SandboxReply>> seen;
    if (wake) {
      seen = co_await wakeUp(account, name, call);
    } else {
      seen = co_await lookUp(account, name, call);
    }
    if (!seen) {
      // Between two states it cannot be woken yet.
      if (seen.error().code != Errc::notRunning) co_return std::unexpected(std::move(seen).error());
    } else {
      if (!*seen) co_return std::unexpected(goneError("Vercel knows no sandbox " + name));
      const auto& reply = **seen;
      woken = woken || reply.resumed;
      auto instance = instanceFrom(*account, reply);
      if (!instance) co_return std::unexpected(std::move(instance).error());
      const auto phase = phaseOf(reply.session.status);
      if (phase == Phase::running) co_return Attachment{.instance = std::move(*instance), .woken = woken};
      if (phase == Phase::stopped && !keepsFiles(reply)) {
        co_return std::unexpected(
            goneError("sandbox " + name + " is " + reply.session.status + ", and its files were not kept"));
      }
      if (phase == Phase::stopped && !wake) {
        wake = true;
        continue;
      }
    }
    auto waited = co_await waitBeforeLook(account, looks);
    if (!waited) co_return std::unexpected(std::move(waited).error());
  }
  co_return refuse(Errc::unavailable, "sandbox " + name + " does not come to run");
}

Task<std::optional<Instance>> Lifecycle::find(std::string provisionKey, CallOptions call) {
  co_return co_await seenInstance(account_, std::move(provisionKey), std::move(call));
}

Task<std::optional<Instance>> Lifecycle::inspect(ExternalSandboxId id, CallOptions call) {
  co_return co_await seenInstance(account_, std::move(id.value), std::move(call));
}

Task<Attachment> Lifecycle::attach(Instance instance, CallOptions call) {
  // Of a persistent one the request that looks also wakes. Another's files may be lost, and it must not be
  // woken with older ones: it is looked at first.
  const bool wakeAtOnce = isPersistent(instance);
  co_return co_await bringUp(account_, nameOf(instance), wakeAtOnce, std::move(call));
}

Task<void> Lifecycle::stop(Instance instance, CallOptions call) {
  // A session can be stopped long after its sandbox was deleted, or has got another one: the name decides.
  const auto name = nameOf(instance);
  for (int looks = 0; looks < mostLooks; ++looks) {
    auto seen = co_await lookUp(account_, name, call);
    if (!seen) co_return std::unexpected(std::move(seen).error());
    if (!*seen) co_return std::unexpected(goneError("Vercel knows no sandbox " + name));
    const auto& session = (*seen)->session;
    const auto phase = phaseOf(session.status);
    if (phase == Phase::stopped) co_return Result<void>();
    if (phase != Phase::ending) {
      auto stopped = co_await stopSession(account_, session.id, call);
      if (stopped) co_return Result<void>();
      // Told to have stopped, or to be about to: only its sandbox knows for certain.
      const auto code = stopped.error().code;
      if (code != Errc::notFound && code != Errc::notRunning)
        co_return std::unexpected(std::move(stopped).error());
    }
    auto waited = co_await waitBeforeLook(account_, looks);
    if (!waited) co_return std::unexpected(std::move(waited).error());
  }
  co_return refuse(Errc::unavailable, "sandbox " + name + " does not come to a stop");
}

Task<void> Lifecycle::destroy(Instance instance, CallOptions call) {
  const auto name = nameOf(instance);
  const auto what = "delete sandbox " + name;
  Query query;
  query.emplace_back("projectId", account_->projectId);
  query.emplace_back("deleteOrphanSnapshots", "true");
  auto request = apiRequest(http::Method::del, target(*account_, sandboxPath(name), std::move(query)), call);
  request.bucket = bucket::remove;
  auto response = co_await callApi(account_, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok() && response->status != 404)
    co_return std::unexpected(errorFrom(*account_, *response, what));
  co_return Result<void>();
}

Task<InstancePage> Lifecycle::list(std::string ownerTag, std::string cursor, CallOptions call) {
  Query query;
  query.emplace_back("project", account_->projectId);
  query.emplace_back("limit", pageSize);
  query.emplace_back("tags", std::string(ownerTagKey) + ":" + ownerTag);
  if (!cursor.empty()) query.emplace_back("cursor", std::move(cursor));
  auto request = apiRequest(http::Method::get, target(*account_, "/v2/sandboxes", std::move(query)), call);
  auto response = co_await callForSuccess(account_, std::move(request), "list sandboxes");
  if (!response) co_return std::unexpected(std::move(response).error());
  auto list = http::decode<SandboxList>(*response);
  if (!list) co_return std::unexpected(errorFrom(std::move(list).error(), "list sandboxes"));
  InstancePage page;
  for (const auto& sandbox : list->sandboxes) {
    auto instance = instanceFrom(*account_, sandbox);
    if (!instance) co_return std::unexpected(std::move(instance).error());
    page.instances.push_back(std::move(*instance));
  }
  page.nextCursor = std::move(list->pagination.next);
  co_return page;
}

Task<void> Lifecycle::extend(Instance instance, milliseconds lifetime, CallOptions call) {
  for (int attempt = 1;; ++attempt) {
    auto left = co_await lifeLeft(account_, instance, call);
    if (!left) co_return std::unexpected(std::move(left).error());
    // Vercel adds to what there is, a second at least; it never takes away. An attempt whose answer was lost
    // shows in what is left.
    const auto missing = lifetime - *left;
    if (missing <= milliseconds(0) || (attempt > 1 && missing < shortestExtension)) co_return Result<void>();
    auto extended = co_await addLife(account_, instance, std::max(missing, shortestExtension), call);
    if (extended || attempt == mostExtensions || !worthALook(extended.error())) co_return extended;
  }
}

}  // namespace mooring::vercel
