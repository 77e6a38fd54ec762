#include "trial.hpp"

#include <algorithm>

namespace mooring::conformance {
namespace {

bool offered(Trial& trial) {
  if (trial.offers(Capability::checkpoints)) return true;
  auto checkpoints = trial.sandbox().checkpoints();
  CHECK(failsWith(checkpoints.create().get(), Errc::unsupported));
  CHECK(failsWith(checkpoints.list().get(), Errc::unsupported));
  CHECK(failsWith(checkpoints.restore(CheckpointId("any")).get(), Errc::unsupported));
  CHECK(failsWith(checkpoints.remove(CheckpointId("any")).get(), Errc::unsupported));
  return false;
}

CheckpointInfo take(Trial& trial, const std::string& comment) {
  auto made = trial.sandbox().checkpoints().create(comment).get();
  REQUIRE(ok(made));
  return std::move(*made);
}

TEST_CASE("checkpoints: restoring puts the files back and ends processes", "[conformance][checkpoints]") {
  Trial trial;
  if (!offered(trial)) return;
  trial.sh("mkdir -p d/empty; echo before >d/file; chmod 750 d/file; ln -s file d/link; echo doomed >doomed");
  const auto saved = take(trial, "the good state");
  CHECK_FALSE(saved.id.empty());
  trial.sh("echo after >d/file; chmod 600 d/file; rm d/link doomed; rmdir d/empty; echo new >added");

  REQUIRE(ok(trial.sandbox().checkpoints().restore(saved.id).get()));
  CHECK(trial.sh("cat d/file doomed; readlink d/link; test -d d/empty && echo empty; test -e added || echo "
                 "not added") == "before\ndoomed\nfile\nempty\nnot added\n");
  CHECK(trial.sh("stat -c %a d/file") == "750\n");
  CHECK(trial.hasEvent(trial.sandbox(), EventReason::checkpointRestored));
  CHECK(trial.record(trial.sandbox()).generation == 1);

  // And again: a checkpoint is not used up.
  trial.sh("rm -r d");
  REQUIRE(ok(trial.sandbox().checkpoints().restore(saved.id).get()));
  CHECK(trial.sh("cat d/file") == "before\n");
}

TEST_CASE("checkpoints: restoring ends the processes that run", "[conformance][checkpoints]") {
  Trial trial;
  if (!offered(trial)) return;
  const auto saved = take(trial, "");
  // How many there are: the brackets keep the search from finding itself.
  const std::string count =
      "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done 2>/dev/null | grep -c '^[s]leep 99991' "
      "|| true";
  // Until the shell's child has become the sleep, it still carries the shell's name.
  trial.sh("sleep 99991 </dev/null >/dev/null 2>&1 & while ! grep -q '^sleep' /proc/$!/cmdline; do :; done");
  REQUIRE(trial.sh(count) == "1\n");
  REQUIRE(ok(trial.sandbox().checkpoints().restore(saved.id).get()));
  CHECK(trial.sh(count) == "0\n");
}

TEST_CASE("checkpoints: are listed oldest first, with their comments", "[conformance][checkpoints]") {
  Trial trial;
  if (!offered(trial)) return;
  const auto first = take(trial, "one");
  const auto second = take(trial, "two");
  CHECK(first.id != second.id);
  const auto all = trial.sandbox().checkpoints().list().get();
  REQUIRE(ok(all));
  const auto at = std::ranges::find(*all, first.id, &CheckpointInfo::id);
  REQUIRE(at != all->end());
  const auto next = std::find_if(
      at, all->end(), [&second](const auto& info) { return info.id == second.id; });
  REQUIRE(next != all->end());
  CHECK(at->comment == "one");
  CHECK(next->comment == "two");
}

TEST_CASE("checkpoints: go back and forth between two states", "[conformance][checkpoints]") {
  Trial trial;
  if (!offered(trial)) return;
  trial.sh("echo one >file");
  const auto one = take(trial, "one");
  trial.sh("echo two >file");
  const auto two = take(trial, "two");
  REQUIRE(ok(trial.sandbox().checkpoints().restore(one.id).get()));
  CHECK(trial.sh("cat file") == "one\n");
  REQUIRE(ok(trial.sandbox().checkpoints().restore(two.id).get()));
  CHECK(trial.sh("cat file") == "two\n");
}

TEST_CASE("checkpoints: an unknown one is notFound and changes nothing", "[conformance][checkpoints]") {
  Trial trial;
  if (!offered(trial)) return;
  trial.sh("echo here >file");
  const CheckpointId unknown(GENERATE(as<std::string>{}, "no-such-checkpoint", "../..", ""));
  const auto restored = trial.sandbox().checkpoints().restore(unknown).get();
  REQUIRE_FALSE(ok(restored));
  CHECK((restored.error().code == Errc::notFound || restored.error().code == Errc::invalidArgument));
  CHECK(trial.sh("cat file") == "here\n");
}

TEST_CASE("checkpoints: are removed where that is offered", "[conformance][checkpoints]") {
  Trial trial;
  if (!offered(trial)) return;
  const auto saved = take(trial, "");
  const auto removed = trial.sandbox().checkpoints().remove(saved.id).get();
  if (!trial.offers(Capability::checkpointRemoval)) {
    CHECK(failsWith(removed, Errc::unsupported));
    return;
  }
  REQUIRE(ok(removed));
  const auto all = trial.sandbox().checkpoints().list().get();
  REQUIRE(ok(all));
  CHECK(std::ranges::find(*all, saved.id, &CheckpointInfo::id) == all->end());
  CHECK(failsWith(trial.sandbox().checkpoints().restore(saved.id).get(), Errc::notFound));
  CHECK(failsWith(trial.sandbox().checkpoints().remove(saved.id).get(), Errc::notFound));
}

}  // namespace
}  // namespace mooring::conformance
