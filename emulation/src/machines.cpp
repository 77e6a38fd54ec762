#include <mooring/emulation/machines.hpp>
#include <mooring/emulation/message.hpp>
#include <mooring/local/options.hpp>

#include <algorithm>

namespace mooring::emulation {

namespace {

constexpr const char* ownerTag = "emulator";

/// Keeps what a command prints, up to a limit.
class Keeper final : public RunObserver {
 public:
  Keeper(CommandOutput& kept, std::size_t limit) : kept_(kept), limit_(limit) {}
  void onStarted() override {}
  void onOutput(Stream stream, std::span<const std::byte> bytes) override {
    const auto room = limit_ - std::min(limit_, kept_.both.size());
    const auto text = asText(bytes.first(std::min(room, bytes.size())));
    kept_.both += text;
    (stream == Stream::out ? kept_.out : kept_.err) += text;
  }

 private:
  CommandOutput& kept_;
  std::size_t limit_;
};

class TextSink final : public ByteSink {
 public:
  TextSink(std::string& text, std::size_t limit) : text_(text), limit_(limit) {}
  Task<void> write(std::span<const std::byte> bytes) override {
    if (text_.size() + bytes.size() > limit_) co_return refused(413, "the file is too long to be held");
    text_ += asText(bytes);
    co_return Result<void>();
  }

 private:
  std::string& text_;
  std::size_t limit_;
};

}  // namespace

Task<void> Machine::start() {
  auto attached = co_await provider_->lifecycle().attach(instance_, CallOptions());
  if (!attached) co_return std::unexpected(std::move(attached).error());
  instance_ = std::move(attached->instance);
  co_return Result<void>();
}

Task<void> Machine::stop() { co_return co_await provider_->lifecycle().stop(instance_, CallOptions()); }

boost::asio::awaitable<Limited<CommandEnd>> Machine::run(CommandSpec command,
                                                         RunObserver& observer,
                                                         std::chrono::milliseconds patience) {
  auto task = provider_->commands().run(instance_, std::move(command), observer, CallOptions());
  co_return co_await within<CommandEnd>(std::move(task), patience);
}

Task<CommandOutput> Machine::runCaptured(CommandSpec command,
                                         std::chrono::milliseconds patience,
                                         std::size_t limit) {
  CommandOutput kept;
  Keeper keeper(kept, limit);
  auto ended = co_await run(std::move(command), keeper, patience);
  if (!ended.result) co_return std::unexpected(std::move(ended.result).error());
  kept.end = *ended.result;
  kept.late = ended.late;
  co_return kept;
}

Task<std::string> Machine::launch(CommandSpec command, std::string key) {
  const CommandId id(key.empty() ? ids_->uuid() : std::move(key));
  auto started = co_await provider_->startedCommands()->start(
      instance_, id, std::move(command), CallOptions());
  if (!started) co_return std::unexpected(std::move(started).error());
  co_return std::move(started->value);
}

Task<StartedState> Machine::poll(std::string id) {
  ExternalCommandId command(std::move(id));
  co_return co_await provider_->startedCommands()->poll(instance_, std::move(command), CallOptions());
}

Task<StartedState> Machine::awaitEnd(std::string id) {
  ExternalCommandId command(std::move(id));
  co_return co_await provider_->startedCommands()->wait(instance_, std::move(command), CallOptions());
}

Task<OutputChunk> Machine::output(
    std::string id, Stream stream, std::uint64_t offset, std::size_t maxBytes, bool follow) {
  ExternalCommandId command(std::move(id));
  co_return co_await provider_->startedCommands()->output(
      instance_, std::move(command), stream, offset, maxBytes, follow, CallOptions());
}

Task<void> Machine::signal(std::string id, int number) {
  ExternalCommandId command(std::move(id));
  co_return co_await provider_->startedCommands()->kill(instance_, std::move(command), number, CallOptions());
}

Task<void> Machine::input(std::string id, std::string bytes, bool close) {
  ExternalCommandId command(std::move(id));
  co_return co_await provider_->startedCommands()->writeInput(
      instance_, std::move(command), std::move(bytes), close, CallOptions());
}

Task<void> Machine::read(SandboxPath path, std::uint64_t offset, std::shared_ptr<ByteSink> sink) {
  co_return co_await provider_->files().read(
      instance_, std::move(path), offset, std::move(sink), CallOptions());
}

Task<std::string> Machine::readAll(SandboxPath path, std::size_t limit) {
  std::string text;
  auto sink = std::make_shared<TextSink>(text, limit);
  auto done = co_await read(std::move(path), 0, std::move(sink));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return text;
}

Task<void> Machine::write(SandboxPath path, std::shared_ptr<ByteSource> source, WriteOptions options) {
  co_return co_await provider_->files().write(
      instance_, std::move(path), std::move(source), options, CallOptions());
}

Task<std::vector<FileInfo>> Machine::list(SandboxPath path) {
  co_return co_await provider_->files().list(instance_, std::move(path), CallOptions());
}

Task<FileInfo> Machine::stat(SandboxPath path) {
  co_return co_await provider_->files().stat(instance_, std::move(path), CallOptions());
}

Task<void> Machine::makeDirectory(SandboxPath path, int mode) {
  co_return co_await provider_->files().makeDirectory(instance_, std::move(path), mode, CallOptions());
}

Task<void> Machine::remove(SandboxPath path, RemoveMode mode) {
  co_return co_await provider_->files().remove(instance_, std::move(path), mode, CallOptions());
}

Task<void> Machine::move(SandboxPath from, SandboxPath to) {
  co_return co_await provider_->files().move(instance_, std::move(from), std::move(to), CallOptions());
}

Task<void> Machine::setMode(SandboxPath path, int mode) {
  co_return co_await provider_->files().setMode(instance_, std::move(path), mode, CallOptions());
}

Task<bool> Machine::answers(int port) {
  co_return co_await provider_->previews()->answers(instance_, port, CallOptions());
}

Result<std::shared_ptr<Machines>> Machines::open(boost::asio::any_io_executor loop,
                                                 boost::asio::any_io_executor blocking,
                                                 const std::filesystem::path& directory) {
  ProviderRegistry registry;
  local::registerProvider(registry);
  auto factory = registry.find(local::Options::provider);
  if (!factory) return std::unexpected(std::move(factory).error());
  ProviderContext context;
  context.settings = Settings::fromEnvironment().with("MOORING_LOCAL_DIR", directory.string());
  context.loop = std::move(loop);
  context.blocking = std::move(blocking);
  context.clock = systemClock();
  context.ids = systemIds(context.clock);
  context.random = systemRandom();
  auto provider = (*factory)(context);
  if (!provider) return std::unexpected(std::move(provider).error());
  return std::shared_ptr<Machines>(new Machines(std::move(*provider), context.ids, context.loop));
}

Task<void> Machines::destroyAbandoned() {
  auto& lifecycle = provider_->lifecycle();
  Result<void> all;
  std::string cursor;
  do {
    auto page = co_await lifecycle.list(ownerTag, std::move(cursor), CallOptions());
    if (!page) co_return std::unexpected(std::move(page).error());
    for (auto& instance : page->instances) {
      auto destroyed = co_await lifecycle.destroy(std::move(instance), CallOptions());
      if (!destroyed && all) all = std::move(destroyed);
    }
    cursor = std::move(page->nextCursor);
  } while (!cursor.empty());
  co_return all;
}

Task<MachinePtr> Machines::make(MachineSpec spec) {
  ProvisionRequest request;
  request.provisionKey = spec.name;
  request.ownerTag = ownerTag;
  request.config.volumes = spec.volumes;
  if (spec.networkBlocked) request.config.network.mode = NetworkMode::blocked;
  local::Options options;
  options.home = spec.home;
  options.user = spec.user;
  setOptions(request.config, options);
  if (auto valid = provider_->validate(request.config); !valid) {
    co_return std::unexpected(std::move(valid).error());
  }
  if (closing_) co_return failure(Errc::unavailable, "the emulator is ending");
  ++making_;
  auto instance = co_await provider_->lifecycle().provision(std::move(request), CallOptions());
  --making_;
  made_.notify();
  if (!instance) co_return std::unexpected(std::move(instance).error());
  MachinePtr machine(new Machine(provider_, ids_, std::move(spec), std::move(*instance)));
  living_[machine->spec().name] = machine;
  co_return machine;
}

Task<void> Machines::destroy(MachinePtr machine) {
  living_.erase(machine->spec().name);
  co_return co_await provider_->lifecycle().destroy(machine->instance(), CallOptions());
}

Task<void> Machines::destroyAll() {
  Result<void> all;
  closing_ = true;
  while (making_ > 0) {
    auto woken = co_await made_.wait();
    if (!woken) co_return woken;
  }
  while (!living_.empty()) {
    auto destroyed = co_await destroy(living_.begin()->second);
    if (!destroyed && all) all = std::move(destroyed);
  }
  co_return all;
}

Task<void> Machines::ensureVolume(std::string name) {
  auto made = co_await provider_->volumes()->ensure(std::move(name), CallOptions());
  if (!made) co_return std::unexpected(std::move(made).error());
  co_return Result<void>();
}

Task<void> Machines::removeVolume(std::string name) {
  co_return co_await provider_->volumes()->remove(std::move(name), CallOptions());
}

}  // namespace mooring::emulation
