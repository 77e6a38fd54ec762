#include "support/loopback.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <netdb.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>

namespace mooring::test {

namespace {

constexpr int patienceSeconds = 30;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

FreePort::FreePort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0) fail("bind");
  if (::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("getsockname");
  number_ = ntohs(address.sin_port);
}

FreePort::~FreePort() { ::close(socket_); }

LoopbackClient::LoopbackClient(int port, const std::string& host) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    throw std::runtime_error("no address of " + host);
  }
  socket_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience = {.tv_sec = patienceSeconds, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int connected = ::connect(socket_, found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  if (connected != 0) {
    const int problem = errno;
    ::close(socket_);
    throw std::system_error(problem, std::generic_category(), "connect to port " + std::to_string(port));
  }
}

LoopbackClient::~LoopbackClient() { ::close(socket_); }

void LoopbackClient::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void LoopbackClient::finish() const {
  if (::shutdown(socket_, SHUT_WR) != 0) fail("shutdown");
}

std::string LoopbackClient::receive(std::size_t count) const {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const auto got = ::recv(socket_, bytes.data() + have, count - have, 0);
    if (got < 0 && errno == EINTR) continue;  // A child of the test's ended.
    if (got < 0 && errno == ECONNRESET) break;
    if (got < 0) fail("receive");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

std::string LoopbackClient::receiveAll() const {
  std::string all;
  for (std::string piece = receive(4096); !piece.empty(); piece = receive(4096))
    all += piece;
  return all;
}

}  // namespace mooring::test
