#include <mooring/blocking.hpp>

#include "apis.hpp"
#include "client.hpp"
#include "errors.hpp"

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace mooring::local {

namespace {

using protocol::Ask;

/// Large enough that handing a chunk to another thread costs little beside copying it.
constexpr std::size_t chunkSize = std::size_t{1} << 20;

Result<std::string> pathRequest(Ask ask,
                                const std::string& path,
                                const std::function<void(protocol::Encoder&)>& more) {
  if (path.empty()) return refuse(Errc::invalidArgument, "a path in the sandbox is empty");
  if (path.find('\0') != std::string::npos)
    return refuse(Errc::invalidArgument, "a path in the sandbox holds a NUL");
  auto request = protocol::request(ask);
  request.text(path);
  if (more) more(request);
  return request.take();
}

/// A request about a path that is answered by `done`.
Task<Reply> askAbout(SitePtr site,
                     Instance instance,
                     Result<std::string> frame,
                     Effect effect,
                     std::string verb,
                     std::string path) {
  if (!frame) co_return std::unexpected(std::move(frame).error());
  auto reply = co_await ask(std::move(site), std::move(instance), std::move(*frame), effect);
  if (!reply) co_return std::unexpected(std::move(reply).error());
  if (reply->kind == protocol::Say::failed) co_return fileFailure(errnoOf(*reply), verb, path);
  co_return reply;
}

Task<void> change(
    SitePtr site, Instance instance, Result<std::string> frame, std::string verb, std::string path) {
  auto reply = co_await askAbout(
      std::move(site), std::move(instance), std::move(frame), Effect::changes, verb, path);
  if (!reply) co_return std::unexpected(std::move(reply).error());
  if (reply->kind != protocol::Say::done) co_return unreadableAnswer();
  co_return Result<void>();
}

std::optional<FileType> typeOf(protocol::EntryType type) {
  switch (type) {
    case protocol::EntryType::file:
      return FileType::file;
    case protocol::EntryType::directory:
      return FileType::directory;
    case protocol::EntryType::symlink:
      return FileType::symlink;
    case protocol::EntryType::other:
      return FileType::other;
  }
  return std::nullopt;
}

Result<std::vector<FileInfo>> infosIn(const Reply& reply) {
  protocol::Decoder fields(reply.fields);
  std::vector<FileInfo> infos;
  const std::uint32_t count = fields.u32();
  for (std::uint32_t i = 0; i < count && fields.ok(); ++i) {
    auto entry = protocol::Entry::decode(fields);
    const auto type = typeOf(entry.type);
    if (!type || !fields.ok()) return unreadableAnswer();
    FileInfo info;
    info.name = std::move(entry.name);
    info.type = *type;
    info.size = entry.size;
    info.mode = static_cast<int>(entry.mode);
    info.modifiedAt = Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(entry.modifiedMs)));
    info.linkTarget = std::move(entry.linkTarget);
    infos.push_back(std::move(info));
  }
  if (!fields.complete()) return unreadableAnswer();
  return infos;
}

/// Fills `buffer` as far as the file goes. Blocks.
Result<std::size_t> readAt(int fd, std::span<std::byte> buffer, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t size = ::pread(
        fd, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return systemFailure(errno, "cannot read a file of the sandbox");
    if (size == 0) break;
    done += static_cast<std::size_t>(size);
  }
  return done;
}

Result<void> writeAll(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(fd, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return systemFailure(errno, "cannot write a file of the sandbox");
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  return {};
}

/// Fills `buffer` from the source, unless that ends before: small reads of a source become large writes.
Task<std::size_t> fill(std::shared_ptr<ByteSource> source, std::span<std::byte> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    auto size = co_await source->read(buffer.subspan(filled));
    if (!size) co_return std::unexpected(std::move(size).error());
    if (*size == 0) break;
    filled += *size;
  }
  co_return filled;
}

Task<void> writeOn(SitePtr site, ConnectionPtr connection, FileUpload upload, std::span<std::byte> buffer) {
  const std::string& path = upload.path.value;
  const auto mode = upload.options.mode ? static_cast<std::uint32_t>(*upload.options.mode) : protocol::noMode;
  auto frame = pathRequest(Ask::writeFile, path, [mode](protocol::Encoder& request) { request.u32(mode); });
  if (!frame) co_return std::unexpected(std::move(frame).error());
  std::vector<int> none;
  auto opened = co_await askOn(connection, std::move(*frame), none, Effect::none);
  if (!opened) co_return std::unexpected(std::move(opened).error());
  if (opened->kind == protocol::Say::failed) co_return fileFailure(errnoOf(*opened), "write", path);
  if (opened->kind != protocol::Say::done || opened->descriptors.size() != 1) co_return unreadableAnswer();

  const int fd = opened->descriptors.front().get();
  while (true) {
    auto filled = co_await fill(upload.source, buffer);
    if (!filled) co_return std::unexpected(std::move(filled).error());
    if (*filled > 0) {
      auto writing = [fd, bytes = std::span<const std::byte>(buffer.first(*filled))] {
        return writeAll(fd, bytes);
      };
      auto written = co_await runBlocking(site->context.blocking, std::move(writing));
      if (!written) co_return std::unexpected(std::move(written).error());
    }
    if (*filled < buffer.size()) break;
  }
  protocol::Encoder commit(Ask::commit);
  auto done = co_await askOn(connection, commit.take(), none, Effect::changes);
  if (!done) co_return std::unexpected(std::move(done).error());
  if (done->kind == protocol::Say::failed) co_return fileFailure(errnoOf(*done), "write", path);
  if (done->kind != protocol::Say::done) co_return unreadableAnswer();
  co_return Result<void>();
}

}  // namespace

Task<void> Files::read(Instance instance,
                       SandboxPath path,
                       std::uint64_t offset,
                       std::shared_ptr<ByteSink> sink,
                       CallOptions /*call*/) {
  auto frame = pathRequest(Ask::readFile, path.value, nullptr);
  auto reply = co_await askAbout(
      site_, std::move(instance), std::move(frame), Effect::none, "read", path.value);
  if (!reply) {
    // Not "conflict": nothing stands in the way of reading, it is just no file.
    if (reply.error().code == Errc::conflict) reply.error().code = Errc::invalidArgument;
    co_return std::unexpected(std::move(reply).error());
  }
  if (reply->descriptors.size() != 1) co_return unreadableAnswer();
  const int fd = reply->descriptors.front().get();
  protocol::Decoder fields(reply->fields);
  const std::uint64_t size = fields.u64();
  // One byte more than is left tells the end without another read; files of /proc have size 0 and more to
  // give.
  const std::uint64_t left = size > offset ? size - offset : 0;
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(chunkSize, std::max<std::uint64_t>(left + 1, 4096))));
  while (true) {
    auto reading = [fd, offset, into = std::span(buffer)] { return readAt(fd, into, offset); };
    auto got = co_await runBlocking(site_->context.blocking, std::move(reading));
    if (!got) co_return std::unexpected(std::move(got).error());
    if (*got > 0) {
      auto taken = co_await sink->write(std::span<const std::byte>(buffer).first(*got));
      if (!taken) co_return taken;
    }
    if (*got < buffer.size()) co_return Result<void>();
    offset += *got;
  }
}

Task<void> Files::write(Instance instance,
                        SandboxPath path,
                        std::shared_ptr<ByteSource> source,
                        WriteOptions options,
                        CallOptions call) {
  auto once = std::make_shared<bool>(false);
  auto next = [once, path, source, options]() -> std::optional<FileUpload> {
    if (std::exchange(*once, true)) return std::nullopt;
    return FileUpload{path, source, options};
  };
  std::function<std::optional<FileUpload>()> uploads = std::move(next);
  co_return co_await writeMany(std::move(instance), std::move(uploads), call);
}

Task<void> Files::writeMany(Instance instance,
                            std::function<std::optional<FileUpload>()> next,
                            CallOptions /*call*/) {
  auto connection = co_await connectTo(site_, std::move(instance));
  if (!connection) co_return std::unexpected(std::move(connection).error());
  std::vector<std::byte> buffer;
  while (auto upload = next()) {
    const auto size = upload->source->size();
    const std::size_t wanted = size ? static_cast<std::size_t>(std::min<std::uint64_t>(*size + 1, chunkSize))
                                    : chunkSize;
    if (buffer.size() < wanted) buffer.resize(wanted);
    auto written = co_await writeOn(site_, *connection, std::move(*upload), std::span(buffer));
    if (!written) co_return written;
  }
  co_return Result<void>();
}

Task<std::vector<FileInfo>> Files::list(Instance instance, SandboxPath path, CallOptions /*call*/) {
  auto frame = pathRequest(Ask::list, path.value, nullptr);
  if (!frame) co_return std::unexpected(std::move(frame).error());
  auto connection = co_await connectTo(site_, std::move(instance));
  if (!connection) co_return std::unexpected(std::move(connection).error());
  std::vector<int> none;
  auto reply = co_await askOn(*connection, std::move(*frame), std::move(none), Effect::none);
  std::vector<FileInfo> all;
  while (reply && reply->kind == protocol::Say::entries) {
    auto infos = infosIn(*reply);
    if (!infos) co_return std::unexpected(std::move(infos).error());
    all.insert(all.end(), std::make_move_iterator(infos->begin()), std::make_move_iterator(infos->end()));
    reply = co_await (*connection)->receive();
  }
  if (!reply) co_return std::unexpected(std::move(reply).error());
  if (reply->kind == protocol::Say::failed) {
    const int error = errnoOf(*reply);
    co_return fileFailure(error == ENOTDIR ? EINVAL : error, "list", path.value);
  }
  if (reply->kind != protocol::Say::done) co_return unreadableAnswer();
  std::ranges::sort(all, {}, &FileInfo::name);
  co_return all;
}

Task<FileInfo> Files::stat(Instance instance, SandboxPath path, CallOptions /*call*/) {
  auto frame = pathRequest(Ask::stat, path.value, nullptr);
  auto reply = co_await askAbout(
      site_, std::move(instance), std::move(frame), Effect::none, "look at", path.value);
  if (!reply) co_return std::unexpected(std::move(reply).error());
  auto infos = infosIn(*reply);
  if (!infos || infos->size() != 1) co_return unreadableAnswer();
  co_return std::move(infos->front());
}

Task<void> Files::makeDirectory(Instance instance, SandboxPath path, int mode, CallOptions /*call*/) {
  const auto bits = static_cast<std::uint32_t>(mode);
  auto frame = pathRequest(
      Ask::makeDirectory, path.value, [bits](protocol::Encoder& request) { request.u32(bits); });
  co_return co_await change(site_, std::move(instance), std::move(frame), "make the directory", path.value);
}

Task<void> Files::remove(Instance instance, SandboxPath path, RemoveMode mode, CallOptions /*call*/) {
  const std::uint8_t tree = mode == RemoveMode::tree ? 1 : 0;
  auto frame = pathRequest(Ask::remove, path.value, [tree](protocol::Encoder& request) { request.u8(tree); });
  co_return co_await change(site_, std::move(instance), std::move(frame), "remove", path.value);
}

Task<void> Files::move(Instance instance, SandboxPath from, SandboxPath to, CallOptions /*call*/) {
  if (to.value.empty() || to.value.find('\0') != std::string::npos) {
    co_return refuse(Errc::invalidArgument, "the path to move to is empty, or holds a NUL");
  }
  const std::string target = to.value;
  auto frame = pathRequest(
      Ask::rename, from.value, [target](protocol::Encoder& request) { request.text(target); });
  co_return co_await change(
      site_, std::move(instance), std::move(frame), "move", from.value + " to " + to.value);
}

Task<void> Files::setMode(Instance instance, SandboxPath path, int mode, CallOptions /*call*/) {
  const auto bits = static_cast<std::uint32_t>(mode);
  auto frame = pathRequest(
      Ask::setMode, path.value, [bits](protocol::Encoder& request) { request.u32(bits); });
  co_return co_await change(site_, std::move(instance), std::move(frame), "change the mode of", path.value);
}

}  // namespace mooring::local
