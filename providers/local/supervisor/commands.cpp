// Commands: run() lives as long as its connection, start() as long as the sandbox.
#include "server.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mooring::local {

namespace {

constexpr std::int64_t groupPatienceMs = 2000;

bool groupIsDead(pid_t leader) { return ::kill(-leader, 0) != 0 && errno == ESRCH; }

/// Whole or not at all, so that a reader never sees half of it.
void writeWhole(int directory, const char* name, const std::string& text) {
  const std::string temporary = std::string(name) + ".new";
  Descriptor file(::openat(directory, temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return;
  file.reset();
  ::renameat(directory, temporary.c_str(), directory, name);
}

protocol::Ended endOf(int status) {
  protocol::Ended ended;
  if (WIFSIGNALED(status)) {
    ended.signal = static_cast<std::uint32_t>(WTERMSIG(status));
    ended.exitCode = 128 + ended.signal;
  } else {
    ended.exitCode = static_cast<std::uint32_t>(WEXITSTATUS(status));
  }
  return ended;
}

}  // namespace

void Server::run(Connection& connection, const protocol::LaunchRequest& request) {
  std::vector<Descriptor> passed = std::move(connection.received);
  connection.received.clear();
  const std::size_t outputs = request.hasInput ? 1 : 0;
  if (passed.size() != outputs + 2 || connection.runs != 0) {
    return refuse(connection, protocol::Failure::request, EPROTO);
  }
  const int in = request.hasInput ? passed[0].get() : -1;
  const Spawned spawned = spawn(settings_, request, in, passed[outputs].get(), passed[outputs + 1].get());
  if (spawned.pid == 0) return refuse(connection, spawned.failure, spawned.error);
  connection.runs = spawned.pid;
  commands_[spawned.pid].runner = connection.socket.get();
  protocol::Encoder started(protocol::Say::started);
  started.u32(static_cast<std::uint32_t>(spawned.pid));
  say(connection, std::move(started));
}

void Server::start(Connection& connection, const std::string& key, const protocol::LaunchRequest& request) {
  std::vector<Descriptor> passed = std::move(connection.received);
  connection.received.clear();
  if (passed.size() != (request.hasInput ? 1U : 0U) || key.empty() || key.find('/') != std::string::npos) {
    return refuse(connection, protocol::Failure::request, EPROTO);
  }
  // The directory is the mark that this command was started: made by one caller only, before anything runs.
  const int commands = commandsDirectory_.get();
  if (::mkdirat(commands, key.c_str(), 0700) != 0) {
    return refuse(
        connection, errno == EEXIST ? protocol::Failure::exists : protocol::Failure::process, errno);
  }
  Command command;
  command.key = key;
  command.directory.reset(::openat(commands, key.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const int directory = command.directory.get();
  constexpr int appending = O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC;
  const Descriptor out(::openat(directory, "stdout", appending, 0600));
  const Descriptor err(::openat(directory, "stderr", appending, 0600));
  Descriptor in;
  if (request.hasInput) {
    in = std::move(passed[0]);
  } else {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) == 0) {
      in.reset(ends[0]);
      command.input.reset(ends[1]);
      ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    }
  }
  Spawned spawned = {0, protocol::Failure::process, errno};
  if (out && err && in) spawned = spawn(settings_, request, in.get(), out.get(), err.get());
  if (spawned.pid == 0 && spawned.failure == protocol::Failure::program) {
    // A program that cannot be executed is a command that has ended, as with run().
    const std::string text = protocol::execFailureText(request.program, spawned.error);
    [[maybe_unused]] const ssize_t written = ::write(err.get(), text.data(), text.size());
    writeWhole(directory, "exit", protocol::formatExit(protocol::execFailureCode(spawned.error), 0));
  } else if (spawned.pid == 0) {
    ::unlinkat(directory, "stdout", 0);
    ::unlinkat(directory, "stderr", 0);
    ::unlinkat(commands, key.c_str(), AT_REMOVEDIR);
    return refuse(connection, spawned.failure, spawned.error);
  } else {
    commands_[spawned.pid] = std::move(command);
  }
  protocol::Encoder started(protocol::Say::started);
  started.u32(static_cast<std::uint32_t>(spawned.pid));
  say(connection, std::move(started));
}

void Server::endRun(pid_t pid) {
  const auto found = commands_.find(pid);
  if (found == commands_.end()) return;
  found->second.asked = true;
  if (!found->second.reaped) ::kill(-pid, SIGKILL);
  dying_.emplace(pid, nowMs() + groupPatienceMs);
}

Server::Command* Server::findStarted(const std::string& key, pid_t& pid) {
  for (auto& [candidate, command] : commands_) {
    if (command.key == key) {
      pid = candidate;
      return &command;
    }
  }
  return nullptr;
}

void Server::reap() {
  signalfd_siginfo info = {};
  while (::read(signals_.get(), &info, sizeof info) > 0) {
    if (info.ssi_signo == SIGTERM) stopping_ = true;
  }
  int status = 0;
  pid_t pid = 0;
  while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
    const auto found = commands_.find(pid);
    if (found == commands_.end()) continue;  // An orphan, or a process of our own.
    found->second.reaped = true;
    found->second.status = status;
    if (!found->second.asked) finish(pid, true);
  }
}

/// A command that was killed has ended when its whole group is dead, or when waiting for that has become too
/// long.
void Server::settle() {
  for (auto next = dying_.begin(); next != dying_.end();) {
    const auto [pid, giveUpAt] = *next;
    const auto found = commands_.find(pid);
    const bool dead = found != commands_.end() && found->second.reaped && groupIsDead(pid);
    if (found != commands_.end() && !dead && nowMs() < giveUpAt) {
      ++next;
      continue;
    }
    if (found != commands_.end()) finish(pid, dead);
    next = dying_.erase(next);
  }
}

void Server::finish(pid_t pid, bool groupDead) {
  const Command command = std::move(commands_[pid]);
  commands_.erase(pid);
  activeAt_ = nowMs();
  protocol::Ended ended = endOf(command.status);
  ended.asked = command.asked;
  ended.groupDead = groupDead;
  const auto tell = [&](Connection& connection) {
    connection.runs = 0;
    connection.awaits = 0;
    protocol::Encoder answer(protocol::Say::ended);
    ended.encode(answer);
    say(connection, std::move(answer));
  };
  if (command.key.empty()) {
    const auto runner = connections_.find(command.runner);
    if (runner != connections_.end()) tell(runner->second);
    return;
  }
  writeWhole(command.directory.get(), "exit", protocol::formatExit(ended.exitCode, ended.signal));
  for (auto& [fd, connection] : connections_) {
    if (connection.awaits == pid) tell(connection);
  }
}

}  // namespace mooring::local
