#include <mooring/http/instant.hpp>
#include <mooring/http/url.hpp>

#include "apis.hpp"
#include "control.hpp"
#include "creation.hpp"
#include "definition.hpp"
#include "errors.hpp"
#include "removal.hpp"
#include "settling.hpp"
#include "volumes.hpp"

#include <boost/json/serialize.hpp>
#include <spdlog/spdlog.h>

namespace mooring::daytona {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::minutes;

namespace {

// Daytona's own give-up times, and a little more: after these it says `error`.
constexpr auto startLimit = minutes(6);
constexpr auto createLimit = minutes(35);
constexpr auto buildLimit = minutes(65);
constexpr auto stopLimit = minutes(3);

Task<std::optional<Instance>> look(AccountPtr account, std::string idOrName, CallOptions call) {
  auto seen = co_await lookUp(account, std::move(idOrName), call);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  // On its way out it keeps its id for a while; nothing brings it back.
  if (!*seen || phaseOf((*seen)->state) == Phase::leaving) co_return std::optional<Instance>();
  auto instance = instanceFrom(**seen);
  if (!instance) co_return std::unexpected(std::move(instance).error());
  co_return std::optional<Instance>(std::move(*instance));
}

std::unexpected<Error> goneFailure(const std::string& id, const std::string& why) {
  return refuse(Errc::gone, "sandbox " + id + " " + why);
}

/// Asks it to stop. Gives the sandbox as it is then seen.
Task<SandboxView> askToStop(AccountPtr account, std::string id, CallOptions call) {
  const auto what = "stop sandbox " + id;
  auto request = apiRequest(http::Method::post, sandboxPath(id, "/stop"), call);
  request.route = "/sandbox/{sandboxId}/stop";
  request.bucket = bucket::lifecycle;
  request.idempotency = http::Idempotency::safe;  // Asked twice, the second finds it stopping: 409 or 400.
  auto response = co_await callApi(account, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status == 404) co_return goneFailure(id, "does not exist");
  if (response->ok()) {
    auto sandbox = http::decode<SandboxView>(*response);
    if (sandbox) co_return sandbox;
  } else if (response->status != 400 && response->status != 409) {
    co_return std::unexpected(errorFrom(*account, *response, what));
  }
  // Stopping a stopped one is a 400, one on its way anywhere a 409; only its state tells which.
  auto seen = co_await lookUp(account, id, call);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  if (!*seen) co_return goneFailure(id, "does not exist");
  co_return std::move(**seen);
}

/// Until nothing of it runs. Stops it again where it turns out to have been starting.
Task<void> stopped(AccountPtr account, std::string id, CallOptions call) {
  for (int asked = 1;; ++asked) {
    auto sandbox = co_await askToStop(account, id, call);
    if (!sandbox) co_return std::unexpected(std::move(sandbox).error());
    // The reply may still show it as it was before the request.
    if (phaseOf(sandbox->state) == Phase::running) sandbox->state.clear();
    auto end = co_await settled(account, std::move(*sandbox), Effort::wait, stopLimit, call);
    if (!end) co_return std::unexpected(std::move(end).error());
    if (!*end || phaseOf((*end)->state) == Phase::leaving) co_return Result<void>();  // Ephemeral.
    if (phaseOf((*end)->state) == Phase::resting) co_return Result<void>();
    if (phaseOf((*end)->state) == Phase::broken || asked >= 3) {
      co_return refuse(
          Errc::unavailable,
          "sandbox " + id + " does not stop; it is " + brokenness(**end) + ". destroy() works in any state");
    }
  }
}

/// The body of a listing. Servers before 0.180 answer with a bare array, all at once.
Result<SandboxList> listFrom(const http::Response& response) {
  const auto parsed = http::parseJson(response.body);
  if (parsed && parsed->is_array()) {
    SandboxList out;
    auto items = http::decodeValue<std::vector<SandboxView>>(*parsed);
    if (!items) return std::unexpected(std::move(items).error());
    out.items = std::move(*items);
    return out;
  }
  return http::decode<SandboxList>(response);
}

/// A state that nobody here knows must not hide the rest of the page, nor that it exists.
Instance listed(const Account& account, const SandboxView& sandbox) {
  auto instance = instanceFrom(sandbox);
  if (instance) return std::move(*instance);
  if (account.context.log)
    account.context.log->warn(
        "daytona sandbox in an unknown state id={} state={}", sandbox.id, sandbox.state);
  Instance out;
  out.id = ExternalSandboxId(sandbox.id);
  out.provisionKey = sandbox.name;
  out.state = InstanceState::stopped;
  return out;
}

const std::string& nameOf(const Instance& instance) {
  return instance.id.empty() ? instance.provisionKey : instance.id.value;
}

}  // namespace

Task<Instance> Lifecycle::provision(ProvisionRequest request, CallOptions call) {
  auto definition = define(request.config, account_->defaults, request.timeout);
  if (!definition) co_return std::unexpected(std::move(definition).error());
  auto volumeIds = co_await readyVolumes(account_, *definition, call);
  if (!volumeIds) co_return std::unexpected(std::move(volumeIds).error());

  Creation creation;
  creation.name = request.provisionKey;
  creation.ownerTag = request.ownerTag;
  creation.body = json::serialize(createBody(*definition, creation.name, creation.ownerTag, *volumeIds));
  creation.limit = definition->dockerfile.empty() ? createLimit : buildLimit;
  auto sandbox = co_await createOnce(account_, std::move(creation), call);
  if (!sandbox) co_return std::unexpected(std::move(sandbox).error());

  if (definition->lifetimeMinutes && sandbox->autoDestroyAt.empty()) {
    // Servers before 0.199 ignore what they do not know, and the sandbox would stand for ever.
    const CallOptions unlimited;
    co_await removeSandbox(account_, sandbox->id, unlimited);
    co_return refuse(Errc::unsupported,
                     "timeout: this Daytona server does not know lifetimes; leave timeout out, or use "
                     "idleTimeout");
  }
  co_return instanceFrom(*sandbox);
}

Task<std::optional<Instance>> Lifecycle::find(std::string provisionKey, CallOptions call) {
  co_return co_await look(account_, std::move(provisionKey), std::move(call));
}

Task<std::optional<Instance>> Lifecycle::inspect(ExternalSandboxId id, CallOptions call) {
  co_return co_await look(account_, std::move(id.value), std::move(call));
}

Task<Attachment> Lifecycle::attach(Instance instance, CallOptions call) {
  const auto id = nameOf(instance);
  auto seen = co_await lookUp(account_, id, call);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  if (!*seen) co_return goneFailure(id, "does not exist");
  Attachment out;
  out.woken = phaseOf((*seen)->state) != Phase::running;
  auto end = co_await settled(account_, std::move(**seen), Effort::wake, startLimit, call);
  if (!end) co_return std::unexpected(std::move(end).error());
  if (!*end) co_return goneFailure(id, "does not exist any more");
  if (phaseOf((*end)->state) == Phase::leaving) co_return goneFailure(id, "is " + (*end)->state);
  if (phaseOf((*end)->state) == Phase::broken) {
    // It may hold files that somebody wants, so that it is not for us to call it gone.
    auto error = refuse(Errc::unavailable,
                        "sandbox " + id + " cannot be woken: " + brokenness(**end) +
                            "; Daytona does not offer to recover it. recreate() replaces it");
    error.error().transience = Transience::permanent;
    co_return error;
  }
  auto attached = instanceFrom(**end);
  if (!attached) co_return std::unexpected(std::move(attached).error());
  out.instance = std::move(*attached);
  co_return out;
}

Task<void> Lifecycle::stop(Instance instance, CallOptions call) {
  const auto id = nameOf(instance);
  if (!account_->defaults.deleteOnStop) co_return co_await stopped(account_, id, std::move(call));
  auto removed = co_await removeSandbox(account_, id, std::move(call));
  if (!removed) co_return std::unexpected(std::move(removed).error());
  if (*removed == Removal::absent) co_return goneFailure(id, "does not exist");
  co_return Result<void>();
}

Task<void> Lifecycle::destroy(Instance instance, CallOptions call) {
  auto removed = co_await removeSandbox(account_, nameOf(instance), std::move(call));
  if (!removed) co_return std::unexpected(std::move(removed).error());
  co_return Result<void>();
}

Task<InstancePage> Lifecycle::list(std::string ownerTag, std::string cursor, CallOptions call) {
  const auto what = "list sandboxes";
  const auto labels = json::serialize(json::object{{ownerLabel, ownerTag}});
  std::vector<std::pair<std::string, std::string>> query = {{"limit", "100"}};
  if (!cursor.empty()) query.emplace_back("cursor", cursor);
  query.emplace_back("labels", labels);
  // The default order, by last activity, changes while the pages are read.
  query.emplace_back("sort", "createdAt");
  query.emplace_back("order", "asc");
  query.emplace_back("includeErroredDeleted", "true");
  auto request = apiRequest(http::Method::get, "/sandbox" + http::queryString(query), call);
  auto response = co_await callApi(account_, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account_, *response, what));
  auto list = listFrom(*response);
  if (!list) co_return std::unexpected(errorFrom(std::move(list).error(), what));

  InstancePage page;
  page.nextCursor = std::move(list->nextCursor);
  for (const auto& sandbox : list->items) {
    const auto tag = sandbox.labels.find(std::string(ownerLabel));
    if (tag == sandbox.labels.end() || tag->second != ownerTag) continue;
    if (phaseOf(sandbox.state) != Phase::leaving) page.instances.push_back(listed(*account_, sandbox));
  }
  co_return page;
}

Task<void> Lifecycle::extend(Instance instance, milliseconds lifetime, CallOptions call) {
  const auto id = nameOf(instance);
  auto seen = co_await lookUp(account_, id, call);
  if (!seen) co_return std::unexpected(std::move(seen).error());
  if (!*seen || phaseOf((*seen)->state) == Phase::leaving) co_return goneFailure(id, "does not exist");
  const auto created = http::parseInstant((*seen)->createdAt);
  if (!created) {
    co_return refuse(
        Errc::corrupted,
        "Daytona does not say when sandbox " + id + " was created, from which its lifetime counts");
  }
  // A lifetime is counted from the creation there, and from now here.
  const auto total = std::chrono::ceil<minutes>(account_->context.clock->now() - *created + lifetime);
  const auto what = "extend the lifetime of sandbox " + id;
  auto request = apiRequest(
      http::Method::post,
      sandboxPath(id, "/ttl/" + std::to_string(std::max<std::int64_t>(total.count(), 1))),
      call);
  request.route = "/sandbox/{sandboxId}/ttl/{minutes}";
  request.idempotency = http::Idempotency::safe;
  auto response = co_await callApi(account_, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status == 404) {
    seen = co_await lookUp(account_, id, call);
    if (!seen) co_return std::unexpected(std::move(seen).error());
    if (!*seen || phaseOf((*seen)->state) == Phase::leaving) co_return goneFailure(id, "does not exist");
    co_return refuse(Errc::unsupported, "this Daytona server does not know lifetimes");
  }
  if (!response->ok()) co_return std::unexpected(errorFrom(*account_, *response, what));
  co_return Result<void>();
}

}  // namespace mooring::daytona
