// Started commands. The supervisor runs them; what they print and how they end is in files that are read here
// directly, also when the sandbox has stopped.
#include <mooring/blocking.hpp>

#include "apis.hpp"
#include "client.hpp"
#include "errors.hpp"
#include "pipes.hpp"
#include "waiting.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mooring::local {

namespace fs = std::filesystem;
namespace asio = boost::asio;

namespace {

using protocol::Ask;

constexpr std::size_t inputChunk = std::size_t{1} << 18;
constexpr std::size_t largestChunk = std::size_t{4} << 20;

struct Place {
  std::string key;
  fs::path directory;  ///< Of the command.
};

Result<Place> placeOf(const Layout& layout, const Instance& instance, const std::string& id) {
  auto key = keyOf(instance);
  if (!key) return std::unexpected(std::move(key).error());
  if (auto here = checkPlace(layout, instance, *key); !here) return std::unexpected(std::move(here).error());
  if (!isPlainName(id)) {
    return refuse(Errc::invalidArgument, "\"" + id + "\" is not the id of a command of the local provider");
  }
  return Place{*key, layout.command(*key, id)};
}

bool isThere(const fs::path& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0;
}

std::string requestFor(Ask ask, const ExternalCommandId& id) {
  return protocol::request(ask).text(id.value).take();
}

StartedState stateFrom(std::uint32_t exitCode, std::uint32_t signal) {
  StartedState state;
  state.status = CommandStatus::exited;
  state.exitCode = static_cast<int>(exitCode);
  state.signal = signalName(static_cast<int>(signal));
  return state;
}

StartedState lostState() {
  StartedState state;
  state.status = CommandStatus::lost;
  return state;
}

/// What the files say: nothing while no end is recorded. Errors: notFound; corrupted. Blocks.
Result<std::optional<StartedState>> recordedEnd(const Place& place) {
  const fs::path file = place.directory / "exit";
  if (!isThere(file)) {
    if (isThere(place.directory)) return std::optional<StartedState>();
    return refuse(Errc::notFound,
                  "sandbox " + place.key + " has no command " + place.directory.filename().string());
  }
  const auto text = readText(file, 64);
  if (!text) return std::unexpected(text.error());
  std::uint32_t exitCode = 0;
  std::uint32_t signal = 0;
  switch (protocol::parseExit(*text, exitCode, signal)) {
    case protocol::ExitText::exited:
      return std::optional(stateFrom(exitCode, signal));
    case protocol::ExitText::lost:
      return std::optional(lostState());
    case protocol::ExitText::unreadable:
      break;
  }
  return refuse(Errc::corrupted, file.string() + " cannot be read, so how that command ended is not known");
}

Task<std::optional<StartedState>> lookUpEnd(SitePtr site, Place place) {
  auto looking = [place = std::move(place)] { return recordedEnd(place); };
  co_return co_await runBlocking(site->context.blocking, std::move(looking));
}

/// The same when its supervisor is known to have ended: what has no end by now never gets one.
Task<StartedState> lookUpEndOrLost(SitePtr site, Place place) {
  auto end = co_await lookUpEnd(std::move(site), std::move(place));
  if (!end) co_return std::unexpected(std::move(end).error());
  co_return end->value_or(lostState());
}

/// All of the source, in a file that has no name: the command reads it whether or not this process lives on.
Task<Descriptor> spool(SitePtr site, fs::path directory, std::shared_ptr<ByteSource> source) {
  Descriptor file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file) co_return systemFailure(errno, "cannot keep the command's input in " + directory.string());
  std::vector<std::byte> buffer(inputChunk);
  const int fd = file.get();
  while (true) {
    auto size = co_await source->read(std::span(buffer));
    if (!size) co_return std::unexpected(std::move(size).error());
    if (*size == 0) break;
    auto writing = [fd, bytes = std::span<const std::byte>(buffer).first(*size)]() -> Result<void> {
      if (::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) return {};
      return systemFailure(errno, "cannot keep the command's input");
    };
    auto written = co_await runBlocking(site->context.blocking, std::move(writing));
    if (!written) co_return std::unexpected(std::move(written).error());
  }
  ::lseek(fd, 0, SEEK_SET);
  co_return file;
}

/// Up to `maxBytes` of a file; at most its end. Blocks.
Result<OutputChunk> readChunk(const fs::path& file, std::uint64_t offset, std::size_t maxBytes) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  OutputChunk chunk;
  chunk.nextOffset = offset;
  if (!fd && errno == ENOENT) return chunk;  // Just being started.
  if (!fd) return systemFailure(errno, "cannot read " + file.string());
  chunk.bytes.resize(std::min(maxBytes, largestChunk));
  const ssize_t size = ::pread(fd.get(), chunk.bytes.data(), chunk.bytes.size(), static_cast<off_t>(offset));
  if (size < 0) return systemFailure(errno, "cannot read " + file.string());
  chunk.bytes.resize(static_cast<std::size_t>(size));
  chunk.nextOffset = offset + chunk.bytes.size();
  return chunk;
}

/// Tells when a command prints or ends. Made before looking, so that nothing in between is missed.
class OutputWatch {
 public:
  static Result<OutputWatch> on(const SitePtr& site, const Place& place, const char* file) {
    Descriptor watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!watch) return systemFailure(errno, "cannot watch a command's output");
    ::inotify_add_watch(watch.get(), (place.directory / file).c_str(), IN_MODIFY);
    if (::inotify_add_watch(watch.get(), place.directory.c_str(), IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR) <
        0) {
      return systemFailure(errno, "cannot watch a command's output");
    }
    OutputWatch made(site, watch.release());
    return made;
  }

  asio::posix::stream_descriptor& descriptor() { return descriptor_; }
  void clear() {
    char events[4096];
    while (::read(descriptor_.native_handle(), events, sizeof events) > 0) {
    }
  }

 private:
  OutputWatch(const SitePtr& site, int fd) : descriptor_(site->context.loop, fd) {}
  asio::posix::stream_descriptor descriptor_;
};

/// A connection that becomes readable when the command ends or its supervisor does; null when none runs.
Task<ConnectionPtr> watchEnd(SitePtr site, Instance instance, ExternalCommandId id) {
  auto connection = co_await connectTo(std::move(site), std::move(instance));
  if (!connection && connection.error().code == Errc::notRunning) co_return ConnectionPtr();
  if (!connection) co_return connection;
  std::vector<int> none;
  auto sent = co_await (*connection)->send(requestFor(Ask::awaitEnd, id), std::move(none));
  if (!sent && sent.error().code == Errc::cancelled) co_return std::unexpected(std::move(sent).error());
  if (!sent) co_return ConnectionPtr();
  co_return connection;
}

Task<OutputChunk> readOutput(
    SitePtr site, Place place, std::string file, std::uint64_t offset, std::size_t maxBytes) {
  auto reading = [=]() -> Result<OutputChunk> {
    // The end is looked up first: what was printed before it is then in the file.
    const auto end = recordedEnd(place);
    if (!end) return std::unexpected(end.error());
    auto chunk = readChunk(place.directory / file, offset, maxBytes);
    if (chunk && *end) {
      std::error_code ec;
      const auto size = fs::file_size(place.directory / file, ec);
      chunk->ended = ec || chunk->nextOffset >= size;
    }
    return chunk;
  };
  co_return co_await runBlocking(site->context.blocking, std::move(reading));
}

}  // namespace

Task<ExternalCommandId> StartedCommands::start(Instance instance,
                                               CommandId key,
                                               CommandSpec command,
                                               CallOptions /*call*/) {
  const ExternalCommandId id(key.value);
  auto place = placeOf(site_->layout, instance, key.value);
  if (!place) co_return std::unexpected(std::move(place).error());
  auto request = protocol::request(Ask::start);
  request.text(key.value);
  auto frame = launchFrame(std::move(request), command);
  if (!frame) co_return std::unexpected(std::move(frame).error());
  auto connection = co_await connectTo(site_, instance);
  if (!connection) co_return std::unexpected(std::move(connection).error());
  std::vector<int> descriptors;
  Descriptor input;
  if (command.input) {
    auto spooled = co_await spool(site_, site_->layout.commands(place->key), command.input);
    if (!spooled) co_return std::unexpected(std::move(spooled).error());
    input = std::move(*spooled);
    descriptors.push_back(input.get());
  }
  auto reply = co_await askOn(*connection, std::move(*frame), std::move(descriptors), Effect::changes);
  if (!reply) co_return std::unexpected(std::move(reply).error());
  if (reply->kind == protocol::Say::started) co_return id;
  if (reply->kind != protocol::Say::failed) co_return unreadableAnswer();
  const int error = errnoOf(*reply);
  switch (failureOf(*reply)) {
    case protocol::Failure::exists:
      co_return id;
    case protocol::Failure::directory:
      co_return fileFailure(error == ENOTDIR ? EINVAL : error, "enter the working directory", command.cwd);
    case protocol::Failure::process:
      co_return systemFailure(error, "the sandbox cannot start another process");
    case protocol::Failure::request:
    case protocol::Failure::version:
    case protocol::Failure::program:
      break;
  }
  co_return unreadableAnswer();
}

Task<std::optional<ExternalCommandId>> StartedCommands::find(Instance instance,
                                                             CommandId key,
                                                             CallOptions /*call*/) {
  auto place = placeOf(site_->layout, instance, key.value);
  if (!place) co_return std::unexpected(std::move(place).error());
  // Requests take effect in the order in which they were sent, so that after this answer an interrupted
  // start() has either left its mark or never will.
  auto reply = co_await ask(site_, std::move(instance), protocol::request(Ask::ping).take(), Effect::none);
  if (!reply && reply.error().code != Errc::notRunning) co_return std::unexpected(std::move(reply).error());
  auto looking = [directory = place->directory] { return Result<bool>(isThere(directory)); };
  auto found = co_await runBlocking(site_->context.blocking, std::move(looking));
  if (!found) co_return std::unexpected(std::move(found).error());
  co_return *found ? std::optional(ExternalCommandId(key.value)) : std::optional<ExternalCommandId>();
}

Task<StartedState> StartedCommands::poll(Instance instance, ExternalCommandId id, CallOptions /*call*/) {
  auto place = placeOf(site_->layout, instance, id.value);
  if (!place) co_return std::unexpected(std::move(place).error());
  auto end = co_await lookUpEnd(site_, *place);
  if (end && *end) co_return std::move(**end);
  // A missing directory may mean that the whole sandbox is gone, which connecting tells.
  auto connection = co_await connectTo(site_, std::move(instance));
  if (!connection && connection.error().code != Errc::notRunning)
    co_return std::unexpected(std::move(connection).error());
  if (!end) co_return std::unexpected(std::move(end).error());
  if (connection) co_return StartedState();
  co_return co_await lookUpEndOrLost(site_, *place);
}

Task<StartedState> StartedCommands::wait(Instance instance, ExternalCommandId id, CallOptions call) {
  auto place = placeOf(site_->layout, instance, id.value);
  if (!place) co_return std::unexpected(std::move(place).error());
  auto state = co_await poll(instance, id, call);
  if (!state || state->status != CommandStatus::running) co_return state;
  auto connection = co_await watchEnd(site_, std::move(instance), id);
  if (!connection) co_return std::unexpected(std::move(connection).error());
  if (*connection) {
    auto reply = co_await (*connection)->receive();
    if (!reply && reply.error().code == Errc::cancelled) co_return std::unexpected(std::move(reply).error());
  }
  // However the waiting ended, the file says how the command did.
  co_return co_await lookUpEndOrLost(site_, *place);
}

Task<OutputChunk> StartedCommands::output(Instance instance,
                                          ExternalCommandId id,
                                          Stream stream,
                                          std::uint64_t offset,
                                          std::size_t maxBytes,
                                          bool follow,
                                          CallOptions /*call*/) {
  auto place = placeOf(site_->layout, instance, id.value);
  if (!place) co_return std::unexpected(std::move(place).error());
  const std::string file(toString(stream));
  auto chunk = co_await readOutput(site_, *place, file, offset, maxBytes);
  if (!chunk && chunk.error().code == Errc::notFound) {
    auto connection = co_await connectTo(site_, instance);  // Is all of it gone?
    if (!connection && connection.error().code == Errc::gone)
      co_return std::unexpected(std::move(connection).error());
  }
  if (!chunk || !follow || chunk->ended || !chunk->bytes.empty() || maxBytes == 0) co_return chunk;

  auto watch = OutputWatch::on(site_, *place, file.c_str());
  if (!watch) co_return std::unexpected(std::move(watch).error());
  auto running = co_await watchEnd(site_, std::move(instance), id);
  if (!running) co_return std::unexpected(std::move(running).error());
  bool over = *running == nullptr;
  while (true) {
    watch->clear();
    chunk = co_await readOutput(site_, *place, file, offset, maxBytes);
    if (!chunk || chunk->ended || !chunk->bytes.empty()) co_return chunk;
    if (over) {
      chunk->ended = true;  // Lost: nobody will add anything.
      co_return chunk;
    }
    auto ready = co_await awaitEither(watch->descriptor(), (*running)->socket());
    if (!ready) co_return std::unexpected(std::move(ready).error());
    if (*ready == Which::second) over = true;
  }
}

Task<void> StartedCommands::kill(Instance instance, ExternalCommandId id, int signal, CallOptions /*call*/) {
  auto place = placeOf(site_->layout, instance, id.value);
  if (!place) co_return std::unexpected(std::move(place).error());
  auto request = protocol::request(Ask::signal);
  request.text(id.value).u32(static_cast<std::uint32_t>(signal));
  auto reply = co_await ask(site_, std::move(instance), request.take(), Effect::changes);
  if (!reply && reply.error().code != Errc::notRunning) co_return std::unexpected(std::move(reply).error());
  const int error = reply ? errnoOf(*reply) : ESRCH;
  if (error == 0) co_return Result<void>();
  if (error == EINVAL) co_return refuse(Errc::invalidArgument, std::to_string(signal) + " is no signal");
  if (error != ESRCH) co_return systemFailure(error, "cannot signal command " + id.value);
  // It has ended, or never was.
  auto end = co_await lookUpEnd(site_, *place);
  if (!end) co_return std::unexpected(std::move(end).error());
  co_return Result<void>();
}

namespace {

std::unexpected<Error> inputClosed(const ExternalCommandId& id) {
  return refuse(Errc::conflict, "the input of command " + id.value + " is closed, or the command has ended");
}

Task<void> writeAll(SitePtr site, int fd, std::string bytes, ExternalCommandId id) {
  asio::posix::stream_descriptor pipe(site->context.loop, fd);
  std::span<const std::byte> rest = asBytes(bytes);
  while (!rest.empty()) {
    const ssize_t written = writeQuietly(fd, rest);
    if (written >= 0) {
      rest = rest.subspan(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      auto ready = co_await awaitReady(pipe, Readiness::write);
      if (!ready && rest.size() < bytes.size() && ready.error().code == Errc::cancelled) {
        co_return refuse(Errc::outcomeUnknown, "only a part of the input was written to command " + id.value);
      }
      if (!ready) co_return ready;
    } else {
      co_return inputClosed(id);
    }
  }
  co_return Result<void>();
}

}  // namespace

Task<void> StartedCommands::writeInput(
    Instance instance, ExternalCommandId id, std::string bytes, bool close, CallOptions /*call*/) {
  auto place = placeOf(site_->layout, instance, id.value);
  if (!place) co_return std::unexpected(std::move(place).error());
  auto reply = co_await ask(site_, instance, requestFor(Ask::openInput, id), Effect::none);
  if (!reply && reply.error().code != Errc::notRunning) co_return std::unexpected(std::move(reply).error());
  if (!reply || reply->kind != protocol::Say::done || reply->descriptors.size() != 1) {
    auto end = co_await lookUpEnd(site_, *place);
    if (!end) co_return std::unexpected(std::move(end).error());
    co_return inputClosed(id);
  }
  if (!bytes.empty()) {
    auto written = co_await writeAll(site_, reply->descriptors.front().release(), std::move(bytes), id);
    if (!written) co_return written;
  }
  reply->descriptors.clear();  // Or it would stay open by ours.
  if (!close) co_return Result<void>();
  auto closed = co_await ask(site_, std::move(instance), requestFor(Ask::closeInput, id), Effect::changes);
  if (!closed) co_return std::unexpected(std::move(closed).error());
  co_return Result<void>();
}

}  // namespace mooring::local
