// What each request does.
#include "server.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace mooring::local {

namespace {

using protocol::Ask;
using protocol::Decoder;
using protocol::Encoder;
using protocol::Failure;
using protocol::Say;

constexpr std::size_t entriesPerFrame = 512;

std::string failureFrame(Failure failure, int error) {
  Encoder encoder(Say::failed);
  encoder.u8(static_cast<std::uint8_t>(failure)).u32(static_cast<std::uint32_t>(error));
  return encoder.take();
}

}  // namespace

void Server::refuse(Connection& connection, Failure failure, int error) {
  Encoder encoder(Say::failed);
  encoder.u8(static_cast<std::uint8_t>(failure)).u32(static_cast<std::uint32_t>(error));
  say(connection, std::move(encoder));
}

void Server::answer(Connection& connection, int error) {
  if (error != 0) return refuse(connection, Failure::request, error);
  say(connection, Encoder(Say::done));
}

/// For what may take long. Nothing but the connection and the tree stays open there.
template <class Work>
void Server::inOwnProcess(Connection& connection, Work work) {
  const pid_t worker = ::fork();
  if (worker < 0) return refuse(connection, Failure::process, errno);
  connection.handedOver = true;
  if (worker > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  listener_.reset();
  epoll_.reset();
  for (auto& [fd, other] : connections_) {
    if (&other != &connection) other.socket.reset();
  }
  const int error = work();
  const std::string frame = error == 0 ? Encoder(Say::done).take() : failureFrame(Failure::request, error);
  [[maybe_unused]] const ssize_t sent = ::write(connection.socket.get(), frame.data(), frame.size());
  ::_exit(0);
}

/// All processes but this one. Only in namespaces of its own: elsewhere "all" would be the user's.
void Server::freeze(bool frozen) const {
  if (settings_.namespaces) ::kill(-1, frozen ? SIGSTOP : SIGCONT);
}

void Server::list(Connection& connection, const std::string& path) {
  std::vector<protocol::Entry> entries;
  const auto send = [&] {
    Encoder encoder(Say::entries);
    encoder.u32(static_cast<std::uint32_t>(entries.size()));
    for (const auto& entry : entries) {
      entry.encode(encoder);
    }
    say(connection, std::move(encoder));
    entries.clear();
  };
  const int error = listDirectory(tree_, path, [&](const protocol::Entry& entry) {
    entries.push_back(entry);
    if (entries.size() == entriesPerFrame) send();
  });
  if (error != 0) return refuse(connection, Failure::request, error);
  if (!entries.empty()) send();
  say(connection, Encoder(Say::done));
}

bool Server::handleFiles(Connection& connection, Ask ask, Decoder& fields) {
  const std::string path = fields.text();
  switch (ask) {
    case Ask::readFile: {
      Descriptor file;
      std::uint64_t size = 0;
      const int error = openForReading(tree_, path, file, size);
      if (error != 0) return answer(connection, error), true;
      Encoder done(Say::done);
      done.u64(size);
      say(connection, std::move(done), file.get());
      return true;
    }
    case Ask::writeFile: {
      const std::uint32_t mode = fields.u32();
      auto upload = std::make_unique<Upload>();
      const int error = upload->begin(tree_, path, mode);
      if (error != 0) return answer(connection, error), true;
      say(connection, Encoder(Say::done), upload->file());
      connection.upload = std::move(upload);
      return true;
    }
    case Ask::stat: {
      protocol::Entry entry;
      const int error = statEntry(tree_, path, entry);
      if (error != 0) return answer(connection, error), true;
      Encoder found(Say::entries);
      entry.encode(found.u32(1));
      say(connection, std::move(found));
      return true;
    }
    case Ask::list:
      return list(connection, path), true;
    case Ask::makeDirectory:
      return answer(connection, makeDirectory(tree_, path, fields.u32())), true;
    case Ask::setMode:
      return answer(connection, setMode(tree_, path, fields.u32())), true;
    case Ask::remove: {
      const bool tree = fields.u8() != 0;
      const int error = removeFile(tree_, path);
      if (!tree || error != EISDIR) return answer(connection, error), true;
      return inOwnProcess(connection, [&] { return removeTree(tree_, path); }), true;
    }
    case Ask::rename: {
      const std::string to = fields.text();
      const int error = renamePath(tree_, path, to);
      if (error != EXDEV) return answer(connection, error), true;
      return inOwnProcess(connection, [&] { return moveAcross(tree_, path, to); }), true;
    }
    default:
      return false;
  }
}

void Server::handle(Connection& connection, Ask ask, Decoder& fields) {
  // These two continue a request that has shown its version.
  if (ask == Ask::endRun) {
    if (connection.runs > 0) endRun(connection.runs);
    return;
  }
  if (ask == Ask::commit) {
    const auto upload = std::move(connection.upload);
    return answer(connection, upload ? upload->commit() : EPROTO);
  }
  if (fields.u8() != protocol::protocolVersion) return refuse(connection, Failure::version, EPROTO);

  switch (ask) {
    case Ask::ping:
      return answer(connection, 0);
    case Ask::run:
      return run(connection, protocol::LaunchRequest::decode(fields));
    case Ask::start: {
      const std::string key = fields.text();
      return start(connection, key, protocol::LaunchRequest::decode(fields));
    }
    case Ask::signal: {
      pid_t pid = 0;
      const std::string key = fields.text();
      const auto number = static_cast<int>(fields.u32());
      if (findStarted(key, pid) == nullptr) return answer(connection, ESRCH);
      return answer(connection, ::kill(-pid, number) == 0 || errno == ESRCH ? 0 : errno);
    }
    case Ask::openInput:
    case Ask::closeInput: {
      pid_t pid = 0;
      Command* command = findStarted(fields.text(), pid);
      if (command == nullptr || !command->input) return answer(connection, EPIPE);
      if (ask == Ask::openInput) return say(connection, Encoder(Say::done), command->input.get());
      command->input.reset();
      return answer(connection, 0);
    }
    case Ask::awaitEnd: {
      pid_t pid = 0;
      if (findStarted(fields.text(), pid) == nullptr) return answer(connection, ENOENT);
      connection.awaits = pid;
      return;
    }
    case Ask::setLifetime: {
      const std::uint64_t ms = fields.u64();
      endsAt_ = ms == 0 ? 0 : nowMs() + static_cast<std::int64_t>(ms);
      return answer(connection, 0);
    }
    case Ask::freeze:
      connection.freezes = true;
      freeze(true);
      return answer(connection, 0);
    case Ask::shutdown:
      stopping_ = true;
      return;
    default:
      if (!handleFiles(connection, ask, fields)) refuse(connection, Failure::request, EPROTO);
  }
}

}  // namespace mooring::local
