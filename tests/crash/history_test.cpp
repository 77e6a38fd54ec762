// Not one crash but many: random histories of several sandboxes, cut off at random steps, recovery included.

#include "crash/scene.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

#include <boost/json/serialize.hpp>

#include <random>
#include <ranges>

using namespace mooring;
using test::Scene;

namespace {

class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(engine_); }
  template <class T>
  const T& of(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(below(static_cast<int>(choices.size())))];
  }

 private:
  std::mt19937 engine_;
};

const std::vector<Step>& allSteps() {
  static const auto steps = [] {
    const auto all = detail::EnumText<Step>::entries | std::views::keys;
    return std::vector<Step>(all.begin(), all.end());
  }();
  return steps;
}

}  // namespace

TEST_CASE("crash/histories: however often processes die, one recover() puts all in order",
          "[crash][history]") {
  const auto provider = GENERATE(from_range(test::worldNames()));
  const auto seed = GENERATE(range(1U, 9U));
  CAPTURE(provider, seed);
  Chance chance(seed);
  Scene scene(provider);
  const std::vector<RecreatePolicy> policies{
      RecreatePolicy::never, RecreatePolicy::onDemand, RecreatePolicy::always};
  const std::vector<std::string> verbs{
      "create", "create", "run", "run", "recreate", "stop", "resume", "destroy", "recover", "recover"};

  std::string story;
  for (int turn = 0; turn < 12; ++turn) {
    test::ChildTask task;
    const auto records = scene.records();
    task.verb = records.empty() ? "create" : chance.of(verbs);
    if (task.verb == "create") {
      const auto config = scene.config(chance.of(policies), chance.below(2) == 0);
      task.subject = boost::json::serialize(toJson(config));
    } else if (task.verb != "recover") {
      task.subject = chance.of(records).sandboxId.value;
    }
    task.cutOff = chance.of(allSteps());
    // Nobody waits for the lease of a dead process.
    scene.expireLeases();
    const auto said = scene.finished(task);
    story += "\n  " + task.verb + " cut off at " + std::string(toString(*task.cutOff)) + ": " + said;
    INFO(story);
    test::checkHistories(scene);
    if (const auto standing = scene.world().standing(); !standing.empty() && chance.below(4) == 0) {
      const auto key = chance.of(standing);
      scene.world().vanish(key);
      story += "\n  vanished: " + key;
    }
  }
  INFO(story);
  scene.expireLeases();
  test::checkRecovers(scene);
  test::checkEndsClean(scene);
}
