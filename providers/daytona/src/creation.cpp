#include "creation.hpp"

#include "control.hpp"
#include "definition.hpp"
#include "errors.hpp"
#include "removal.hpp"
#include "settling.hpp"

#include <spdlog/spdlog.h>

namespace mooring::daytona {

namespace {

constexpr int mostPosts = 4;
constexpr auto doubtLimit = std::chrono::minutes(1);

Task<http::Response> post(AccountPtr account, Creation creation, CallOptions call) {
  auto request = apiRequest(http::Method::post, "/sandbox", call);
  request.bucket = bucket::create;
  request.headers.add("Content-Type", "application/json");
  request.body = std::move(creation.body);
  // Never repeated blindly: after a lost reply the name is looked up first.
  request.idempotency = http::Idempotency::unsafe;
  co_return co_await account->http.transport->send(std::move(request));
}

Error errorOf(const Account& account, const Result<http::Response>& reply, const std::string& what) {
  return reply ? errorFrom(account, *reply, what) : errorFrom(reply.error(), what);
}

/// Its name alone is not enough: what carries another owner's tag is left alone.
Result<void> checkOwner(const SandboxView& sandbox, const Creation& creation) {
  const auto tag = sandbox.labels.find(std::string(ownerLabel));
  if (tag != sandbox.labels.end() && tag->second == creation.ownerTag) return {};
  return refuse(Errc::conflict,
                "there is a sandbox named " + creation.name +
                    " which is not this deployment's: its label \"mooring\" says otherwise");
}

/// One sandbox of that name, as it was seen first. Which request made it does not matter.
Task<SandboxView> makeOrFind(AccountPtr account, Creation creation, CallOptions call) {
  const auto what = "create sandbox " + creation.name;
  Polling polling(account, doubtLimit);
  for (int posts = 1;; ++posts) {
    auto reply = co_await post(account, creation, call);
    auto verdict = judgeCreate(reply);
    if (verdict == CreateReply::refused) co_return std::unexpected(errorOf(*account, reply, what));
    if (verdict == CreateReply::made) {
      auto made = http::decode<SandboxView>(*reply);
      if (made) co_return made;
    }
    auto seen = co_await lookUp(account, creation.name, call);
    while (!seen && polling.forgives(seen.error())) {
      auto paused = co_await polling.pause("whether there is a sandbox " + creation.name + " is not known");
      if (!paused) break;
      seen = co_await lookUp(account, creation.name, call);
    }
    if (!seen) {
      auto error = outcomeUnknown(errorOf(*account, reply, what));
      error.message += ", and looking failed too: " + seen.error().message;
      co_return std::unexpected(std::move(error));
    }
    polling.looked();
    if (*seen) {
      if (auto ours = checkOwner(**seen, creation); !ours) co_return std::unexpected(std::move(ours).error());
      co_return std::move(**seen);
    }
    // Nobody has the name, so the same name can be asked for again: it cannot become two.
    auto paused = co_await polling.pause("sandbox " + creation.name + " could not be created");
    if (!paused || posts >= mostPosts)
      co_return std::unexpected(outcomeUnknown(errorOf(*account, reply, what)));
  }
}

/// What failed for good is taken away. If that fails too, the name stays taken, and says so.
Task<SandboxView> failedFor(AccountPtr account, SandboxView sandbox, Error error) {
  const CallOptions unlimited;
  auto removed = co_await removeSandbox(account, sandbox.id, unlimited);
  if (removed) co_return std::unexpected(std::move(error));
  if (account->context.log) {
    account->context.log->warn(
        "daytona sandbox not deleted id={} error=\"{}\"", sandbox.id, describe(removed.error()));
  }
  co_return std::unexpected(outcomeUnknown(std::move(error)));
}

Error startFailure(const SandboxView& sandbox) {
  const bool build = sandbox.state == "build_failed";
  auto error = refuse(
      build ? Errc::invalidArgument : Errc::unavailable,
      build ? "the image of sandbox " + sandbox.name + " could not be built: " +
                  (sandbox.errorReason.empty() ? "Daytona does not say why" : sandbox.errorReason)
            : "sandbox " + sandbox.name + " did not start: " + brokenness(sandbox));
  return std::move(error).error();
}

}  // namespace

CreateReply judgeCreate(const Result<http::Response>& reply) {
  if (!reply) {
    return reply.error().code == Errc::outcomeUnknown ? CreateReply::lookByName : CreateReply::refused;
  }
  if (reply->ok()) return CreateReply::made;
  if (reply->status == 408 || reply->status == 409 || reply->status >= 500) return CreateReply::lookByName;
  const bool failedToStart = reply->status == 400 && reply->body.find("failed to start") != std::string::npos;
  return failedToStart ? CreateReply::broken : CreateReply::refused;
}

Task<SandboxView> createOnce(AccountPtr account, Creation creation, CallOptions call) {
  for (bool again = true;; again = false) {
    auto made = co_await makeOrFind(account, creation, call);
    if (!made) co_return made;
    auto end = co_await settled(account, *made, Effort::wake, creation.limit, call);
    if (!end) {
      auto error = std::move(end).error();
      const bool limit = error.code == Errc::cancelled || error.code == Errc::deadlineExceeded;
      if (!limit) error = outcomeUnknown(std::move(error));
      co_return std::unexpected(std::move(error));
    }
    if (*end && phaseOf((*end)->state) == Phase::running) co_return std::move(**end);
    if (!*end || phaseOf((*end)->state) == Phase::leaving) {
      co_return refuse(Errc::unavailable,
                       "sandbox " + creation.name + " was destroyed by somebody while it was being created");
    }
    auto error = startFailure(**end);
    if (!again || error.code == Errc::invalidArgument)
      co_return co_await failedFor(account, std::move(**end), std::move(error));
    auto removed = co_await removeSandbox(account, (*end)->id, call);
    if (!removed) co_return std::unexpected(outcomeUnknown(std::move(error)));
  }
}

}  // namespace mooring::daytona
