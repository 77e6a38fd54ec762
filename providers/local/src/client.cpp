#include "client.hpp"

#include <mooring/blocking.hpp>

#include "errors.hpp"
#include "waiting.hpp"

#include <boost/json/value.hpp>

#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace mooring::local {

namespace {

constexpr std::chrono::seconds connectPatience(10);

sockaddr_un addressOf(const SocketAddress& address) {
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, address.path().c_str(), sizeof name.sun_path - 1);
  return name;
}

/// A socket, or the errno.
std::pair<Descriptor, int> tryConnect(const SocketAddress& address, bool wait) {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK), 0));
  if (!socket) return {Descriptor(), errno};
  if (wait) {
    const timeval limit = {connectPatience.count(), 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  const sockaddr_un name = addressOf(address);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
    return {Descriptor(), errno};
  if (wait) ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  return {std::move(socket), 0};
}

std::unexpected<Error> connectFailure(const Layout& layout, const std::string& key, int error) {
  if (error != ECONNREFUSED && error != ENOENT && error != ENOTDIR) {
    return systemFailure(error, "cannot reach the supervisor of sandbox " + key);
  }
  struct stat status = {};
  if (::lstat(layout.sandbox(key).c_str(), &status) == 0) return notRunningFailure(key);
  if (errno == ENOENT) return goneFailure(key);
  return systemFailure(errno, "cannot look at " + layout.sandbox(key).string());
}

}  // namespace

std::unexpected<Error> notRunningFailure(const std::string& key) {
  return refuse(Errc::notRunning, "sandbox " + key + " is stopped; connecting to it wakes it");
}

std::unexpected<Error> goneFailure(const std::string& key) {
  return refuse(Errc::gone, "sandbox " + key + " does not exist any more");
}

std::unexpected<Error> unreadableAnswer() {
  return refuse(Errc::corrupted, "the sandbox's supervisor gave an answer that cannot be read");
}

Result<void> checkPlace(const Layout& layout, const Instance& instance, const std::string& key) {
  const auto* known = instance.connection.if_contains("directory");
  if (known == nullptr || !known->is_string()) return {};
  const std::string directory(known->get_string());
  if (directory == layout.sandbox(key)) return {};
  return refuse(Errc::notConfigured,
                "sandbox " + key + " is kept in " + directory + ", but this provider looks in " +
                    layout.sandboxes().string() + ": set MOORING_LOCAL_DIR as it was");
}

Task<ConnectionPtr> connectToKey(SitePtr site, std::string key) {
  SocketAddress address;
  if (const int error = address.set(site->layout.run(key), run_file::socket); error != 0) {
    co_return connectFailure(site->layout, key, error);
  }
  auto [socket, error] = tryConnect(address, false);
  if (error == EAGAIN) {
    // Its queue is full, which a socket of this kind cannot be told to wait for.
    auto wait = [&address] { return Result<std::pair<Descriptor, int>>(tryConnect(address, true)); };
    auto waited = co_await runBlocking(site->context.blocking, std::move(wait));
    if (!waited) co_return std::unexpected(std::move(waited).error());
    socket = std::move(waited->first);
    error = waited->second;
  }
  if (error != 0) co_return connectFailure(site->layout, key, error);
  co_return std::make_shared<Connection>(site->context.loop, socket.release());
}

Task<ConnectionPtr> connectTo(SitePtr site, Instance instance) {
  auto key = keyOf(instance);
  if (!key) co_return std::unexpected(std::move(key).error());
  if (auto checkedPlace = checkPlace(site->layout, instance, *key); !checkedPlace) {
    co_return std::unexpected(std::move(checkedPlace).error());
  }
  co_return co_await connectToKey(site, *key);
}

Result<bool> Connection::trySendWith(const std::vector<int>& descriptors) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * protocol::maxDescriptors)] = {};
  iovec part = {out_.data(), out_.size()};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    const std::size_t bytes = sizeof(int) * descriptors.size();
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(header), descriptors.data(), bytes);
  }
  const ssize_t size = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (size < 0) return refuse(Errc::unavailable, "the sandbox's supervisor closed the connection");
  out_.erase(0, static_cast<std::size_t>(size));
  return true;
}

Result<bool> Connection::trySend() {
  while (!out_.empty()) {
    auto sent = trySendWith({});
    if (!sent || !*sent) return sent;
  }
  return true;
}

Task<void> Connection::send(std::string frame, std::vector<int> descriptors) {
  if (frame.size() > protocol::maxFrame) {
    co_return refuse(Errc::invalidArgument,
                     "the request is larger than the 16 MiB that the local provider takes");
  }
  out_ = std::move(frame);
  while (!out_.empty()) {
    auto sent = trySendWith(descriptors);
    if (!sent) co_return std::unexpected(std::move(sent).error());
    if (*sent) {
      descriptors.clear();  // They went with the first bytes.
      continue;
    }
    auto ready = co_await awaitReady(socket_, Readiness::write);
    if (!ready) co_return std::unexpected(std::move(ready).error());
  }
  co_return Result<void>();
}

Result<std::optional<Reply>> Connection::poll() {
  char bytes[16384];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * protocol::maxDescriptors)];
  while (true) {
    Reply reply;
    std::uint8_t kind = 0;
    const auto next = frames_.next(kind, reply.fields);
    if (next == protocol::FrameReader::Next::invalid) return unreadableAnswer();
    if (next == protocol::FrameReader::Next::frame) {
      reply.kind = static_cast<protocol::Say>(kind);
      reply.descriptors = std::move(received_);
      received_.clear();
      return std::optional<Reply>(std::move(reply));
    }
    iovec part = {bytes, sizeof bytes};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(socket_.native_handle(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return std::optional<Reply>();
    if (size <= 0) return refuse(Errc::unavailable, "the sandbox ended");
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int passed = -1;
        std::memcpy(&passed, CMSG_DATA(header) + i * sizeof(int), sizeof passed);
        received_.emplace_back(passed);
      }
    }
    frames_.append({bytes, static_cast<std::size_t>(size)});
  }
}

Task<Reply> Connection::receive(std::chrono::milliseconds patience) {
  while (true) {
    auto reply = poll();
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (*reply) co_return std::move(**reply);
    auto ready = co_await awaitReady(socket_, Readiness::read, patience);
    if (!ready) co_return std::unexpected(std::move(ready).error());
  }
}

int errnoOf(const Reply& reply) {
  if (reply.kind != protocol::Say::failed) return 0;
  protocol::Decoder fields(reply.fields);
  fields.u8();
  return static_cast<int>(fields.u32());
}

protocol::Failure failureOf(const Reply& reply) {
  protocol::Decoder fields(reply.fields);
  return static_cast<protocol::Failure>(fields.u8());
}

Result<Reply> checked(Reply reply) {
  if (reply.kind == protocol::Say::shuttingDown) {
    return refuse(Errc::notRunning, "the sandbox is being stopped; connecting to it wakes it");
  }
  if (reply.kind == protocol::Say::failed && failureOf(reply) == protocol::Failure::version) {
    return refuse(Errc::conflict,
                  "the sandbox was started by another version of mooring: stop it, then connect to it again");
  }
  return reply;
}

Task<Reply> askOn(ConnectionPtr connection, std::string frame, std::vector<int> descriptors, Effect effect) {
  auto sent = co_await connection->send(std::move(frame), std::move(descriptors));
  if (!sent) co_return std::unexpected(std::move(sent).error());
  auto reply = co_await connection->receive();
  if (reply) co_return checked(std::move(*reply));
  Error error = std::move(reply).error();
  const bool lost = error.code == Errc::unavailable || error.code == Errc::cancelled;
  if (effect == Effect::changes && lost) {
    Error unknown = makeError(Errc::outcomeUnknown,
                              "the sandbox's answer got lost, so the change may have been made");
    unknown.provider = "local";
    unknown.cause = std::make_shared<const Error>(std::move(error));
    co_return std::unexpected(std::move(unknown));
  }
  co_return std::unexpected(std::move(error));
}

Task<Reply> ask(SitePtr site, Instance instance, std::string frame, Effect effect) {
  auto connection = co_await connectTo(site, std::move(instance));
  if (!connection) co_return std::unexpected(std::move(connection).error());
  std::vector<int> none;
  co_return co_await askOn(*connection, std::move(frame), std::move(none), effect);
}

}  // namespace mooring::local
