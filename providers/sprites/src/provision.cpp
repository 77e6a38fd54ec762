#include "apis.hpp"
#include "control.hpp"
#include "definition.hpp"
#include "errors.hpp"
#include "policy.hpp"

#include <algorithm>

namespace mooring::sprites {

namespace {

/// One that was made may not be found at once, and one that was deleted may be in the way for a while.
constexpr int looksForOurs = 8;

/// What one attempt to make it came to.
struct Attempted {
  std::optional<SpriteView> made = {};
  std::optional<Error> doubt = {};  ///< It may have been made; or there is one of that name.
  bool exists = false;
};

Task<Attempted> sendCreate(AccountPtr account, boost::json::object body, std::string name, CallOptions call) {
  const auto what = "create sprite " + name;
  auto request = jsonRequest(http::Method::post, "/v1/sprites", body, call);
  // A name is given once: what a second request meets, the first one made.
  request.idempotency = http::Idempotency::safe;
  request.bucket = bucket::create;
  auto response = co_await account->http.transport->send(std::move(request));
  Attempted out;
  if (!response) {
    auto error = errorFrom(std::move(response).error(), what);
    const bool unsettled = error.code == Errc::unavailable || error.code == Errc::corrupted ||
                           http::mayHaveHappened(error);
    if (!unsettled) co_return std::unexpected(std::move(error));
    out.doubt = std::move(error);
    co_return out;
  }
  if (response->ok()) {
    auto sprite = http::decode<SpriteView>(*response);
    if (sprite) {
      out.made = std::move(*sprite);
    } else {
      out.doubt = errorFrom(std::move(sprite).error(), what);
    }
    co_return out;
  }
  auto error = errorFrom(*account, *response, what);
  out.exists = error.code == Errc::conflict;
  // Sources disagree on how a taken name is refused: any 400 may be one, and a look tells.
  const bool unsettled = out.exists || error.code == Errc::unavailable || response->status == 400;
  if (!unsettled) co_return std::unexpected(std::move(error));
  out.doubt = std::move(error);
  co_return out;
}

/// Errors: conflict.
Result<void> checkOwner(const SpriteView& found, const std::string& key, const std::string& ownerTag) {
  if (found.valueOf(label::owner) != ownerTag) {
    return refuse(
        Errc::conflict,
        "a sprite of the name " + found.name + " exists in this organization and belongs to somebody else");
  }
  if (found.valueOf(label::key).value_or(found.name) != key) {
    return refuse(Errc::conflict,
                  "the name " + found.name +
                      " is held by another sandbox, or by an earlier generation of this one that "
                      "recover() removes: a name is one sandbox's at a time");
  }
  return {};
}

}  // namespace

Task<Instance> Lifecycle::provision(ProvisionRequest request, CallOptions call) {
  auto account = account_;
  auto definition = define(request.config, account->defaults);
  if (!definition) co_return std::unexpected(std::move(definition).error());
  const auto name = definition->name.empty() ? request.provisionKey : definition->name;
  const auto body = createBody(
      *definition, name, labelsFor(*definition, request.provisionKey, request.ownerTag));

  std::optional<SpriteView> found;
  for (int looks = 0; !found; ++looks) {
    auto attempted = co_await sendCreate(account, body, name, call);
    if (!attempted) co_return std::unexpected(std::move(attempted).error());
    found = std::move(attempted->made);
    if (found) break;
    auto seen = co_await lookUp(account, name, call);
    if (!seen) co_return std::unexpected(outcomeUnknown(std::move(*attempted->doubt)));
    found = std::move(*seen);
    if (found) break;
    // A refusal that is about something else than the name.
    if (attempted->doubt->code == Errc::invalidArgument)
      co_return std::unexpected(std::move(*attempted->doubt));
    // Neither made nor there; asking again makes at most one, because the name is given once.
    if (looks >= looksForOurs) co_return std::unexpected(outcomeUnknown(std::move(*attempted->doubt)));
    auto waited = co_await waitBeforeLook(account, looks);
    if (!waited) co_return std::unexpected(std::move(waited).error());
  }
  if (auto ours = checkOwner(*found, request.provisionKey, request.ownerTag); !ours)
    co_return std::unexpected(std::move(ours).error());
  if (found->has(label::unfinished)) {
    auto set = co_await setNetworkPolicy(account, name, definition->networkPolicy, call);
    if (!set) co_return std::unexpected(std::move(set).error());
    auto& labels = *found->labels;
    std::erase(labels, label::unfinished);
    auto labelled = co_await putLabels(account, name, labels, call);
    if (!labelled) co_return std::unexpected(std::move(labelled).error());
  }
  auto instance = instanceFrom(*found);
  if (!instance || instance->state == InstanceState::running) co_return instance;
  auto attached = co_await attach(std::move(*instance), std::move(call));
  if (!attached) co_return std::unexpected(std::move(attached).error());
  co_return std::move(attached->instance);
}

}  // namespace mooring::sprites
