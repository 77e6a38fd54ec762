#include "spawn.hpp"

#include "errors.hpp"
#include "layout.hpp"
#include "waiting.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mooring::local {

namespace {

/// What a child gets: descriptors by number, no signal blocked or ignored, nothing else of ours.
class Spawner {
 public:
  Spawner() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::sigfillset(&signals);
    ::sigdelset(&signals, SIGKILL);
    ::sigdelset(&signals, SIGSTOP);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  ~Spawner() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  /// `number` in the child is a copy of `fd`. In ascending order of numbers.
  void give(int number, int fd) {
    // Out of the way of the numbers that are being given.
    copies_.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 64));
    ::posix_spawn_file_actions_adddup2(&actions_, copies_.back().get(), number);
    closeFrom_ = number + 1;
  }

  /// The pid, or a negated errno.
  pid_t start(const std::string& program, const std::vector<std::string>& command) {
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, closeFrom_);
    std::vector<char*> argv;
    for (const auto& argument : command) {
      argv.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: posix_spawn only reads them
    }
    argv.push_back(nullptr);
    std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    std::string locale = "LC_ALL=C";
    std::array<char*, 3> env = {path.data(), locale.data(), nullptr};
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, argv.data(), env.data());
    return error == 0 ? pid : -error;
  }

 private:
  posix_spawn_file_actions_t actions_ = {};
  posix_spawnattr_t attributes_ = {};
  std::vector<Descriptor> copies_;
  int closeFrom_ = 3;
};

int waitFor(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// Where a child's complaints are kept until it has ended; cannot fill up and stop it, as a pipe would.
Descriptor complaintFile() { return Descriptor(::memfd_create("mooring-complaints", MFD_CLOEXEC)); }

std::string complaintOf(const Descriptor& file, int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  std::array<char, 4096> text = {};
  const ssize_t size = file ? ::pread(file.get(), text.data(), text.size(), 0) : 0;
  const std::string_view line(text.data(), static_cast<std::size_t>(size > 0 ? size : 0));
  std::string first(line.substr(0, line.find('\n')));
  return first.empty() ? "it failed" : first;
}

Result<pid_t> startProbe(Spawner& spawner,
                         const std::vector<std::string>& command,
                         const Descriptor& complaints) {
  spawner.give(STDOUT_FILENO, complaints.get());
  spawner.give(STDERR_FILENO, complaints.get());
  const pid_t pid = spawner.start(command.front(), command);
  if (pid < 0) return systemFailure(-pid, "cannot execute " + command.front());
  return pid;
}

}  // namespace

Result<void> spawnLauncher(const std::filesystem::path& supervisor,
                           const std::vector<std::string>& command,
                           const std::filesystem::path& runDirectory,
                           const std::filesystem::path& commandsDirectory,
                           Descriptor listener) {
  const auto create = [&](const char* name) {
    return Descriptor(
        ::open((runDirectory / name).c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  };
  const Descriptor log = create(run_file::log);
  const Descriptor launchedPid = create(run_file::launchedPid);
  const Descriptor info = create(run_file::bwrapInfo);
  const Descriptor commands(::open(commandsDirectory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Descriptor run(::open(runDirectory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!log || !launchedPid || !info || !commands || !run)
    return systemFailure(errno, "cannot open " + runDirectory.string());

  Spawner spawner;
  spawner.give(STDOUT_FILENO, log.get());
  spawner.give(STDERR_FILENO, log.get());
  spawner.give(spawned_fd::listener, listener.get());
  spawner.give(spawned_fd::commands, commands.get());
  spawner.give(spawned_fd::runDirectory, run.get());
  spawner.give(spawned_fd::launchedPid, launchedPid.get());
  spawner.give(spawned_fd::bwrapInfo, info.get());
  const pid_t pid = spawner.start(supervisor, command);
  if (pid < 0) return systemFailure(-pid, "cannot execute " + supervisor.string());
  if (waitFor(pid) != 0) return refuse(Errc::unavailable, "its launcher failed");
  return {};
}

Result<std::string> runProbe(const std::vector<std::string>& command) {
  const Descriptor complaints = complaintFile();
  Spawner spawner;
  const auto pid = startProbe(spawner, command, complaints);
  if (!pid) return std::unexpected(pid.error());
  return complaintOf(complaints, waitFor(*pid));
}

Task<std::string> runProgram(boost::asio::any_io_executor loop, std::vector<std::string> command) {
  const Descriptor complaints = complaintFile();
  Spawner spawner;
  const auto pid = startProbe(spawner, command, complaints);
  if (!pid) co_return std::unexpected(pid.error());
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0));
  if (pidfd < 0) co_return complaintOf(complaints, waitFor(*pid));
  boost::asio::posix::stream_descriptor ended(loop, pidfd);
  auto waited = co_await awaitReady(ended, Readiness::read);
  if (!waited) ::kill(*pid, SIGKILL);
  const int status = waitFor(*pid);
  if (!waited) co_return std::unexpected(std::move(waited).error());
  co_return complaintOf(complaints, status);
}

}  // namespace mooring::local
