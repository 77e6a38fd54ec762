#include "services.hpp"

#include <mooring/emulation/text.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value_from.hpp>

#include <algorithm>
#include <csignal>
#include <ranges>

namespace mooring::sprites::emulated {

namespace json = boost::json;
using emulation::refused;

namespace {

constexpr std::size_t longestLog = 2000;
constexpr const char* noTime = "0001-01-01T00:00:00Z";

std::string_view wordFor(Service::State state) {
  switch (state) {
    case Service::State::stopped:
      return "stopped";
    case Service::State::starting:
      return "starting";
    case Service::State::running:
      return "running";
    case Service::State::stopping:
      return "stopping";
    case Service::State::failed:
      return "failed";
  }
  return "stopped";
}

ProcessSpec specFor(const ServiceDefinition& definition) {
  ProcessSpec spec;
  // Added to the usual environment; the program stays the same process.
  spec.argv = {"env"};
  for (const auto& [name, value] : definition.env)
    spec.argv.push_back(name + "=" + value);
  spec.argv.push_back(definition.command);
  spec.argv.insert(spec.argv.end(), definition.args.begin(), definition.args.end());
  spec.directory = definition.directory;
  return spec;
}

Task<void> startAll(WorldPtr world, SpritePtr sprite) {
  const auto all = sprite->services;
  for (const auto& service : all | std::views::values) {
    // One that cannot be started says so in its own state.
    if (service->wanted()) (void)co_await startService(world, sprite, service);
  }
  co_return Result<void>();
}

}  // namespace

Service::Service(WorldPtr world, std::string name)
    : world_(world),
      loop_(world->stage.loop),
      clock_(world->stage.clock),
      name_(std::move(name)),
      changed_(world->stage.loop) {}

json::object Service::event(std::string_view type) const {
  json::object object;
  object["type"] = type;
  object["timestamp"] = clock_->now().time_since_epoch().count();
  return object;
}

void Service::tell(json::object event) {
  std::erase_if(followers_, [](const auto& follower) { return follower.expired(); });
  for (const auto& weak : followers_) {
    const auto follower = weak.lock();
    follower->events.push_back(event);
    follower->changed.notify();
  }
}

/// Before anything that it says.
void Service::announce() {
  if (!std::exchange(announced_, true)) tell(event("started"));
}

void Service::become(State state) {
  state_ = state;
  changed_.notify();
}

Task<void> Service::start(emulation::MachinePtr machine) {
  wanted_ = true;
  if (runs()) co_return Result<void>();
  const auto world = world_.lock();
  if (!world) co_return refused(500, "the emulator is ending");
  become(State::starting);
  error_.clear();
  announced_ = false;
  auto started = co_await startProcess(
      std::move(machine), specFor(definition_), shared_from_this(), world->background);
  if (!started) {
    error_ = started.error().message;
    become(State::failed);
    auto failed = event("error");
    failed["data"] = error_;
    tell(std::move(failed));
    co_return std::unexpected(std::move(started).error());
  }
  ++starts_;
  startedAt_ = clock_->now();
  // It may have ended in the meantime.
  if (state_ != State::starting) co_return Result<void>();
  process_ = std::move(*started);
  become(State::running);
  announce();
  co_return Result<void>();
}

Task<void> Service::stop(std::chrono::milliseconds patience) {
  wanted_ = false;
  if (state_ != State::running) co_return Result<void>();
  become(State::stopping);
  tell(event("stopping"));
  const auto process = process_;
  auto ended = [this]() -> Task<void> {
    while (state_ == State::stopping) {
      auto woken = co_await changed_.wait();
      if (!woken) co_return woken;
    }
    co_return Result<void>();
  };
  auto sent = co_await process->signal(SIGTERM);
  if (!sent) co_return sent;
  auto waiting = ended();
  auto waited = co_await emulation::within<void>(std::move(waiting), patience);
  if (waited.late) {
    sent = co_await process->signal(SIGKILL);
    if (!sent) co_return sent;
    auto last = ended();
    waited.result = co_await std::move(last);
  }
  if (waited.result) tell(event("stopped"));
  co_return std::move(waited.result);
}

Task<void> Service::signal(int number) {
  if (state_ != State::running) co_return refused(409, "service not running: " + name_);
  co_return co_await process_->signal(number);
}

std::shared_ptr<Followed> Service::follow() {
  auto followed = std::make_shared<Followed>(loop_);
  followers_.push_back(followed);
  return followed;
}

std::vector<json::object> Service::log(std::size_t lines) const {
  const auto first = log_.size() - std::min(lines, log_.size());
  return {log_.begin() + static_cast<std::ptrdiff_t>(first), log_.end()};
}

void Service::onOutput(Stream stream, std::string_view bytes) {
  announce();
  auto line = event(stream == Stream::out ? "stdout" : "stderr");
  line["data"] = emulation::validUtf8(bytes);
  log_.push_back(line);
  if (log_.size() > longestLog) log_.pop_front();
  tell(std::move(line));
}

void Service::onEnd(int exitCode) {
  announce();
  process_.reset();
  error_ = exitCode == 0 ? "" : "exited with code " + std::to_string(exitCode);
  auto ended = event("exit");
  ended["exit_code"] = exitCode;
  tell(std::move(ended));
  become(exitCode == 0 ? State::stopped : State::failed);
}

json::object Service::json() const {
  json::object state;
  state["name"] = name_;
  state["status"] = wordFor(state_);
  if (process_) state["pid"] = process_->id();
  state["started_at"] = startedAt_ ? toString(*startedAt_) : noTime;
  state["error"] = error_;
  state["restart_count"] = std::max(starts_ - 1, 0);
  state["next_restart_at"] = noTime;
  json::object object;
  object["name"] = name_;
  object["cmd"] = definition_.command;
  object["args"] = json::value_from(definition_.args);
  object["env"] = json::value_from(definition_.env);
  object["dir"] = definition_.directory;
  object["needs"] = nullptr;
  if (!definition_.needs.empty()) object["needs"] = json::value_from(definition_.needs);
  if (definition_.httpPort != 0) object["http_port"] = definition_.httpPort;
  object["state"] = std::move(state);
  return object;
}

void startServices(const WorldPtr& world, const SpritePtr& sprite) {
  const bool any = std::ranges::any_of(sprite->services | std::views::values,
                                       [](const auto& service) { return service->wanted(); });
  if (any) world->background->begin<void>(startAll(world, sprite));
}

Task<void> startService(WorldPtr world, SpritePtr sprite, ServicePtr service) {
  if (service->runs()) co_return Result<void>();
  const auto needs = service->definition().needs;
  for (const auto& name : needs) {
    const auto found = sprite->services.find(name);
    if (found == sprite->services.end() || found->second == service)
      co_return refused(400, "service " + service->name() + " needs " + name + ", which is not there");
    auto started = co_await startService(world, sprite, found->second);
    if (!started) co_return started;
  }
  co_return co_await service->start(sprite->machine);
}

int webPort(const World& world, const Sprite& sprite) {
  for (const auto& service : sprite.services | std::views::values) {
    if (service->definition().httpPort != 0) return service->definition().httpPort;
  }
  return static_cast<int>(world.knobs.webPort);
}

}  // namespace mooring::sprites::emulated
