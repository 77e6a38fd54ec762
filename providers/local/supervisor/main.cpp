// The first process of a sandbox. Two uses of one file:
//
//   supervisor launch [cgroup.procs file]... -- program [argument]...
//     Joins the cgroups, then goes on as `program` in a session of its own, as nobody's child: what asked for
//     it may end, and is left with neither a zombie nor a tie.
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

int launch(int count, char** arguments) {
  int next = 0;
  for (; next < count && std::strcmp(arguments[next], "--") != 0; ++next) {
    const Descriptor file(::open(arguments[next], O_WRONLY | O_CLOEXEC));
    if (!file || ::write(file.get(), "0", 1) != 1) return complain("cannot join", arguments[next]), 1;
  }
  if (next + 1 >= count) return 1;
  ::setsid();
  const pid_t child = ::fork();
  if (child < 0) return complain("cannot start", arguments[next + 1]), 1;
  if (child > 0) {
    const std::string pid = std::to_string(child);
    return ::write(launchedPidDescriptor, pid.data(), pid.size()) == static_cast<ssize_t>(pid.size()) ? 0 : 1;
  }
  ::close(launchedPidDescriptor);
  ::execv(arguments[next + 1], arguments + next + 1);
  complain("cannot execute", arguments[next + 1]);
  return 1;
}

std::uint64_t numberOf(const char* text) { return std::strtoull(text, nullptr, 10); }

void read(Settings& settings, std::string_view argument) {
  const std::size_t equals = argument.find('=');
  const std::string_view name = argument.substr(0, equals);
  const char* value = argument.data() + (equals == std::string_view::npos ? argument.size() : equals + 1);
  if (name == "namespaces") settings.namespaces = numberOf(value) != 0;
  if (name == "home") settings.home = value;
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
