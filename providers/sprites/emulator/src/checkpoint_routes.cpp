// Checkpoints: made, listed, gone back to.
#include <mooring/emulation/strict.hpp>

#include "ndjson.hpp"
#include "routes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value_from.hpp>

#include <algorithm>

namespace mooring::sprites::emulated {

namespace json = boost::json;
using emulation::jsonReply;
using emulation::refused;
using emulation::Reply;

namespace {

/// What the files are now, which is a checkpoint like the others but cannot be gone back to.
constexpr const char* current = "Current";

json::object checkpointJson(const Checkpoint& checkpoint) {
  json::object object;
  object["id"] = checkpoint.id;
  object["create_time"] = toString(checkpoint.createdAt);
  object["source_id"] = checkpoint.source;
  object["comment"] = checkpoint.comment;
  object["history"] = json::value_from(checkpoint.history);
  object["is_auto"] = false;
  object["health"] = "";
  return object;
}

const Checkpoint* findCheckpoint(const Sprite& sprite, const std::string& id) {
  const auto found = std::ranges::find(sprite.checkpoints, id, &Checkpoint::id);
  return found == sprite.checkpoints.end() ? nullptr : &*found;
}

/// The checkpoints that led to `id`, the newest first.
std::vector<std::string> historyOf(const Sprite& sprite, const std::string& id) {
  std::vector<std::string> history;
  const auto* checkpoint = findCheckpoint(sprite, id);
  if (checkpoint == nullptr) return history;
  history.push_back(id);
  history.insert(history.end(), checkpoint->history.begin(), checkpoint->history.end());
  return history;
}

Checkpoint currentOf(const World& world, const Sprite& sprite) {
  Checkpoint checkpoint;
  checkpoint.id = current;
  checkpoint.source = sprite.head;
  checkpoint.history = historyOf(sprite, sprite.head);
  checkpoint.createdAt = world.now();
  return checkpoint;
}

/// One answer that tells its progress.
class Progress {
 public:
  Progress(WorldPtr world, emulation::ExchangePtr exchange)
      : world_(std::move(world)), reply_(std::move(exchange)) {}

  Task<void> begin() { return reply_.begin(); }
  Task<void> inform(const std::string& text) { return say("info", "data", text); }
  Task<void> fail(const std::string& text) { return say("error", "error", text); }
  Task<void> complete(const std::string& text) { return say("complete", "data", text); }

 private:
  Task<void> say(const char* type, const char* member, const std::string& text) {
    json::object event;
    event["type"] = type;
    event[member] = text;
    event["time"] = toString(world_->now());
    return reply_.say(std::move(event));
  }

  WorldPtr world_;
  NdjsonReply reply_;
};

Task<std::string> save(WorldPtr world, SpritePtr sprite, std::string comment) {
  auto& machine = *sprite->machine;
  auto stored = co_await machine.provider().checkpoints()->create(machine.instance(), comment, CallOptions());
  if (!stored) co_return std::unexpected(std::move(stored).error());
  Checkpoint checkpoint;
  checkpoint.id = "v" + std::to_string(sprite->checkpoints.size() + 1);
  checkpoint.source = sprite->head;
  checkpoint.history = historyOf(*sprite, sprite->head);
  checkpoint.comment = std::move(comment);
  checkpoint.createdAt = world->now();
  checkpoint.stored = stored->id;
  sprite->head = checkpoint.id;
  sprite->checkpoints.push_back(checkpoint);
  co_return checkpoint.id;
}

Result<std::string> parseComment(std::string_view body) {
  const auto object = emulation::parseObject(body);
  if (!object) return std::unexpected(object.error());
  emulation::Members members(*object);
  auto comment = members.optionalText("comment").value_or("");
  if (auto good = members.done(); !good) return std::unexpected(std::move(good).error());
  return comment;
}

/// The status is 200 whatever comes of it.
Task<void> create(WorldPtr world, Call call) {
  auto body = co_await call.exchange->body();
  if (!body) co_return std::unexpected(std::move(body).error());
  auto comment = parseComment(*body);
  if (!comment) co_return std::unexpected(std::move(comment).error());
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  Progress progress(world, call.exchange);
  auto told = co_await progress.begin();
  if (told) told = co_await progress.inform("Creating checkpoint...");
  if (!told) co_return told;
  if (call.request().manner == "checkpoint-error")
    co_return co_await progress.fail("failed to create checkpoint: the file system is busy");
  const auto saving = world->background->begin<std::string>(save(world, awake->sprite, std::move(*comment)));
  auto saved = co_await saving->result();
  if (!saved) co_return co_await progress.fail("failed to create checkpoint: " + saved.error().message);
  told = co_await progress.inform("ID: " + *saved);
  if (!told || call.request().manner == "checkpoint-silence") co_return told;
  co_return co_await progress.complete("Checkpoint " + *saved + " created successfully");
}

Task<Reply> list(WorldPtr world, Call call) {
  const auto& request = call.request();
  if (const auto text = request.queryValue("includeAuto")) {
    if (auto flag = emulation::parseFlag("includeAuto", *text); !flag)
      co_return std::unexpected(flag.error());
  }
  const auto wanted = request.queryValue("history");
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  const auto& sprite = *awake->sprite;
  auto all = sprite.checkpoints;
  all.push_back(currentOf(*world, sprite));
  json::array shown;
  for (const auto& checkpoint : all) {
    const bool fits = !wanted || std::ranges::find(checkpoint.history, *wanted) != checkpoint.history.end();
    if (fits) shown.push_back(checkpointJson(checkpoint));
  }
  co_return jsonReply(200, shown);
}

Task<Reply> get(WorldPtr world, Call call) {
  const auto id = call.param("checkpoint");
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  if (id == current) co_return jsonReply(200, checkpointJson(currentOf(*world, *awake->sprite)));
  const auto* found = findCheckpoint(*awake->sprite, id);
  if (found == nullptr) co_return refused(404, "checkpoint not found: " + id);
  co_return jsonReply(200, checkpointJson(*found));
}

Task<void> goBack(WorldPtr world, SpritePtr sprite, Checkpoint checkpoint) {
  auto& machine = *sprite->machine;
  auto restored = co_await machine.provider().checkpoints()->restore(
      machine.instance(), checkpoint.stored, CallOptions());
  if (!restored) co_return std::unexpected(std::move(restored).error());
  machine.replaceInstance(std::move(*restored));
  sprite->head = checkpoint.id;
  if (world->knobs.restore.count() > 0) co_await emulation::sleepFor(world->knobs.restore);
  co_return Result<void>();
}

/// Tells that it has begun; the sprite comes back some time after.
Task<void> restore(WorldPtr world, Call call) {
  const auto id = call.param("checkpoint");
  auto awake = co_await awakeSprite(world, call);
  if (!awake) co_return std::unexpected(std::move(awake).error());
  Progress progress(world, call.exchange);
  auto told = co_await progress.begin();
  if (told) told = co_await progress.inform("Restoring to checkpoint " + id + "...");
  if (!told) co_return told;
  const auto* found = findCheckpoint(*awake->sprite, id);
  if (found == nullptr) co_return co_await progress.fail("checkpoint not found: " + id);
  const auto sprite = awake->sprite;
  auto work = goBack(world, sprite, *found);
  world->background->begin<void>(whileAway(world, sprite, std::move(work)));
  co_return co_await progress.complete("Restored to checkpoint " + id);
}

}  // namespace

void addCheckpointRoutes(Routes& routes) {
  routes.streamOfSprite("POST", "/checkpoint", {}, create);
  routes.onSprite("GET", "/checkpoints", {"history", "includeAuto"}, list);
  routes.onSprite("GET", "/checkpoints/{checkpoint}", {}, get);
  routes.streamOfSprite("POST", "/checkpoints/{checkpoint}/restore", {}, restore);
}

}  // namespace mooring::sprites::emulated
