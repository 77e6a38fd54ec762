#include "routes.hpp"

#include "account.hpp"
#include "errors.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <array>

namespace mooring::vercel::emulated {

namespace json = boost::json;
using emulation::refused;

namespace {

/// Where the same routes are to be found.
constexpr std::array<std::string_view, 2> mounts = {"", "/api"};

class GeneralHeaders final : public emulation::ExchangeDecorator {
 public:
  GeneralHeaders(emulation::ExchangePtr inner, http::Headers more)
      : ExchangeDecorator(std::move(inner)), more_(std::move(more)) {}

  Task<void> begin(int status, http::Headers headers, std::optional<std::uint64_t> length) override {
    for (const auto& [name, value] : more_) {
      if (!headers.contains(name)) headers.add(name, value);
    }
    return inner().begin(status, std::move(headers), length);
  }

 private:
  http::Headers more_;
};

struct Rule {
  std::string method;
  std::string path;
  std::vector<std::string> query;
};

Result<void> checkQuery(const emulation::Request& request, const Rule& rule) {
  for (const auto& [name, value] : request.query) {
    const bool known = name == "teamId" || name == "slug" || name.starts_with("__") ||
                       std::ranges::find(rule.query, name) != rule.query.end();
    if (!known) {
      return refused(
          400,
          "Invalid request: query parameter `" + name + "` is unknown to " + rule.method + " " + rule.path);
    }
  }
  return {};
}

emulation::Reply tooMany(const Allowance& allowance, Millis now) {
  json::object limit;
  limit["total"] = allowance.limit;
  limit["remaining"] = 0;
  limit["reset"] = (allowance.resetMs + 999) / 1000;
  limit["resetMs"] = allowance.resetMs;
  json::object error;
  error["code"] = "rate_limited";
  error["message"] = "Too many requests";
  error["limit"] = std::move(limit);
  json::object body;
  body["error"] = std::move(error);
  auto reply = emulation::jsonReply(429, body);
  reply.headers.add("Retry-After", std::to_string((allowance.resetMs - now + 999) / 1000));
  return reply;
}

http::Headers generalHeaders(const Allowance& allowance, const Scope& scope, Millis now) {
  auto headers = allowance.headers();
  headers.add("server", "Vercel");
  headers.add("cache-control", "private, max-age=0, must-revalidate");
  headers.add("x-vercel-id", "iad1::" + emulation::digestOf(scope.team + std::to_string(now)).substr(0, 12));
  return headers;
}

std::string projectOf(const emulation::Request& request, const Account& account) {
  for (const auto* name : {"projectId", "project"}) {
    if (auto value = request.queryValue(name)) return *value;
  }
  return account.project;
}

Task<void> serve(WorldPtr world,
                 std::shared_ptr<RateLimits> limits,
                 std::shared_ptr<const Rule> rule,
                 StreamHandler handler,
                 emulation::ExchangePtr exchange) {
  const auto now = world->now();
  auto account = authenticate(exchange->request(), world->knobs, now);
  if (!account) co_return std::unexpected(std::move(account).error());
  Call call;
  call.scope.team = account->team;
  call.scope.project = projectOf(exchange->request(), *account);
  call.tokenProject = account->project;
  const auto allowance = limits->take(call.scope.team, rule->method, rule->path, now);
  call.exchange = std::make_shared<GeneralHeaders>(exchange, generalHeaders(allowance, call.scope, now));
  if (allowance.exceeded && world->knobs.limitsRates) {
    co_return co_await call.exchange->reply(tooMany(allowance, now));
  }
  Result<void> done;
  if (auto known = checkQuery(exchange->request(), *rule); !known) {
    done = std::move(known);
  } else {
    done = co_await handler(world, call);
  }
  if (done || exchange->begun()) co_return done;
  co_return co_await call.exchange->reply(errorReply(done.error()));
}

Task<void> answer(WorldPtr world, Call call, Handler handler) {
  auto reply = co_await handler(std::move(world), call);
  if (!reply) co_return std::unexpected(std::move(reply).error());
  co_return co_await call.exchange->reply(std::move(*reply));
}

}  // namespace

void Routes::on(std::string method,
                std::string path,
                std::initializer_list<std::string_view> query,
                Handler handler) {
  stream(std::move(method), std::move(path), query, [handler](WorldPtr world, Call call) {
    return answer(std::move(world), std::move(call), handler);
  });
}

void Routes::stream(std::string method,
                    std::string path,
                    std::initializer_list<std::string_view> query,
                    StreamHandler handler) {
  auto rule = std::make_shared<Rule>();
  rule->method = method;
  rule->path = path;
  rule->query.assign(query.begin(), query.end());
  const std::shared_ptr<const Rule> shared = std::move(rule);
  for (const auto prefix : mounts) {
    auto handle = [world = world_, limits = limits_, shared, handler](emulation::ExchangePtr exchange) {
      return serve(world, limits, shared, handler, std::move(exchange));
    };
    router_.stream(method, std::string(prefix) + path, std::move(handle)).anyQuery();
  }
}

void Routes::bare(std::string method,
                  std::string path,
                  std::initializer_list<std::string_view> query,
                  BareHandler handler) {
  auto handle = [world = world_, handler](emulation::ExchangePtr exchange) {
    return handler(world, std::move(exchange));
  };
  router_.stream(std::move(method), std::move(path), std::move(handle)).query(query);
}

Result<void> requireProject(const World& world, const Call& call) {
  const auto& project = call.scope.project;
  if (project.empty()) return refused(400, "Invalid request: missing required property `projectId`.");
  if (!call.tokenProject.empty() && project != call.tokenProject) return refused(403, "Not authorized");
  if (!world.knobs.project.empty() && project != world.knobs.project) {
    return refused(404, "Project not found.");
  }
  return {};
}

}  // namespace mooring::vercel::emulated
