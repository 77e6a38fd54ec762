#include "rest.hpp"

#include "control.hpp"
#include "definition.hpp"
#include "errors.hpp"
#include "exec/script_run.hpp"

#include <algorithm>

namespace mooring::sprites {

namespace {

// $1: the file. Everything that a signal of ours reaches, but for process 1, this script, and the gate that
// it came through; again until a round finds nobody, as they may have had children in between. A dead one
// that nobody has waited for counts as nobody.
constexpr std::string_view beginScript = R"sh(
: >"$1" || exit 1
rounds=100
while [ "$rounds" -gt 0 ]; do
  found=
  for stat in /proc/[0-9]*/stat; do
    read -r line 2>/dev/null <"$stat" || continue
    pid=${stat#/proc/} pid=${pid%/stat}
    case ${line##*) } in Z*|X*) continue ;; esac
    case $pid in 1|$$|$PPID) continue ;; esac
    kill -9 "$pid" 2>/dev/null && found=1
  done
  [ -n "$found" ] || exit 0
  sleep 0.02
  rounds=$((rounds - 1))
done
echo "some processes cannot be ended" >&2
exit 1
)sh";

Instance byName(const SpriteView& sprite) {
  Instance out;
  out.id = ExternalSandboxId(sprite.name);
  return out;
}

Task<void> runAtRest(
    AccountPtr account, Instance instance, std::string_view script, std::string what, CallOptions call) {
  std::vector<std::string> args{std::string(restFile)};
  call.idempotent = true;
  auto printed = co_await runScript(
      std::move(account), std::move(instance), script, std::move(args), std::move(call), AtRest::allowed);
  if (!printed) co_return std::unexpected(errorFrom(std::move(printed).error(), what));
  if (printed->exitCode != 0) co_return refuse(Errc::unavailable, "cannot " + what + ": " + printed->err);
  co_return Result<void>();
}

}  // namespace

Task<void> beginRest(AccountPtr account, SpriteView sprite, CallOptions call) {
  // The label comes first: one without the file is mended by the next stop or attach, a file without the
  // label would not be.
  const auto instance = byName(sprite);
  if (!sprite.has(label::stopped)) {
    auto labels = sprite.labels.value_or(std::vector<std::string>());
    labels.emplace_back(label::stopped);
    auto labelled = co_await putLabels(account, sprite.name, std::move(labels), call);
    if (!labelled) co_return std::unexpected(std::move(labelled).error());
  }
  co_return co_await runAtRest(account, instance, beginScript, "stop sprite " + sprite.name, std::move(call));
}

Task<void> endRest(AccountPtr account, SpriteView sprite, CallOptions call) {
  const auto instance = byName(sprite);
  constexpr std::string_view script = R"(exec rm -f -- "$1")";
  auto removed = co_await runAtRest(account, instance, script, "wake sprite " + sprite.name, call);
  if (!removed) co_return std::unexpected(std::move(removed).error());
  auto labels = sprite.labels.value_or(std::vector<std::string>());
  std::erase(labels, label::stopped);
  co_return co_await putLabels(account, sprite.name, std::move(labels), std::move(call));
}

}  // namespace mooring::sprites
