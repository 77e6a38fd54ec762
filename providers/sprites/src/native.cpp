#include "native.hpp"

#include <mooring/http/background.hpp>
#include <mooring/http/instant.hpp>

#include "control.hpp"
#include "errors.hpp"
#include "exec/execution.hpp"
#include "exec/follow.hpp"

#include <algorithm>

namespace mooring::sprites {

namespace {

struct SessionView {
  Session session = {};
};
void read(http::Fields& in, SessionView& out) {
  in.required("id", out.session.id);
  in.optional("command", out.session.command);
  in.optional("workdir", out.session.directory);
  std::string created;
  in.optional("created", created);
  out.session.createdAt = http::parseInstant(created);
  in.optional("tty", out.session.terminal);
}

struct SessionList {
  std::vector<SessionView> sessions = {};
};
void read(http::Fields& in, SessionList& out) { in.optional("sessions", out.sessions); }

Task<std::vector<Session>> listSessions(AccountPtr account, Instance instance) {
  const std::string what = "list sessions";
  const CallOptions unlimited;
  auto request = apiRequest(http::Method::get, "/exec", unlimited);
  auto response = co_await callSprite(account, std::move(instance), std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  auto list = http::decode<SessionList>(*response);
  if (!list) co_return std::unexpected(errorFrom(std::move(list).error(), what));
  std::vector<Session> out;
  for (auto& view : list->sessions)
    out.push_back(std::move(view.session));
  co_return out;
}

/// Ids come again: whether this one still is the session's.
Task<bool> stillRuns(AccountPtr account, Instance instance, Session session) {
  auto now = co_await listSessions(std::move(account), std::move(instance));
  if (!now) co_return std::unexpected(std::move(now).error());
  co_return std::ranges::any_of(*now, [&session](const Session& each) {
    return each.id == session.id && each.command == session.command && each.createdAt == session.createdAt;
  });
}

Task<void> killListed(AccountPtr account, Instance instance, Session session) {
  auto runs = co_await stillRuns(account, instance, session);
  if (!runs) co_return std::unexpected(std::move(runs).error());
  if (!*runs) co_return Result<void>();
  co_return co_await killSession(std::move(account), std::move(instance), std::move(session.id));
}

Task<int> followListed(AccountPtr account,
                       Instance instance,
                       Session session,
                       std::function<void(Stream, std::string_view)> onOutput) {
  auto runs = co_await stillRuns(account, instance, session);
  if (!runs) co_return std::unexpected(std::move(runs).error());
  if (!*runs) co_return refuse(Errc::notFound, "session " + session.id + " has ended");
  co_return co_await followSession(
      std::move(account), std::move(instance), std::move(session), std::move(onOutput));
}

}  // namespace

const std::string& Native::name() const { return parts_->instance.id.value; }
const std::string& Native::url() const { return parts_->instance.url; }

std::future<Result<std::vector<Session>>> Native::sessions() const {
  return http::inBackground(parts_->account->context.loop, listSessions(parts_->account, parts_->instance));
}

std::future<Result<void>> Native::kill(Session session) const {
  return http::inBackground(parts_->account->context.loop,
                            killListed(parts_->account, parts_->instance, std::move(session)));
}

std::future<Result<int>> Native::follow(Session session,
                                        std::function<void(Stream, std::string_view)> onOutput) const {
  return http::inBackground(
      parts_->account->context.loop,
      followListed(parts_->account, parts_->instance, std::move(session), std::move(onOutput)));
}

}  // namespace mooring::sprites
