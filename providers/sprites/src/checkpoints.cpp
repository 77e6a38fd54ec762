#include <mooring/http/instant.hpp>
#include <mooring/http/parsers/ndjson.hpp>
#include <mooring/http/text.hpp>
#include <mooring/http/url.hpp>

#include "apis.hpp"
#include "control.hpp"
#include "errors.hpp"
#include "exec/script_run.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>

namespace json = boost::json;

namespace mooring::sprites {

namespace {

constexpr std::chrono::minutes longestProgress(10);
/// A second apart: the environment is back after 13 to 19 s where that was measured.
constexpr int mostLooks = 300;
/// For a restore whose request may have been lost; then it is asked for again.
constexpr int looksInDoubt = 30;
constexpr int mostRequests = 3;

/// Behind a comment: names one checkpoint, because the answer to its creation names it only in a sentence.
std::string tagFor(const std::string& uuid) { return "[mooring " + uuid + "]"; }

/// The caller's own part of a comment.
std::string withoutTag(const std::string& comment) {
  const auto at = comment.rfind("[mooring ");
  if (at == std::string::npos || !comment.ends_with(']')) return comment;
  auto own = comment.substr(0, at);
  if (own.ends_with(' ')) own.pop_back();
  return own;
}

/// What a stream of progress came to. Its status is 200 whatever happens.
struct Progress {
  bool complete = false;
  std::optional<std::string> error = {};
};

Progress progressOf(const std::string& body) {
  Progress out;
  http::Ndjson lines;
  lines.push(body);
  lines.finish();
  for (;;) {
    auto value = lines.next();
    if (!value || !*value) return out;
    auto event = http::decodeValue<ProgressView>(**value);
    if (!event) continue;
    if (event->type == "complete") out.complete = true;
    if (event->type == "error") out.error = http::oneLine(event->text);
  }
}

std::optional<std::uint64_t> numberOf(const std::string& id) {
  std::uint64_t number = 0;
  if (!id.starts_with('v')) return std::nullopt;
  const auto [end, ec] = std::from_chars(id.data() + 1, id.data() + id.size(), number);
  if (ec != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return number;
}

Result<void> checkId(const CheckpointId& id) {
  if (numberOf(id.value)) return {};
  return refuse(Errc::notFound, "there is no checkpoint \"" + id.value + "\"");
}

CheckpointInfo infoFrom(const CheckpointView& checkpoint) {
  CheckpointInfo out;
  out.id = CheckpointId(checkpoint.id);
  out.comment = withoutTag(checkpoint.comment);
  out.createdAt = http::parseInstant(checkpoint.createdAt);
  return out;
}

/// In the order of their making: the ids count.
Task<std::vector<CheckpointView>> listed(AccountPtr account, Instance instance, CallOptions call) {
  const std::string what = "list checkpoints";
  auto request = apiRequest(http::Method::get, "/checkpoints", call);
  auto response = co_await callSprite(account, std::move(instance), std::move(request), what);
  if (!response) co_return std::unexpected(std::move(response).error());
  if (!response->ok()) co_return std::unexpected(errorFrom(*account, *response, what));
  auto list = http::decode<std::optional<std::vector<CheckpointView>>>(*response);
  if (!list) co_return std::unexpected(errorFrom(std::move(list).error(), what));
  std::vector<CheckpointView> out;
  if (!*list) co_return out;
  // The live state is listed among them, under a name instead of a number.
  std::ranges::copy_if(**list, std::back_inserter(out), [](const CheckpointView& each) {
    return !each.automatic && numberOf(each.id).has_value();
  });
  std::ranges::stable_sort(out, {}, [](const CheckpointView& each) { return numberOf(each.id).value_or(0); });
  co_return out;
}

/// A request that answers with a stream of progress. `body` null: none.
Task<http::Response> callForProgress(
    AccountPtr account, Instance instance, std::string target, const json::object* body, CallOptions call) {
  auto request = apiRequest(http::Method::post, std::move(target), call);
  if (body != nullptr) request = jsonRequest(http::Method::post, request.target, *body, call);
  request.timeouts.total = longestProgress;
  auto what = "ask for " + request.target;
  co_return co_await callSprite(account, std::move(instance), std::move(request), std::move(what));
}

/// Whether what failed so may have happened all the same.
bool inDoubt(const Error& error) {
  return http::mayHaveHappened(error) || error.code == Errc::outcomeUnknown;
}

enum class Witness { make, look };

/// Makes, or looks for, a file in the home that no checkpoint of before holds.
Task<bool> witness(AccountPtr account, Instance instance, std::string name, Witness what, CallOptions call) {
  call.idempotent = true;
  std::vector<std::string> args{std::move(name), what == Witness::make ? "make" : "look"};
  constexpr std::string_view script = R"(if [ "$2" = make ]; then : >"$1"; else [ -e "$1" ]; fi)";
  auto printed = co_await runScript(account, std::move(instance), script, std::move(args), std::move(call));
  if (!printed) co_return std::unexpected(std::move(printed).error());
  co_return printed->exitCode == 0;
}

/// Whether the files are those of the checkpoint, at the latest after so many looks.
Task<bool> awaitRestored(
    AccountPtr account, Instance instance, std::string name, int most, CallOptions call) {
  for (int looks = 0; looks < most; ++looks) {
    auto old = co_await witness(account, instance, name, Witness::look, call);
    if (old && !*old) co_return true;
    // While the environment restarts, anything may be answered; only that the sprite is gone is a proof.
    if (!old && (old.error().code == Errc::gone || old.error().code == Errc::cancelled ||
                 old.error().code == Errc::deadlineExceeded)) {
      co_return std::unexpected(std::move(old).error());
    }
    auto waited = co_await waitBeforeLook(account, looks);
    if (!waited) co_return std::unexpected(std::move(waited).error());
  }
  co_return false;
}

Task<void> forget(AccountPtr account, Instance instance, std::string name, CallOptions call) {
  std::vector<std::string> args{std::move(name)};
  auto removed = co_await runScript(
      account, std::move(instance), R"(exec rm -f -- "$1")", std::move(args), std::move(call));
  if (!removed) co_return std::unexpected(std::move(removed).error());
  co_return Result<void>();
}

}  // namespace

Task<CheckpointInfo> Checkpoints::create(Instance instance, std::string comment, CallOptions call) {
  const auto tag = tagFor(account_->context.ids->uuid());
  json::object body{{"comment", comment.empty() ? tag : comment + " " + tag}};
  auto response = co_await callForProgress(account_, instance, "/checkpoint", &body, call);
  if (!response && !inDoubt(response.error()))
    co_return std::unexpected(errorFrom(std::move(response).error(), "take a checkpoint"));
  if (response && !response->ok())
    co_return std::unexpected(errorFrom(*account_, *response, "take a checkpoint"));
  if (response) {
    const auto progress = progressOf(response->body);
    if (progress.error) co_return refuse(Errc::unavailable, "cannot take a checkpoint: " + *progress.error);
  }
  // Also where the answer was lost, or broke off: the comment tells.
  auto all = co_await listed(account_, std::move(instance), std::move(call));
  if (!all) co_return std::unexpected(outcomeUnknown(std::move(all).error()));
  const auto made = std::ranges::find_if(
      *all, [&tag](const CheckpointView& each) { return each.comment.ends_with(tag); });
  if (made != all->end()) co_return infoFrom(*made);
  auto doubt = response ? makeError(Errc::unavailable, "the new checkpoint is not listed")
                        : std::move(response).error();
  co_return std::unexpected(outcomeUnknown(errorFrom(std::move(doubt), "take a checkpoint")));
}

Task<std::vector<CheckpointInfo>> Checkpoints::list(Instance instance, CallOptions call) {
  auto all = co_await listed(account_, std::move(instance), std::move(call));
  if (!all) co_return std::unexpected(std::move(all).error());
  std::vector<CheckpointInfo> out;
  for (const auto& checkpoint : *all)
    out.push_back(infoFrom(checkpoint));
  co_return out;
}

Task<Instance> Checkpoints::restore(Instance instance, CheckpointId id, CallOptions call) {
  if (auto fine = checkId(id); !fine) co_return std::unexpected(std::move(fine).error());
  const auto what = "restore checkpoint " + id.value;
  auto look = apiRequest(http::Method::get, "/checkpoints/" + http::escape(id.value), call);
  auto found = co_await callSprite(account_, instance, std::move(look), what);
  if (!found) co_return std::unexpected(std::move(found).error());
  if (!found->ok()) co_return std::unexpected(errorFrom(*account_, *found, what));

  // The old environment may answer for a while after the request has.
  const auto name = ".mooring-restore-" + account_->context.ids->uuid();
  auto marked = co_await witness(account_, instance, name, Witness::make, call);
  if (!marked) co_return std::unexpected(errorFrom(std::move(marked).error(), what));
  const auto target = "/checkpoints/" + http::escape(id.value) + "/restore";
  // To restore twice comes to the same.
  for (int requests = 0; requests < mostRequests; ++requests) {
    auto response = co_await callForProgress(account_, instance, target, nullptr, call);
    std::optional<Error> refused;
    bool begun = false;
    if (!response) {
      if (!inDoubt(response.error())) refused = errorFrom(std::move(response).error(), what);
    } else if (!response->ok()) {
      refused = errorFrom(*account_, *response, what);
    } else {
      const auto progress = progressOf(response->body);
      begun = progress.complete;
      if (progress.error) {
        auto error = refuse(Errc::unavailable, "cannot " + what + ": " + *progress.error);
        refused = std::move(error).error();
      }
    }
    if (refused) {
      // Should that fail too, an empty file stays in the home; the refusal is what the caller has to know.
      co_await forget(account_, instance, name, call);
      co_return std::unexpected(std::move(*refused));
    }
    const int looks = begun ? mostLooks : looksInDoubt;
    auto back = co_await awaitRestored(account_, instance, name, looks, call);
    if (!back) co_return std::unexpected(std::move(back).error());
    if (*back) co_return instance;
    if (begun) break;
  }
  co_return refuse(Errc::outcomeUnknown, "the sprite did not come back from restoring a checkpoint");
}

Task<void> Checkpoints::remove(Instance, CheckpointId, CallOptions) {
  co_return refuse(Errc::unsupported,
                   "Sprites documents no request that removes a checkpoint: they go with the sprite");
}

}  // namespace mooring::sprites
