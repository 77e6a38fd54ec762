#include <mooring/emulation/emulator.hpp>

#include "front_door.hpp"
#include "leftovers.hpp"
#include "workspace.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <optional>
#include <thread>

namespace mooring::emulation {

namespace asio = boost::asio;

namespace {

constexpr std::size_t blockingThreads = 4;

}  // namespace

struct Host::State {
  asio::io_context loop{1};
  asio::thread_pool blocking{blockingThreads};
  Stage stage;
  std::unique_ptr<Emulator> emulator;
  std::unique_ptr<FrontDoor> door;
  std::unique_ptr<Server> server;
  std::vector<std::pair<std::string, std::string>> environment;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::thread thread;
  std::optional<Workspace> workspace;

  Result<void> open(const EmulatorFactory& factory, const HostOptions& options) {
    sweep();
    const bool named = !options.directory.empty();
    auto place = named ? Workspace::take(options.directory) : Workspace::makeTemporary();
    if (!place) return std::unexpected(std::move(place).error());
    workspace = std::move(*place);
    if (named) {
      if (auto removed = removeMachines(workspace->path()); !removed) return removed;
    }
    stage.loop = loop.get_executor();
    stage.directory = workspace->path() / "emulator";
    auto machines = Machines::open(stage.loop, blocking.get_executor(), workspace->path());
    if (!machines) return std::unexpected(std::move(machines).error());
    stage.machines = *machines;
    stage.ledger = std::make_shared<Ledger>();
    if (!options.ledgerFile.empty()) {
      if (auto opened = stage.ledger->recordTo(options.ledgerFile); !opened) return opened;
    }
    stage.faults = std::make_shared<Faults>(options.seed);
    for (const auto& fault : options.faults) {
      if (auto added = stage.faults->add(fault); !added) return added;
    }
    stage.clock = options.clock ? options.clock : systemClock();
    stage.ids = systemIds(stage.clock);
    stage.settings = options.settings;
    auto listening = Server::listen(
        stage.loop, options.port, [this](ExchangePtr exchange) { return handle(std::move(exchange)); });
    if (!listening) return std::unexpected(std::move(listening).error());
    server = std::move(*listening);
    stage.baseUrl = server->url();
    auto made = factory(stage);
    if (!made) return std::unexpected(std::move(made).error());
    emulator = std::move(*made);
    environment = emulator->environment();
    door = std::make_unique<FrontDoor>(stage, *emulator);
    work.emplace(loop.get_executor());
    thread = std::thread([this] { loop.run(); });
    return {};
  }

  Task<void> handle(ExchangePtr exchange) {
    stage.ledger->connectionsAccepted(server->acceptedConnections());
    return door->handle(std::move(exchange));
  }

  Task<void> end() {
    co_await server->stop();
    auto down = co_await emulator->shutDown();
    auto removed = co_await stage.machines->destroyAll();
    if (!down) co_return down;
    co_return removed;
  }

  ~State() {
    if (thread.joinable()) {
      auto ended = asio::co_spawn(loop, end(), asio::use_future);
      ended.wait();
      work.reset();
      thread.join();
    }
    blocking.join();
    workspace.reset();
  }
};

Result<void> Emulator::checkManner(const std::string& manner) const {
  return refused(400, "this emulator knows no manner \"" + manner + "\" of misbehaving");
}

Host::Host(std::shared_ptr<State> state) : state_(std::move(state)) {}
Host::~Host() = default;

Result<std::unique_ptr<Host>> Host::start(EmulatorFactory factory, HostOptions options) {
  auto state = std::make_shared<State>();
  if (auto opened = state->open(factory, options); !opened) return std::unexpected(std::move(opened).error());
  return std::unique_ptr<Host>(new Host(std::move(state)));
}

const std::string& Host::url() const { return state_->stage.baseUrl; }
const std::vector<std::pair<std::string, std::string>>& Host::environment() const {
  return state_->environment;
}
Ledger& Host::ledger() { return *state_->stage.ledger; }
Faults& Host::faults() { return *state_->stage.faults; }

void Host::onLoop(std::function<void()> work) {
  std::promise<void> done;
  asio::post(state_->loop, [&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

Result<void> Host::runOnLoop(std::function<Task<void>()> work) {
  return asio::co_spawn(state_->loop, work(), asio::use_future).get();
}

}  // namespace mooring::emulation
