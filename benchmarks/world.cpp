#include "world.hpp"

#include <mooring/local/options.hpp>
#include <mooring/sqlite/store.hpp>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <iostream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

World::World() {
  auto pattern = (std::filesystem::temp_directory_path() / "mooring-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw Failed("cannot make a folder: " + pattern);
  folder_ = pattern;
  // For our own children too.
  setenv("MOORING_LOCAL_DIR", (folder_ / "local").c_str(), 1);
  store_ = must(mooring::sqlite::openStore({.path = database()}), "opening the store");
  mooring::OpenOptions options;
  options.store = store_;
  service_ = must(mooring::open(std::move(options)), "opening the service");
}

World::~World() {
  mooring::RecordFilter active;
  active.status = mooring::SandboxStatus::active;
  mooring::PageRequest all;
  all.limit = 1000;
  if (const auto page = service_->list(active, all).get()) {
    for (const auto& record : page->records) {
      const auto ended = service_->sandbox(record.sandboxId).destroy().get();
      if (!ended) std::cerr << "mooring_bench: not destroyed: " << mooring::describe(ended.error()) << '\n';
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

mooring::Sandbox World::warmSandbox() {
  auto sandbox = must(service_->create(plainConfig()).get(), "create");
  must(sandbox.run("true", {}).get(), "run");
  return sandbox;
}

mooring::SandboxConfig plainConfig() {
  mooring::SandboxConfig config;
  config.provider = "local";
  config.purpose = "benchmark";
  return config;
}

namespace {

pid_t start(const std::vector<std::string>& argv, int output) {
  std::vector<char*> pointers;
  pointers.reserve(argv.size() + 1);
  for (const auto& argument : argv)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (output >= 0) {
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, argv.front().c_str(), &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw Failed("cannot start " + argv.front());
  return pid;
}

bool succeeded(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

bool spawn(const std::vector<std::string>& argv) { return succeeded(start(argv, -1)); }

std::string spawnForOutput(const std::vector<std::string>& argv) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Failed("no pipe");
  const auto pid = start(argv, ends[1]);
  close(ends[1]);
  std::string output;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    output.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(ends[0]);
  if (!succeeded(pid)) throw Failed(argv.front() + " failed");
  return output;
}

std::vector<std::string> bareBubblewrap(const std::vector<std::string>& command) {
  std::vector<std::string> argv = {"bwrap",       "--ro-bind",
                                   "/usr",        "/usr",
                                   "--symlink",   "usr/bin",
                                   "/bin",        "--symlink",
                                   "usr/lib",     "/lib",
                                   "--symlink",   "usr/lib64",
                                   "/lib64",      "--proc",
                                   "/proc",       "--dev",
                                   "/dev",        "--tmpfs",
                                   "/tmp",        "--unshare-all",
                                   "--share-net", "--die-with-parent"};
  argv.insert(argv.end(), command.begin(), command.end());
  return argv;
}

std::optional<std::vector<std::string>> enterNamespaces(const mooring::Sandbox& sandbox,
                                                        const std::vector<std::string>& command) {
  const auto native = must(sandbox.native<mooring::local::Native>().get(), "native");
  std::vector<std::string> argv = {"nsenter",
                                   "--target",
                                   std::to_string(native.supervisorPid),
                                   "--user",
                                   "--preserve-credentials",
                                   "--mount",
                                   "--pid",
                                   "--ipc",
                                   "--uts",
                                   "--"};
  argv.insert(argv.end(), command.begin(), command.end());
  if (!spawn(argv)) return std::nullopt;
  return argv;
}

std::string ownProgram() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

}  // namespace bench
