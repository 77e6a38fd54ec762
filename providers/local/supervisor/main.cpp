// The first process of a sandbox. Two uses of one file:
//
//   supervisor launch [cgroup.procs file]... -- program [argument]...
//     Runs `program` in the control groups and in a session of its own, as nobody's child: what asked for it
//     may end, and is left with neither a zombie nor a tie. The groups are removed after it.
//   supervisor serve listener commands run (name=value)...
//     Serves requests. The first three are descriptors: the socket, and two directories of the sandbox on the
//     host.
#include "server.hpp"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <new>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The standard ones would bring exceptions, and the text of every one, into the file.
void* operator new(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace mooring::local {

namespace {

constexpr int launchedPidDescriptor = 6;  // Where the library wants to read who was launched.

void complain(const char* what, const char* which) {
  std::fprintf(stderr, "mooring: %s %s: %s\n", what, which, std::strerror(errno));
}

/// Says who serves and who ends last.
bool report(pid_t program, pid_t outermost) {
  const std::string pids = std::to_string(program) + ' ' + std::to_string(outermost) + '\n';
  return ::write(launchedPidDescriptor, pids.data(), pids.size()) == static_cast<ssize_t>(pids.size());
}

[[noreturn]] void giveUp(const char* what, const char* which) {
  complain(what, which);
  ::_exit(1);
}

[[noreturn]] void become(char** program) {
  ::close(launchedPidDescriptor);
  ::execv(program[0], program);
  giveUp("cannot execute", program[0]);
}

/// The group is removed when nothing is in it any more. What outlived a supervisor that was killed is ended.
void removeGroup(const std::string& directory) {
  constexpr int attempts = 400;
  constexpr useconds_t pauseUs = 5000;
  for (int i = 0; i < attempts && ::rmdir(directory.c_str()) != 0 && errno != ENOENT; ++i) {
    if (std::FILE* processes = std::fopen((directory + "/cgroup.procs").c_str(), "re")) {
      int pid = 0;
      while (std::fscanf(processes, "%d", &pid) == 1) {
        if (pid > 1) ::kill(pid, SIGKILL);
      }
      std::fclose(processes);
    }
    ::usleep(pauseUs);
  }
}

[[noreturn]] void joinAndBecome(char** groups, int count, char** program, int gate) {
  char go = 0;
  if (::read(gate, &go, 1) != 1) ::_exit(1);
  for (int i = 0; i < count; ++i) {
    const Descriptor file(::open(groups[i], O_WRONLY | O_CLOEXEC));
    if (!file || ::write(file.get(), "0", 1) != 1) giveUp("cannot join", groups[i]);
  }
  become(program);
}

/// Runs the program in the groups and removes them after it, however it ends: nobody else may be there to do
/// it.
[[noreturn]] void runInGroups(char** groups, int count, char** program) {
  int gate[2];
  if (::pipe2(gate, O_CLOEXEC) != 0) giveUp("cannot start", program[0]);
  const pid_t child = ::fork();
  if (child < 0) giveUp("cannot start", program[0]);
  if (child == 0) {
    ::close(gate[1]);
    joinAndBecome(groups, count, program, gate[0]);
  }
  if (!report(child, ::getpid()) || ::write(gate[1], "", 1) != 1) ::_exit(1);
  // Held here, the socket would look as if somebody still listened when the supervisor has ended.
  ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  for (int i = 0; i < count; ++i) {
    const std::string_view file = groups[i];
    removeGroup(std::string(file.substr(0, file.rfind('/'))));
  }
  ::_exit(0);
}

int launch(int count, char** arguments) {
  int groups = 0;
  while (groups < count && std::strcmp(arguments[groups], "--") != 0) {
    ++groups;
  }
  if (groups + 1 >= count) return 1;
  char** program = arguments + groups + 1;
  ::setsid();
  if (::chdir("/") != 0) giveUp("cannot enter", "/");
  const pid_t child = ::fork();
  if (child < 0) giveUp("cannot start", program[0]);
  if (child > 0) return 0;
  if (groups > 0) runInGroups(arguments, groups, program);
  if (!report(::getpid(), ::getpid())) return 1;
  become(program);
}

std::uint64_t numberOf(const char* text) { return std::strtoull(text, nullptr, 10); }

void read(Settings& settings, std::string_view argument) {
  const std::size_t equals = argument.find('=');
  const std::string_view name = argument.substr(0, equals);
  const char* value = argument.data() + (equals == std::string_view::npos ? argument.size() : equals + 1);
  if (name == "namespaces") settings.namespaces = numberOf(value) != 0;
  if (name == "home") settings.home = value;
  if (name == "user") settings.user = value;
  if (name == "memory") settings.memoryBytes = numberOf(value);
  if (name == "processes") settings.processes = numberOf(value);
  if (name == "cpus") settings.cpus = numberOf(value);
  if (name == "lifetime") settings.lifetimeMs = numberOf(value);
  if (name == "idle") settings.idleMs = numberOf(value);
}

int serve(int count, char** arguments) {
  if (count < 3) return 1;
  const int listener = std::atoi(arguments[0]);
  const int commands = std::atoi(arguments[1]);
  const int run = std::atoi(arguments[2]);
  Settings settings;
  for (int i = 3; i < count; ++i) {
    read(settings, arguments[i]);
  }

  // Sandboxed programs share its user, and must not reach its descriptors. Without namespaces they may do to
  // it what they like anyway, and the library must be able to recognise it.
  if (settings.namespaces) ::prctl(PR_SET_DUMPABLE, 0);
  ::signal(SIGPIPE, SIG_IGN);
  ::umask(022);
  if (!settings.namespaces) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::syscall(SYS_close_range, run + 1, ~0U, 0);
  for (const int fd : {listener, commands, run}) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  ::fcntl(listener, F_SETFL, O_NONBLOCK);
  if (::chdir(settings.home.c_str()) != 0) return complain("cannot enter", settings.home.c_str()), 1;
  useProcessors(settings.cpus);
  ::getrlimit(RLIMIT_NOFILE, &settings.openFiles);
  const rlimit all = {settings.openFiles.rlim_max, settings.openFiles.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &all);

  const char* rootPath = settings.namespaces ? "/" : settings.home.c_str();
  Descriptor root(::open(rootPath, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return complain("cannot open", rootPath), 1;
  std::vector<std::string> aliases;
  if (!settings.namespaces) aliases = {"/workspace", settings.home};
  Tree tree(std::move(root), settings.namespaces ? settings.home : std::string(), std::move(aliases));
  Server server(
      std::move(settings), std::move(tree), Descriptor(listener), Descriptor(commands), Descriptor(run));
  return server.serve();
}

}  // namespace

}  // namespace mooring::local

int main(int count, char** arguments) {
  const std::string_view mode = count > 1 ? arguments[1] : "";
  if (mode == "launch") return mooring::local::launch(count - 2, arguments + 2);
  if (mode == "serve") return mooring::local::serve(count - 2, arguments + 2);
  std::fputs("mooring: this program is started by mooring's local provider\n", stderr);
  return 2;
}
