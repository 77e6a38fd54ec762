#include "process.hpp"

#include "detail/descriptor.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace mooring::local {

namespace {

constexpr std::string_view workspaceName = "/workspace";

/// Written by the child when it does not get as far as its program.
struct Report {
  protocol::Failure failure;
  int error;
};

std::string_view nameOf(std::string_view variable) { return variable.substr(0, variable.find('=')); }

std::vector<std::string> environment(const Settings& settings, const std::vector<std::string>& wanted) {
  std::vector<std::string> all = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOME=" + settings.home,
      "USER=" + settings.user,
      "LOGNAME=" + settings.user,
      "SHELL=/bin/sh",
      "LANG=C.UTF-8",
  };
  for (const auto& variable : wanted) {
    bool replaced = false;
    for (auto& known : all) {
      if (nameOf(known) == nameOf(variable)) {
        known = variable;
        replaced = true;
      }
    }
    if (!replaced) all.push_back(variable);
  }
  return all;
}

std::string directoryFor(const Settings& settings, const std::string& cwd) {
  if (cwd.empty()) return settings.home;
  if (cwd.front() != '/') return settings.home + "/" + cwd;
  // Without namespaces the workspace is where it is, but has the same name for callers.
  const bool below = cwd.starts_with(workspaceName) &&
                     (cwd.size() == workspaceName.size() || cwd[workspaceName.size()] == '/');
  return below ? settings.home + cwd.substr(workspaceName.size()) : cwd;
}

std::vector<std::string> candidates(const std::string& program, const std::vector<std::string>& env) {
  if (program.find('/') != std::string::npos) return {program};
  std::string_view path;
  for (const std::string_view variable : env) {
    if (variable.starts_with("PATH=")) path = variable.substr(5);
  }
  std::vector<std::string> all;
  while (!program.empty()) {
    const std::size_t colon = path.find(':');
    const std::string_view directory = path.substr(0, colon);
    all.push_back((directory.empty() ? "." : std::string(directory)) + "/" + program);
    if (colon == std::string_view::npos) break;
    path.remove_prefix(colon + 1);
  }
  return all;
}

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

void limit(decltype(RLIMIT_AS) resource, std::uint64_t value) {
  if (value == 0) return;
  rlimit limits = {};
  ::getrlimit(resource, &limits);
  limits.rlim_max = limits.rlim_max < value ? limits.rlim_max : value;
  limits.rlim_cur = limits.rlim_max;
  ::setrlimit(resource, &limits);
}

/// Everything the supervisor holds is closed before a path is looked at: through /proc/self/fd a symlink
/// planted by a sandboxed program would lead to the host's directories.
void closeAllBut(int in, int out, int err, int report) {
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (report > 3) ::syscall(SYS_close_range, 3, report - 1, 0);
  ::syscall(SYS_close_range, report + 1, ~0U, 0);
}

struct Prepared {
  std::string directory;
  std::vector<std::string> programs;
  std::vector<char*> argv;
  std::vector<char*> env;
};

[[noreturn]] void becomeProgram(const Settings& settings, const Prepared& prepared, int report) {
  const auto giveUp = [report](protocol::Failure failure, int error) {
    const Report text{failure, error};
    [[maybe_unused]] const ssize_t written = ::write(report, &text, sizeof text);
    ::_exit(127);
  };
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);

  ::setrlimit(RLIMIT_NOFILE, &settings.openFiles);
  rlimit noCore = {};
  ::setrlimit(RLIMIT_CORE, &noCore);
  limit(RLIMIT_AS, settings.memoryBytes);
  limit(RLIMIT_NPROC, settings.processes);

  if (::chdir(prepared.directory.c_str()) != 0) giveUp(protocol::Failure::directory, errno);
  int error = ENOENT;
  for (const auto& program : prepared.programs) {
    ::execve(program.c_str(), prepared.argv.data(), prepared.env.data());
    if (errno == ENOENT || errno == ENOTDIR) continue;
    error = errno;
    if (error != EACCES) break;  // Like a shell: another directory may hold one that may be executed.
  }
  giveUp(protocol::Failure::program, error);
  __builtin_unreachable();
}

}  // namespace

Spawned spawn(const Settings& settings, const protocol::LaunchRequest& request, int in, int out, int err) {
  std::vector<std::string> args = {request.program};
  args.insert(args.end(), request.args.begin(), request.args.end());
  std::vector<std::string> env = environment(settings, request.env);
  Prepared prepared;
  prepared.directory = directoryFor(settings, request.cwd);
  prepared.programs = candidates(request.program, env);
  prepared.argv = pointersTo(args);
  prepared.env = pointersTo(env);

  Descriptor nothing;
  if (in < 0) {
    nothing.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    in = nothing.get();
  }
  int ends[2];
  if (in < 0 || ::pipe2(ends, O_CLOEXEC) != 0) return {0, protocol::Failure::process, errno};
  const Descriptor read(ends[0]);
  Descriptor write(ends[1]);

  const pid_t pid = ::fork();
  if (pid < 0) return {0, protocol::Failure::process, errno};
  if (pid == 0) {
    closeAllBut(in, out, err, write.get());
    becomeProgram(settings, prepared, write.get());
  }
  write.reset();
  Report report = {};
  ssize_t size = 0;
  do {
    size = ::read(read.get(), &report, sizeof report);  // Ends at once: exec closes the other end.
  } while (size < 0 && errno == EINTR);
  if (size == sizeof report) return {0, report.failure, report.error};
  return {pid, {}, 0};
}

void useProcessors(std::uint64_t count) {
  cpu_set_t allowed;
  if (count == 0 || ::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  const auto available = static_cast<unsigned>(CPU_COUNT(&allowed));
  if (count >= available) return;
  // Sandboxes start at different processors, or all would share the first.
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  unsigned skip = static_cast<unsigned>(now.tv_nsec / 1000) % available;
  cpu_set_t chosen;
  CPU_ZERO(&chosen);
  std::uint64_t left = count;
  for (unsigned cpu = 0; left > 0; cpu = (cpu + 1) % CPU_SETSIZE) {
    if (!CPU_ISSET(cpu, &allowed) || CPU_ISSET(cpu, &chosen)) continue;
    if (skip > 0) {
      --skip;
      continue;
    }
    CPU_SET(cpu, &chosen);
    --left;
  }
  ::sched_setaffinity(0, sizeof chosen, &chosen);
}

}  // namespace mooring::local
