#include "exec/running.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

namespace mooring::sprites::emulated {

namespace json = boost::json;

namespace {

std::string digestFor(const Sprite& sprite, const ProcessSpec& spec) {
  json::object fields;
  fields["sprite"] = sprite.name;
  fields["argv"] = json::value_from(spec.argv);
  fields["directory"] = spec.directory;
  if (spec.environment) fields["environment"] = json::value_from(*spec.environment);
  return emulation::digestOf(json::serialize(fields));
}

Task<void> begin(WorldPtr world, SpritePtr sprite, SessionPtr session) {
  auto started = co_await session->start(sprite->machine, world->background);
  if (!started) co_return started;
  world->stage.ledger->ran(sprite->id, digestFor(*sprite, session->spec().process));
  sprite->formerSessions.erase(session->id());
  if (session->exitCode()) {
    sprite->formerSessions.insert(session->id());
  } else {
    sprite->sessions[session->id()] = session;
  }
  co_return started;
}

void forget(Sprite& sprite, const Session& session) {
  const auto found = sprite.sessions.find(session.id());
  if (found == sprite.sessions.end() || found->second.get() != &session) return;
  sprite.formerSessions.insert(found->first);
  sprite.sessions.erase(found);
}

}  // namespace

SessionPtr newSession(World& world, const SpritePtr& sprite, SessionSpec spec) {
  spec.replayBytes = static_cast<std::size_t>(world.knobs.replayBytes);
  auto ended = [weak = std::weak_ptr(sprite)](const Session& session) {
    if (const auto its = weak.lock()) forget(*its, session);
  };
  return std::make_shared<Session>(world.stage.loop, world.stage.clock, std::move(spec), std::move(ended));
}

std::shared_ptr<emulation::Pending<void>> launch(const WorldPtr& world,
                                                 const SpritePtr& sprite,
                                                 const SessionPtr& session) {
  return world->background->begin<void>(begin(world, sprite, session));
}

Result<SessionPtr> sessionOf(const Sprite& sprite, const std::string& id) {
  const auto found = sprite.sessions.find(id);
  if (found == sprite.sessions.end()) return emulation::refused(404, "session not found: " + id);
  return found->second;
}

std::string startFailure(const SessionSpec& spec, const Error& error) {
  if (error.code == Errc::notFound) return "chdir " + spec.process.directory + ": no such file or directory";
  if (error.code == Errc::invalidArgument) return "chdir " + spec.process.directory + ": not a directory";
  return error.message;
}

}  // namespace mooring::sprites::emulated
