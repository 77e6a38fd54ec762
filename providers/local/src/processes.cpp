#include "processes.hpp"

#include "site.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <filesystem>
#include <sstream>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mooring::local {

namespace fs = std::filesystem;

namespace {

bool sameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

std::string procOf(pid_t pid) { return "/proc/" + std::to_string(pid); }

Descriptor openProcess(pid_t pid) {
  if (pid <= 1) return {};
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

/// Process 1 of the namespaces, by what bwrap has said; 0 when it has said nothing.
pid_t innerPid(const Layout& layout, const std::string& key) {
  const auto info = readText(layout.run(key) / run_file::bwrapInfo);
  if (!info) return 0;
  boost::system::error_code ec;
  const auto value = boost::json::parse(*info, ec);
  const auto* child = !ec && value.is_object() ? value.get_object().if_contains("child-pid") : nullptr;
  return child != nullptr && child->is_int64() ? static_cast<pid_t>(child->get_int64()) : 0;
}

/// Numbers of processes are used again, so the program and the directory must be a supervisor's.
bool isSupervisor(const Layout& layout, const std::string& key, pid_t pid) {
  struct stat program = {};
  struct stat directory = {};
  struct stat workspace = {};
  if (::stat((procOf(pid) + "/exe").c_str(), &program) != 0 ||
      ::stat((procOf(pid) + "/cwd").c_str(), &directory) != 0 ||
      ::stat(layout.workspace(key).c_str(), &workspace) != 0 || !sameFile(directory, workspace)) {
    return false;
  }
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(layout.bin(), ec)) {
    struct stat known = {};
    if (::stat(entry.path().c_str(), &known) == 0 && sameFile(known, program)) return true;
  }
  return false;
}

/// Enough for one that is only waited for.
bool mayBeOurs(pid_t pid) {
  const auto name = readText(procOf(pid) + "/comm");
  return name && (name->starts_with("bwrap") || name->starts_with("supervisor"));
}

}  // namespace

Processes findProcesses(const Layout& layout, const std::string& key) {
  Processes found;
  const auto launched = readText(layout.run(key) / run_file::launchedPid);
  if (!launched) return found;
  pid_t program = 0;
  pid_t outermost = 0;
  std::istringstream(*launched) >> program >> outermost;
  const pid_t inner = innerPid(layout, key);
  const pid_t supervisor = inner > 0 ? inner : program;

  // Looked at after they are held, so that what was looked at is what is held.
  found.supervisor = openProcess(supervisor);
  if (found.supervisor && isSupervisor(layout, key, supervisor)) {
    found.supervisorPid = supervisor;
  } else {
    found.supervisor.reset();
  }
  found.outermost = openProcess(outermost);
  if (found.outermost && !mayBeOurs(outermost)) found.outermost.reset();
  return found;
}

}  // namespace mooring::local
