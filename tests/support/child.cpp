#include "support/child.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace mooring::test {
namespace {

using SteadyClock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::strerror(error));
}

std::vector<std::string> environmentWith(const std::map<std::string, std::string>& added) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    if (!added.contains(text.substr(0, text.find('=')))) out.push_back(text);
  }
  for (const auto& [name, value] : added)
    out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts)
    out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Child::Child(const std::filesystem::path& program, const ChildOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): a child that died is seen by write()'s result.
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0) fail("pipe", errno);
  if (pipe2(out, O_CLOEXEC) != 0) fail("pipe", errno);
  input_ = in[1];
  output_ = out[0];

  std::vector<std::string> argv{program.string()};
  argv.insert(argv.end(), options.args.begin(), options.args.end());
  auto env = environmentWith(options.env);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawnattr_t attributes;  // The child shall not inherit that SIGPIPE is ignored here.
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int error = posix_spawn(
      &pid_, argv.front().c_str(), &actions, &attributes, pointersTo(argv).data(), pointersTo(env).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  if (error != 0) {
    pid_ = -1;
    close();
    fail("cannot start " + program.string(), error);
  }
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      input_(std::exchange(other.input_, -1)),
      output_(std::exchange(other.output_, -1)),
      ended_(other.ended_),
      buffer_(std::move(other.buffer_)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(input_, other.input_);
  std::swap(output_, other.output_);
  std::swap(ended_, other.ended_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

Child::~Child() { close(); }

void Child::close() noexcept {
  if (pid_ > 0 && !ended_) {
    ::kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  closeInput();
  if (output_ >= 0) ::close(std::exchange(output_, -1));
}

std::optional<std::string> Child::line(std::chrono::seconds limit) {
  const auto deadline = SteadyClock::now() + limit;
  for (;;) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      std::string text = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return text;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    pollfd ready{.fd = output_, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) == 0) {
      throw std::runtime_error("the child printed no line in " + std::to_string(limit.count()) +
                               " s; it said: \"" + buffer_ + "\"");
    }
    char bytes[4096];
    const auto count = read(output_, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("reading from the child", errno);
    if (count == 0) {
      if (buffer_.empty()) return std::nullopt;
      return std::exchange(buffer_, std::string());
    }
    buffer_.append(bytes, static_cast<std::size_t>(count));
  }
}

bool Child::waitFor(const std::string& text, std::chrono::seconds limit) {
  while (auto next = line(limit)) {
    if (*next == text) return true;
  }
  return false;
}

std::vector<std::string> Child::rest(std::chrono::seconds limit) {
  std::vector<std::string> out;
  while (auto next = line(limit))
    out.push_back(std::move(*next));
  return out;
}

bool Child::send(const std::string& text) {
  const std::string bytes = text + "\n";
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto count = write(input_, bytes.data() + sent, bytes.size() - sent);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

void Child::closeInput() {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
}

void Child::signal(int number) const {
  if (pid_ > 0 && !ended_) ::kill(pid_, number);
}

int Child::wait() {
  if (ended_) return *ended_;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) fail("waitpid", errno);
  }
  ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return *ended_;
}

int Child::kill() {
  signal(SIGKILL);
  return wait();
}

std::filesystem::path thisProgram() { return std::filesystem::read_symlink("/proc/self/exe"); }

namespace child {

void announce(const std::string& text) {
  const std::string bytes = text + "\n";
  if (write(STDOUT_FILENO, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) _exit(3);
}

std::optional<std::string> awaitLine() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::string text;
  for (char byte = 0;;) {
    const auto count = read(STDIN_FILENO, &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text.empty() ? std::nullopt : std::optional(text);
    if (byte == '\n') return text;
    text += byte;
  }
}

void pauseAt(const std::string& text) {
  announce(text);
  awaitLine();
}

}  // namespace child

}  // namespace mooring::test
