#include "crash/worlds.hpp"

#include "support/temp_dir.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <sys/syscall.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace mooring::test {
namespace {

/// What can be read: of a process that ends meanwhile that is less, or nothing, and no exception.
std::string slurp(const fs::path& path) {
  const std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Processes that were given `path`, stand in it or have it mounted: a sandbox's own see it by another name.
std::vector<pid_t> processesOf(const fs::path& path) {
  std::vector<pid_t> out;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator("/proc", ec)) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto pid = static_cast<pid_t>(std::stol(name));
    if (pid == ::getpid()) continue;
    std::string known = slurp(entry.path() / "cmdline") + slurp(entry.path() / "mountinfo");
    for (const auto* link : {"cwd", "root", "exe"})
      known += fs::read_symlink(entry.path() / link, ec).string();
    if (known.find(path.string()) != std::string::npos) out.push_back(pid);
  }
  return out;
}

/// Waits for the end of somebody else's process. False when it does not end: the limit only keeps the test
/// from hanging.
bool awaitEnd(pid_t pid) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return true;
  pollfd ended{.fd = fd, .events = POLLIN, .revents = 0};
  const bool done = ::poll(&ended, 1, 20'000) == 1;
  ::close(fd);
  return done;
}

/// Adds the control groups below `directory` whose name holds one of `keys`. Others come and go meanwhile:
/// what cannot be looked into any more is passed over, and the rest looked at all the same.
void addControlGroups(const fs::path& directory,
                      const std::vector<std::string>& keys,
                      std::vector<fs::path>& out) {
  std::error_code ec;
  for (fs::directory_iterator at(directory, ec); !ec && at != fs::directory_iterator(); at.increment(ec)) {
    std::error_code unknown;
    if (!at->is_directory(unknown) || at->is_symlink(unknown)) continue;
    const auto name = at->path().filename().string();
    const auto held = [&name](const std::string& key) { return name.find(key) != std::string::npos; };
    if (std::ranges::any_of(keys, held)) out.push_back(at->path());
    addControlGroups(at->path(), keys, out);
  }
}

std::vector<fs::path> controlGroupsOf(const std::vector<std::string>& keys) {
  std::vector<fs::path> out;
  addControlGroups("/sys/fs/cgroup", keys, out);
  return out;
}

class LocalWorld final : public World {
 public:
  ~LocalWorld() override {
    for (const auto pid : processesOf(home_.path()))
      ::kill(pid, SIGKILL);
    for (const auto pid : processesOf(home_.path()))
      awaitEnd(pid);
  }

  [[nodiscard]] std::string provider() const override { return "local"; }

  [[nodiscard]] std::map<std::string, std::string> settings() const override {
    const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nothing sets it.
    return {{"MOORING_LOCAL_DIR", root().string()}, {"PATH", path != nullptr ? path : "/usr/bin:/bin"}};
  }

  [[nodiscard]] std::vector<std::string> standing() const override {
    std::vector<std::string> out;
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(root() / "sandboxes", ec)) {
      if (fs::exists(entry.path() / "sandbox.json")) out.push_back(entry.path().filename().string());
    }
    std::ranges::sort(out);
    return out;
  }

  void vanish(const std::string& key) override {
    const auto directory = root() / "sandboxes" / key;
    if (!fs::exists(directory)) throw std::runtime_error("nothing to make vanish: " + key);
    for (auto pids = processesOf(directory); !pids.empty(); pids = processesOf(directory)) {
      for (const auto pid : pids)
        ::kill(pid, SIGKILL);
      for (const auto pid : pids) {
        if (!awaitEnd(pid)) throw std::runtime_error("process " + std::to_string(pid) + " survived SIGKILL");
      }
    }
    fs::remove_all(directory);
    // With it goes the only note of which groups it had.
    for (const auto& group : controlGroupsOf({key}))
      fs::remove(group);
  }

  [[nodiscard]] std::vector<std::string> leftovers(const std::vector<std::string>& keys) const override {
    std::vector<std::string> out;
    for (const auto pid : processesOf(home_.path())) {
      auto what = slurp("/proc/" + std::to_string(pid) + "/cmdline");
      std::ranges::replace(what, '\0', ' ');
      if (!awaitEnd(pid)) out.push_back("process " + std::to_string(pid) + ": " + what);
    }
    for (const auto& group : controlGroupsOf(keys))
      out.push_back(group.string());
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(root() / "sandboxes", ec))
      out.push_back(entry.path().string());
    return out;
  }

 private:
  [[nodiscard]] fs::path root() const { return home_ / "local"; }

  TempDir home_;
};

}  // namespace

std::vector<std::string> worldNames() { return {"local"}; }

std::unique_ptr<World> makeWorld(const std::string& provider) {
  if (provider == "local") return std::make_unique<LocalWorld>();
  throw std::runtime_error("no world for provider " + provider);
}

}  // namespace mooring::test
