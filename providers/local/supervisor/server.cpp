#include "server.hpp"

#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace mooring::local {

namespace {

constexpr std::int64_t killPatienceMs = 3000;

/// Direct children of this process; those of dead ones become its own, as it is their reaper.
std::vector<pid_t> children() {
  std::vector<pid_t> found;
  DIR* proc = ::opendir("/proc");
  if (proc == nullptr) return found;
  while (const dirent* entry = ::readdir(proc)) {
    const int pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char text[512];
    const ssize_t size = file ? ::read(file.get(), text, sizeof text - 1) : 0;
    if (size <= 0) continue;
    text[size] = '\0';
    const char* afterName = std::strrchr(text, ')');  // The name may hold anything.
    int parent = 0;
    if (afterName != nullptr && std::sscanf(afterName, ") %*c %d", &parent) == 1 && parent == ::getpid()) {
      found.push_back(pid);
    }
  }
  ::closedir(proc);
  return found;
}

}  // namespace

std::int64_t nowMs() {
  timespec now = {};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

Server::Server(Settings settings, Tree tree, Descriptor listener, Descriptor commands, Descriptor run)
    : settings_(std::move(settings)),
      tree_(std::move(tree)),
      listener_(std::move(listener)),
      commandsDirectory_(std::move(commands)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      removals_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      activeAt_(nowMs()) {
  sigset_t handled;
  ::sigemptyset(&handled);
  ::sigaddset(&handled, SIGCHLD);
  ::sigaddset(&handled, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &handled, nullptr);
  signals_.reset(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  // Whoever deletes the directory of a sandbox has no use for its processes. A watch that cannot be had costs
  // only that.
  const std::string watched = "/proc/self/fd/" + std::to_string(run.get());
  ::inotify_add_watch(removals_.get(), watched.c_str(), IN_DELETE | IN_ONLYDIR);
  if (settings_.lifetimeMs > 0) endsAt_ = activeAt_ + static_cast<std::int64_t>(settings_.lifetimeMs);
}

void Server::watch(int fd, bool alsoWritable, int operation) const {
  epoll_event event = {};
  event.events = EPOLLIN | (alsoWritable ? EPOLLOUT : 0U);
  event.data.fd = fd;
  ::epoll_ctl(epoll_.get(), operation, fd, &event);
}

int Server::serve() {
  watch(signals_.get(), false, EPOLL_CTL_ADD);
  watch(listener_.get(), false, EPOLL_CTL_ADD);
  if (removals_) watch(removals_.get(), false, EPOLL_CTL_ADD);
  listening_ = true;
  while (!stopping_) {
    epoll_event events[64];
    const int count = ::epoll_wait(epoll_.get(), events, 64, msUntilNextDeadline());
    bool arrivals = false;
    bool signalled = false;
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener_.get()) {
        arrivals = true;
      } else if (fd == signals_.get()) {
        signalled = true;
      } else if (fd == removals_.get()) {
        if (socketWasRemoved()) stopping_ = true;
      } else if (connections_.contains(fd)) {
        if ((events[i].events & EPOLLOUT) != 0) flush(fd);
        if ((events[i].events & ~static_cast<unsigned>(EPOLLOUT)) != 0) receive(fd);
      }
    }
    if (signalled) reap();
    settle();
    // Last: a new connection may get the number of one that this round closed.
    if (arrivals) accept();
    const std::int64_t now = nowMs();
    if (endsAt_ > 0 && now >= endsAt_) stopping_ = true;
    if (settings_.idleMs > 0 && commands_.empty() &&
        now >= activeAt_ + static_cast<std::int64_t>(settings_.idleMs)) {
      stopping_ = true;
    }
  }
  shutDown();
  return 0;
}

bool Server::socketWasRemoved() const {
  alignas(inotify_event) char events[4096];
  bool removed = false;
  ssize_t size = 0;
  while ((size = ::read(removals_.get(), events, sizeof events)) > 0) {
    for (const char* at = events; at < events + size;) {
      inotify_event event;
      std::memcpy(&event, at, sizeof event);
      removed = removed || (event.len > 0 && std::strcmp(at + sizeof event, "socket") == 0);
      at += sizeof event + event.len;
    }
  }
  return removed;
}

int Server::msUntilNextDeadline() const {
  std::int64_t at = endsAt_;
  const auto consider = [&at](std::int64_t other) {
    if (other > 0 && (at == 0 || other < at)) at = other;
  };
  if (settings_.idleMs > 0 && commands_.empty())
    consider(activeAt_ + static_cast<std::int64_t>(settings_.idleMs));
  for (const auto& [pid, giveUpAt] : dying_) {
    consider(giveUpAt);
  }
  if (at == 0) return -1;
  const std::int64_t left = at - nowMs();
  return left <= 0 ? 0 : static_cast<int>(left < 3'600'000 ? left : 3'600'000);
}

void Server::accept() {
  while (true) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE) {
        // Let them queue until a connection closes; drop() listens again.
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
        listening_ = false;
      }
      if (errno == ECONNABORTED || errno == EINTR) continue;
      return;
    }
    connections_[fd].socket.reset(fd);
    watch(fd, false, EPOLL_CTL_ADD);
    // At once, so that requests take effect in the order in which they were sent.
    receive(fd);
    if (stopping_) return;
  }
}

void Server::receive(int fd) {
  char bytes[32768];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * protocol::maxDescriptors)];
  while (true) {
    iovec part = {bytes, sizeof bytes};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) return drop(fd);

    Connection& connection = connections_[fd];
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int passed = -1;
        std::memcpy(&passed, CMSG_DATA(header) + i * sizeof(int), sizeof passed);
        connection.received.emplace_back(passed);
      }
    }
    connection.frames.append({bytes, static_cast<std::size_t>(size)});

    std::uint8_t kind = 0;
    std::string fields;
    protocol::FrameReader::Next next;
    while ((next = connection.frames.next(kind, fields)) == protocol::FrameReader::Next::frame) {
      protocol::Decoder decoder(fields);
      activeAt_ = nowMs();
      handle(connection, static_cast<protocol::Ask>(kind), decoder);
      if (connection.handedOver) {
        // Its socket lives on in the process that answers; here it must not look like a dropped run.
        connections_.erase(fd);
        return;
      }
      if (!connections_.contains(fd) || stopping_) return;
    }
    if (next == protocol::FrameReader::Next::invalid) return drop(fd);
  }
}

void Server::say(Connection& connection, protocol::Encoder encoder, int passed) {
  const std::string frame = encoder.take();
  std::size_t sent = 0;
  if (connection.out.empty()) {
    iovec part = {const_cast<char*>(frame.data()), frame.size()};  // NOLINT: sendmsg only reads it
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    if (passed >= 0) {
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(header), &passed, sizeof passed);
    }
    const ssize_t size = ::sendmsg(connection.socket.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size > 0) sent = static_cast<std::size_t>(size);
    if (size < 0 && errno != EAGAIN) return;  // The other side is gone; the loop will see it.
  }
  if (sent < frame.size()) {
    connection.out.append(frame, sent);
    watch(connection.socket.get(), true, EPOLL_CTL_MOD);
  }
}

void Server::flush(int fd) {
  Connection& connection = connections_[fd];
  while (!connection.out.empty()) {
    const ssize_t size = ::send(
        fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      if (errno != EAGAIN) connection.out.clear();
      break;
    }
    connection.out.erase(0, static_cast<std::size_t>(size));
  }
  if (connection.out.empty()) watch(fd, false, EPOLL_CTL_MOD);
}

void Server::drop(int fd) {
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return;
  const pid_t running = found->second.runs;
  const bool froze = found->second.freezes;
  connections_.erase(found);
  if (running > 0) endRun(running);
  if (froze) freeze(false);
  activeAt_ = nowMs();
  if (!listening_) {
    watch(listener_.get(), false, EPOLL_CTL_ADD);
    listening_ = true;
  }
}

void Server::shutDown() {
  // Whoever has connected by now learns that nothing was done for him.
  while (true) {
    const Descriptor late(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!late) break;
    const std::string frame = protocol::Encoder(protocol::Say::shuttingDown).take();
    ::send(late.get(), frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  listener_.reset();

  const std::int64_t patience = nowMs() + killPatienceMs;
  while (nowMs() < patience) {
    if (settings_.namespaces) {
      ::kill(-1, SIGKILL);
    } else {
      for (const pid_t child : children()) {
        ::kill(child, SIGKILL);
      }
    }
    reap();
    if (::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD) break;
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    const timespec pause = {0, 20'000'000};
    ::sigtimedwait(&child, nullptr, &pause);
  }
  while (!commands_.empty()) {
    finish(commands_.begin()->first, commands_.begin()->second.reaped);
  }
  for (auto& [fd, connection] : connections_) {
    if (connection.runs == 0 && connection.awaits == 0) {
      say(connection, protocol::Encoder(protocol::Say::shuttingDown));
    }
  }
}

}  // namespace mooring::local
