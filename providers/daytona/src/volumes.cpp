#include "volumes.hpp"

#include <mooring/http/url.hpp>

#include "apis.hpp"
#include "control.hpp"
#include "errors.hpp"
#include "settling.hpp"

#include <boost/json/serialize.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace mooring::daytona {

namespace json = boost::json;

namespace {

constexpr std::size_t longestName = 64;

bool isUuid(std::string_view text) {
  constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return text.size() == form.size() && std::ranges::equal(text, form, [](char c, char f) {
           const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
           return f == '-' ? c == '-' : hex;
         });
}

Result<void> checkName(const std::string& name) {
  const bool good = !name.empty() && name.size() <= longestName && name.front() != '.' &&
                    std::ranges::all_of(name, [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                             c == '-' || c == '_' || c == '.';
                    });
  if (good) return {};
  return refuse(Errc::invalidArgument,
                "\"" + name +
                    "\" cannot name a volume: use at most 64 letters, digits, '-', '_', '.', not beginning "
                    "with '.'");
}

bool isLeaving(const VolumeView& volume) {
  return volume.state == "pending_delete" || volume.state == "deleting" || volume.state == "deleted";
}

Task<std::optional<VolumeView>> lookUpVolume(AccountPtr account, std::string nameOrId, CallOptions call) {
  const auto what = "look at volume " + nameOrId;
  const auto* const path = isUuid(nameOrId) ? "/volumes/" : "/volumes/by-name/";
  auto request = apiRequest(http::Method::get, path + http::escape(nameOrId), call);
  auto response = co_await callApi(account, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (response->status == 404) co_return std::optional<VolumeView>();
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  auto volume = http::decode<VolumeView>(*response);
  if (!volume) co_return std::unexpected(errorFrom(std::move(volume).error(), what));
  co_return std::optional<VolumeView>(std::move(*volume));
}

/// Asks for a new one. Nothing where somebody else may have been faster, or the reply was lost: look again.
Task<std::optional<VolumeView>> askForVolume(AccountPtr account, std::string name, CallOptions call) {
  const auto what = "create volume " + name;
  auto request = apiRequest(http::Method::post, "/volumes", call);
  request.headers.add("Content-Type", "application/json");
  request.body = json::serialize(json::object{{"name", name}});
  auto response = co_await account->http.transport->send(std::move(request));
  if (!response) {
    if (response.error().code == Errc::outcomeUnknown) co_return std::optional<VolumeView>();
    co_return std::unexpected(errorFrom(std::move(response).error(), what));
  }
  if (response->ok()) {
    auto volume = http::decode<VolumeView>(*response);
    if (volume) co_return std::optional<VolumeView>(std::move(*volume));
    co_return std::optional<VolumeView>();
  }
  // "already exists" is a 400, and a real race with another creator a 500. A 503 in the API's own words:
  // there is no storage at all.
  const bool taken = response->status == 400 && response->body.find("already exists") != std::string::npos;
  const bool noStorage = response->status == 503 && !complaintOf(*response).message.empty();
  const bool raced = response->status == 409 || (response->status >= 500 && !noStorage);
  if (taken || raced) co_return std::optional<VolumeView>();
  co_return std::unexpected(errorFrom(*account, *response, what));
}

std::unexpected<Error> volumeFailure(const VolumeView& volume) {
  return refuse(Errc::unavailable,
                "volume " + volume.name + " cannot be used: it is in state " + volume.state +
                    (volume.errorReason.empty() ? "" : " (" + volume.errorReason + ")") +
                    "; remove it, or use another name");
}

void note(const Account& account, const VolumeView& volume, const std::string& mountPath) {
  if (!account.defaults.logVolumes || !account.context.log) return;
  account.context.log->info(
      "daytona volume name={} id={} state={} mountPath={}", volume.name, volume.id, volume.state, mountPath);
}

VolumeInfo infoOf(const VolumeView& volume) {
  VolumeInfo info;
  info.name = volume.name;
  info.state = volume.state;
  return info;
}

}  // namespace

Task<VolumeView> readyVolume(AccountPtr account,
                             std::string nameOrId,
                             std::chrono::milliseconds timeout,
                             CallOptions call) {
  Polling polling(account, timeout);
  std::string state = "not there";
  for (;;) {
    auto volume = co_await lookUpVolume(account, nameOrId, call);
    if (!volume && !polling.forgives(volume.error())) co_return std::unexpected(std::move(volume).error());
    if (volume) polling.looked();
    if (volume && !*volume) {
      if (isUuid(nameOrId))
        co_return refuse(Errc::notFound, "volumes: there is no volume with the id " + nameOrId);
      state = "not there";
      volume = co_await askForVolume(account, nameOrId, call);
      if (!volume) co_return std::unexpected(std::move(volume).error());
    }
    if (volume && *volume) {
      state = (*volume)->state;
      if (state == "ready") co_return std::move(**volume);
      if (state == "error") co_return volumeFailure(**volume);
    }
    auto paused = co_await polling.pause("volumes: volume " + nameOrId + " is still " + state);
    if (!paused) {
      auto error = std::move(paused).error();
      if (error.code == Errc::deadlineExceeded) {
        error.code = Errc::unavailable;
        error.message = "volumes: volume " + nameOrId + " was not ready within " +
                        std::to_string(timeout.count()) + " ms (it is " + state +
                        "); options.daytona.volumeTimeoutMs allows more";
      }
      co_return std::unexpected(std::move(error));
    }
  }
}

Task<std::map<std::string, std::string>> readyVolumes(AccountPtr account,
                                                      Definition definition,
                                                      CallOptions call) {
  std::map<std::string, std::string> ids;
  for (const auto& wanted : definition.volumes) {
    auto volume = co_await readyVolume(account, wanted.name, definition.volumeTimeout, call);
    if (!volume) co_return std::unexpected(std::move(volume).error());
    note(*account, *volume, wanted.mountPath);
    ids.emplace(wanted.mountPath, volume->id);
  }
  co_return ids;
}

Task<VolumeInfo> DaytonaVolumes::ensure(std::string name, CallOptions call) {
  if (auto good = checkName(name); !good) co_return std::unexpected(std::move(good).error());
  const Options defaults;
  auto volume = co_await readyVolume(account_, std::move(name), defaults.volumeTimeout, std::move(call));
  if (!volume) co_return std::unexpected(std::move(volume).error());
  co_return infoOf(*volume);
}

Task<std::vector<VolumeInfo>> DaytonaVolumes::list(CallOptions call) {
  const auto what = "list volumes";
  auto response = co_await callApi(account_, apiRequest(http::Method::get, "/volumes", call), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account_, *response, what));
  auto volumes = http::decode<std::vector<VolumeView>>(*response);
  if (!volumes) co_return std::unexpected(errorFrom(std::move(volumes).error(), what));
  std::vector<VolumeInfo> out;
  for (const auto& volume : *volumes) {
    if (!isLeaving(volume)) out.push_back(infoOf(volume));
  }
  std::ranges::sort(out, {}, &VolumeInfo::name);
  co_return out;
}

Task<void> DaytonaVolumes::remove(std::string name, CallOptions call) {
  if (auto good = checkName(name); !good) co_return std::unexpected(std::move(good).error());
  const auto what = "remove volume " + name;
  auto volume = co_await lookUpVolume(account_, name, call);
  if (!volume) co_return std::unexpected(std::move(volume).error());
  if (!*volume || isLeaving(**volume)) co_return refuse(Errc::notFound, "there is no volume " + name);
  auto request = apiRequest(http::Method::del, "/volumes/" + http::escape((*volume)->id), call);
  auto response = co_await callApi(account_, std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  // A repeated request after a lost reply finds it on its way out.
  if (response->ok() || (response->status == 404 && response->attempts > 1)) co_return Result<void>();
  co_return std::unexpected(errorFrom(*account_, *response, what));
}

}  // namespace mooring::daytona
