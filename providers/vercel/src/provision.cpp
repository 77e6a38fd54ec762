#include "apis.hpp"
#include "control.hpp"
#include "definition.hpp"
#include "errors.hpp"

namespace mooring::vercel {

namespace {

/// A sandbox that exists may not be found at once: making one takes up to nine seconds.
constexpr int looksForOurs = 8;

Task<void> ensureVolumes(AccountPtr account, const Definition& definition, CallOptions call) {
  for (const auto& volume : definition.volumes) {
    auto ensured = co_await ensureDrive(account, volume.name, definition.region, call);
    if (!ensured) co_return std::unexpected(std::move(ensured).error());
  }
  co_return Result<void>();
}

/// What one attempt to make it came to.
struct Attempted {
  std::optional<SandboxReply> made = {};
  bool exists = false;              ///< There is one of that name already.
  std::optional<Error> doubt = {};  ///< It may have been made.
};

/// What a refusal means where something is made.
void sortOut(Error& error, const std::string& code, const std::string& projectId) {
  if (error.code == Errc::notFound) {
    error.code = Errc::invalidArgument;
    error.message += "; the project " + projectId + ", the image or the source does not exist";
  } else if (code == "drive_not_initialized") {
    error.code = Errc::invalidArgument;
    error.message += "; a sandbox has to write to a volume before another one can mount it read-only";
  } else if (code == "drive_region_mismatch" || code == "snapshot_region_mismatch") {
    error.code = Errc::invalidArgument;
  } else if (error.code == Errc::conflict) {
    error.message += "; one sandbox at a time can write to a volume: it is free when that one has ended";
  }
}

Task<Attempted> sendCreate(
    AccountPtr account, std::string path, boost::json::object body, std::string name, CallOptions call) {
  const auto what = "create sandbox " + name;
  auto request = jsonRequest(http::Method::post, target(*account, path), body, call);
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
    auto reply = http::decode<SandboxReply>(*response);
    if (reply) {
      out.made = std::move(*reply);
    } else {
      out.doubt = errorFrom(std::move(reply).error(), what);
    }
    co_return out;
  }
  auto error = errorFrom(*account, *response, what);
  out.exists = error.code == Errc::conflict &&
               complaintOf(*response).message.find("already exists") != std::string::npos;
  if (out.exists) co_return out;
  sortOut(error, complaintOf(*response).code, account->projectId);
  if (error.code != Errc::unavailable) co_return std::unexpected(std::move(error));
  out.doubt = std::move(error);
  co_return out;
}

Result<void> checkOwner(const SandboxReply& found, const std::string& ownerTag) {
  const auto tag = found.sandbox.tags.find(std::string(ownerTagKey));
  if (tag != found.sandbox.tags.end() && tag->second == ownerTag) return {};
  return refuse(Errc::permissionDenied,
                "a sandbox of the name " + found.sandbox.name +
                    " exists in this project and belongs to "
                    "somebody else");
}

}  // namespace

Task<Instance> Lifecycle::provision(ProvisionRequest request, CallOptions call) {
  auto account = account_;
  auto definition = define(request.config, account->defaults, request.timeout);
  if (!definition) co_return std::unexpected(std::move(definition).error());
  auto login = loginFor(*definition, account->context.settings);
  if (!login) co_return std::unexpected(std::move(login).error());
  auto ensured = co_await ensureVolumes(account, *definition, call);
  if (!ensured) co_return std::unexpected(std::move(ensured).error());

  const auto& name = request.provisionKey;
  const auto body = createBody(*definition, *account, name, request.ownerTag, *login);
  const std::string path(createPath(*definition));
  bool replaced = false;
  for (int looks = 0;; ++looks) {
    auto attempted = co_await sendCreate(account, path, body, name, call);
    if (!attempted) co_return std::unexpected(std::move(attempted).error());
    auto found = std::move(attempted->made);
    if (!found) {
      auto seen = co_await lookUp(account, name, call);
      if (!seen) {
        auto error = attempted->doubt ? std::move(*attempted->doubt) : std::move(seen).error();
        co_return std::unexpected(attempted->doubt ? outcomeUnknown(std::move(error)) : std::move(error));
      }
      found = std::move(*seen);
    }
    if (found) {
      if (auto ours = checkOwner(*found, request.ownerTag); !ours)
        co_return std::unexpected(std::move(ours).error());
      if (phaseOf(found->session.status) == Phase::running) co_return instanceFrom(*account, *found);
      auto up = co_await bringUp(account, name, false, call);
      if (up) co_return std::move(up->instance);
      // One that ended before anybody used it keeps the name from the one that is wanted.
      if (up.error().code != Errc::gone || std::exchange(replaced, true))
        co_return std::unexpected(std::move(up).error());
      Instance ended;
      ended.id = ExternalSandboxId(name);
      auto removed = co_await destroy(std::move(ended), call);
      if (!removed) co_return std::unexpected(std::move(removed).error());
      continue;
    }
    // Neither made nor there; asking again makes at most one, because the name is given once.
    if (looks >= looksForOurs) {
      auto error = attempted->doubt
                       ? outcomeUnknown(std::move(*attempted->doubt))
                       : makeError(Errc::outcomeUnknown,
                                   "Vercel says that sandbox " + name + " exists, and does not find it");
      co_return std::unexpected(std::move(error));
    }
    auto waited = co_await waitBeforeLook(account, looks);
    if (!waited) co_return std::unexpected(std::move(waited).error());
  }
}

}  // namespace mooring::vercel
