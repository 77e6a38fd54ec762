#include "launcher.hpp"

#include <mooring/blocking.hpp>

#include "errors.hpp"
#include "hex_hash.hpp"
#include "processes.hpp"
#include "protocol.hpp"
#include "spawn.hpp"
#include "supervisor_image.hpp"
#include "waiting.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <linux/openat2.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace mooring::local {

namespace fs = std::filesystem;
namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds startPatience(15);
constexpr std::chrono::milliseconds shutDownPatience(6000);
constexpr std::chrono::milliseconds endPatience(1000);
constexpr std::chrono::milliseconds shortestPatience(1);
constexpr std::uint64_t defaultProcesses = 1024;

/// The supervisor as a file, named by its content, so that versions do not overwrite each other.
Result<fs::path> installSupervisor(const Layout& layout) {
  static const std::string name = "supervisor-" + hexHash(supervisorImage());
  fs::path file = layout.bin() / name;
  struct stat status = {};
  if (::stat(file.c_str(), &status) == 0 &&
      static_cast<std::size_t>(status.st_size) == supervisorImage().size()) {
    return file;
  }
  if (auto made = makeDirectories(layout.bin()); !made) return std::unexpected(std::move(made).error());
  // Under a name of its own: a file that is being written cannot be executed, by whoever else installs it
  // now.
  const fs::path own = layout.bin() /
                       ("." + name + "-" + std::to_string(::getpid()) + "-" + std::to_string(::gettid()));
  if (auto written = writeText(own, std::string(supervisorImage()), 0700); !written) {
    return std::unexpected(std::move(written).error());
  }
  if (::rename(own.c_str(), file.c_str()) != 0) return systemFailure(errno, "cannot write " + file.string());
  return file;
}

Result<Descriptor> listenOn(const fs::path& directory) {
  SocketAddress address;
  if (const int error = address.set(directory, run_file::socket); error != 0) {
    return systemFailure(error, "cannot open " + directory.string());
  }
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, address.path().c_str(), sizeof name.sun_path - 1);
  ::unlink(address.path().c_str());
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::listen(socket.get(), 4096) != 0) {
    return systemFailure(errno, "cannot make the socket of the supervisor in " + directory.string());
  }
  return socket;
}

/// Commands that an earlier supervisor left without an end will never get one.
Result<void> closeOldCommands(const Layout& layout, const std::string& key) {
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(layout.commands(key), ec)) {
    const fs::path exit = entry.path() / "exit";
    if (::access(exit.c_str(), F_OK) == 0) continue;
    if (auto written = writeText(exit, std::string(protocol::lostExit)); !written) return written;
  }
  return {};
}

/// Directories to mount on that lie in the workspace. bwrap would make them too, but through whatever symlink
/// a sandboxed program has put there, on the host.
Result<void> makeMountPoints(const Layout& layout, const Definition& definition) {
  const Descriptor workspace(
      ::open(layout.workspace(definition.provisionKey).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const auto& volume : definition.volumes) {
    const fs::path inside = fs::path(volume.mountPath).lexically_relative(definition.home);
    if (!volume.mountPath.starts_with(definition.home + "/")) continue;
    Descriptor parent(::openat(workspace.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    for (const auto& part : inside) {
      open_how how = {};
      how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
      how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
      ::mkdirat(parent.get(), part.c_str(), 0755);
      parent.reset(static_cast<int>(::syscall(SYS_openat2, parent.get(), part.c_str(), &how, sizeof how)));
      if (parent) continue;
      return refuse(Errc::conflict,
                    "volume " + volume.name + " cannot be mounted at " + volume.mountPath +
                        ": something that is no directory is in its way in the workspace");
    }
  }
  return {};
}

/// As anybody's as a /var/tmp is.
Result<void> makeTemporary(const fs::path& directory) {
  auto made = makeDirectories(directory);
  if (made && ::chmod(directory.c_str(), 01777) != 0)
    return systemFailure(errno, "cannot set the mode of " + directory.string());
  return made;
}

std::string serveArgument(const char* name, std::uint64_t value) {
  return std::string(name) + "=" + std::to_string(value);
}

std::vector<std::string> serveArguments(const Definition& definition,
                                        const Layout& layout,
                                        const LimitWishes& wishes,
                                        const Limits& limits) {
  const bool namespaces = definition.isolation == Isolation::bubblewrap;
  std::vector<std::string> all = {"serve",
                                  std::to_string(spawned_fd::listener),
                                  std::to_string(spawned_fd::commands),
                                  std::to_string(spawned_fd::runDirectory)};
  all.push_back(serveArgument("namespaces", namespaces ? 1 : 0));
  all.push_back("home=" +
                (namespaces ? definition.home : layout.workspace(definition.provisionKey).string()));
  all.push_back("user=" + definition.user);
  if (limits.memory == LimitBy::rlimit) all.push_back(serveArgument("memory", wishes.memoryBytes));
  if (limits.processes == LimitBy::rlimit) all.push_back(serveArgument("processes", wishes.processes));
  if (limits.cpu == LimitBy::affinity) all.push_back(serveArgument("cpus", wishes.vcpus));
  all.push_back(serveArgument("lifetime", static_cast<std::uint64_t>(definition.lifetime.count())));
  all.push_back(serveArgument("idle", static_cast<std::uint64_t>(definition.idleTimeout.count())));
  return all;
}

Result<Limits> setLimits(const Layout& layout, const Definition& definition, const LimitWishes& wishes) {
  // In namespaces of its own a user's processes are counted apart; the kernel exempts root outside of them
  // only.
  const bool countsProcesses = definition.isolation == Isolation::bubblewrap && ::geteuid() != 0;
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::string start = hexHash(std::to_string(now) + "-" + std::to_string(::getpid())).substr(0, 8);
  const std::string name = groupPrefix(layout.root(), definition.provisionKey) + start;
  Limits limits = applyLimits(findCgroups(), name, wishes, countsProcesses);
  if (limits.processes == LimitBy::none && definition.maxProcesses) {
    removeCgroups(limits.directories);
    return refuse(
        Errc::unsupported,
        "options.local.maxProcesses cannot be enforced here: no control group \"pids\" can be made, and "
        "RLIMIT_NPROC does not bind " +
            std::string(::geteuid() == 0 ? "root" : "one sandbox alone without namespaces") +
            "; leave it out");
  }
  if (auto written = writeText(layout.run(definition.provisionKey) / run_file::limits, toText(limits));
      !written) {
    removeCgroups(limits.directories);
    return std::unexpected(std::move(written).error());
  }
  return limits;
}

/// All of launching that needs no loop. When it returns the socket can be connected to.
Result<void> startProcess(const Site& site, const Definition& definition) {
  const Layout& layout = site.layout;
  const std::string& key = definition.provisionKey;
  const bool namespaces = definition.isolation == Isolation::bubblewrap;
  LaunchPlaces places;
  if (namespaces) {
    auto bwrap = findBubblewrap(site.context.settings);
    if (!bwrap) return std::unexpected(std::move(bwrap).error());
    places.bwrap = std::move(*bwrap);
    if (auto made = makeTemporary(layout.temporary(key)); !made) return made;
  }
  auto supervisor = installSupervisor(layout);
  if (!supervisor) return std::unexpected(std::move(supervisor).error());
  places.supervisor = *supervisor;
  if (auto closed = closeOldCommands(layout, key); !closed) return closed;
  if (auto made = makeMountPoints(layout, definition); !made) return made;

  const LimitWishes wishes = wishesOf(definition);
  auto limits = setLimits(layout, definition, wishes);
  if (!limits) return std::unexpected(std::move(limits).error());
  places.infoDescriptor = spawned_fd::bwrapInfo;
  places.serve = serveArguments(definition, layout, wishes, *limits);

  std::vector<std::string> command = {"supervisor", "launch"};
  for (const auto& group : limits->directories) {
    command.push_back(group / "cgroup.procs");
  }
  command.emplace_back("--");
  std::vector<std::string> program = {*supervisor};
  program.insert(program.end(), places.serve.begin(), places.serve.end());
  if (namespaces) program = bubblewrapCommand(definition, layout, readTopLevel(), places);
  command.insert(command.end(), program.begin(), program.end());

  auto listener = listenOn(layout.run(key));
  if (!listener) return std::unexpected(std::move(listener).error());
  return spawnLauncher(*supervisor, command, layout.run(key), layout.commands(key), std::move(*listener));
}

/// The last thing bwrap or the supervisor said.
std::string lastComplaint(const Layout& layout, const std::string& key) {
  const auto text = readText(layout.run(key) / run_file::log, 65536);
  if (!text) return {};
  std::string_view rest = *text;
  while (!rest.empty() && rest.back() == '\n') {
    rest.remove_suffix(1);
  }
  return std::string(rest.substr(rest.rfind('\n') + 1));
}

std::unexpected<Error> launchFailure(const Layout& layout,
                                     const Definition& definition,
                                     const std::string& reason) {
  std::string complaint = lastComplaint(layout, definition.provisionKey);
  if (definition.isolation == Isolation::bubblewrap && isNamespaceRefusal(complaint)) {
    return refuse(Errc::notConfigured,
                  "this machine does not let the local provider make namespaces (" + complaint +
                      "): allow unprivileged user namespaces" + withoutIsolationHint());
  }
  if (complaint.empty()) complaint = reason;
  return refuse(Errc::unavailable,
                "sandbox " + definition.provisionKey + " could not be started: " + complaint);
}

Task<void> removeGroups(SitePtr site, std::string key) {
  // What is noted may lie where only the process that started it looks; what is not noted is found by its
  // name.
  auto look = [site, key]() -> Result<std::vector<fs::path>> {
    const auto text = readText(site->layout.run(key) / run_file::limits);
    auto groups = text ? parseLimits(*text).value_or(Limits()).directories : std::vector<fs::path>();
    std::ranges::copy(findGroups(findCgroups(), groupPrefix(site->layout.root(), key)),
                      std::back_inserter(groups));
    return groups;
  };
  const auto groups = co_await runBlocking(site->context.blocking, std::move(look));
  constexpr int attempts = 200;
  constexpr std::chrono::milliseconds pause(5);  // Version 1 does not tell when a group becomes empty.
  for (int i = 0; groups && i < attempts && !removeCgroups(*groups); ++i) {
    auto waited = co_await sleepFor(pause);
    if (!waited) break;
  }
  co_return Result<void>();
}

/// True when it was there to be asked, and has ended or had its time.
Task<bool> askToEnd(SitePtr site, std::string key) {
  auto connection = co_await connectToKey(site, key);
  if (!connection) co_return false;
  std::vector<int> none;
  auto sent = co_await (*connection)
                  ->send(protocol::request(protocol::Ask::shutdown).take(), std::move(none));
  // It answers by ending. One of another version refuses.
  auto reply = co_await (*connection)->receive(shutDownPatience);
  if (reply && reply->kind == protocol::Say::shuttingDown) {
    reply = co_await (*connection)->receive(shutDownPatience);
  }
  if (!reply && reply.error().code == Errc::cancelled) co_return std::unexpected(std::move(reply).error());
  co_return true;
}

}  // namespace

LimitWishes wishesOf(const Definition& definition) {
  LimitWishes wishes;
  if (definition.memoryMib) wishes.memoryBytes = static_cast<std::uint64_t>(*definition.memoryMib) << 20;
  if (definition.vcpus) wishes.vcpus = static_cast<std::uint64_t>(*definition.vcpus);
  wishes.processes = definition.maxProcesses ? static_cast<std::uint64_t>(*definition.maxProcesses)
                                             : defaultProcesses;
  return wishes;
}

Task<bool> answersPing(SitePtr site, std::string key) {
  auto connection = co_await connectToKey(site, key);
  if (!connection && connection.error().code == Errc::notRunning) co_return false;
  if (!connection) co_return std::unexpected(std::move(connection).error());
  std::vector<int> none;
  auto sent = co_await (*connection)->send(protocol::request(protocol::Ask::ping).take(), std::move(none));
  if (!sent) co_return false;
  auto reply = co_await (*connection)->receive(startPatience);
  if (!reply && reply.error().code == Errc::cancelled) co_return std::unexpected(std::move(reply).error());
  if (!reply || reply->kind == protocol::Say::shuttingDown) co_return false;
  auto understood = checked(std::move(*reply));
  if (!understood) co_return std::unexpected(std::move(understood).error());
  co_return true;
}

Task<bool> isRunning(SitePtr site, std::string key) {
  auto connection = co_await connectToKey(site, key);
  if (connection) co_return true;
  if (connection.error().code == Errc::notRunning) co_return false;
  co_return std::unexpected(std::move(connection).error());
}

Task<void> launch(SitePtr site, Definition definition) {
  auto start = [site, definition] { return startProcess(*site, definition); };
  auto started = co_await runBlocking(site->context.blocking, std::move(start));
  std::string reason = "it ended at once";
  if (started) {
    auto answers = co_await answersPing(site, definition.provisionKey);
    if (answers && *answers) co_return Result<void>();
    if (!answers && answers.error().code == Errc::cancelled)
      co_return std::unexpected(std::move(answers).error());
    if (!answers) reason = answers.error().message;
  } else if (started.error().code != Errc::unavailable) {
    co_return std::unexpected(std::move(started).error());
  } else {
    reason = started.error().message;
  }
  co_await removeGroups(site, definition.provisionKey);
  co_return launchFailure(site->layout, definition, reason);
}

Task<void> shutDown(SitePtr site, std::string key) {
  auto find = [site, key] { return Result<Processes>(findProcesses(site->layout, key)); };
  auto processes = co_await runBlocking(site->context.blocking, std::move(find));
  if (!processes) co_return std::unexpected(std::move(processes).error());

  auto asked = co_await askToEnd(site, key);
  if (!asked) co_return std::unexpected(std::move(asked).error());
  if (processes->supervisor) {
    asio::posix::stream_descriptor ended(site->context.loop, processes->supervisor.release());
    auto waited = co_await awaitReady(ended, Readiness::read, *asked ? endPatience : shortestPatience);
    if (!waited) {
      ::syscall(SYS_pidfd_send_signal, ended.native_handle(), SIGKILL, nullptr, 0);
      waited = co_await awaitReady(ended, Readiness::read, shutDownPatience);
    }
    if (!waited) {
      co_return refuse(Errc::unavailable,
                       "the supervisor of sandbox " + key + " (process " +
                           std::to_string(processes->supervisorPid) + ") does not end, even when killed");
    }
  } else {
    auto still = co_await isRunning(site, key);
    if (still && *still) {
      co_return refuse(Errc::unavailable,
                       "the supervisor of sandbox " + key + " does not end, and cannot be found");
    }
  }
  if (processes->outermost) {
    // It ends with the last process, and has no work of its own.
    asio::posix::stream_descriptor ended(site->context.loop, processes->outermost.release());
    auto waited = co_await awaitReady(ended, Readiness::read, endPatience);
    if (!waited && waited.error().code == Errc::cancelled) co_return waited;
  }
  co_return co_await removeGroups(site, key);
}

Result<void> probeNamespaces(const Settings& settings) {
  const auto bwrap = findBubblewrap(settings);
  if (!bwrap) return std::unexpected(bwrap.error());
  const auto complaint = runProbe(bubblewrapProbe(*bwrap, readTopLevel()));
  if (!complaint) return std::unexpected(complaint.error());
  if (complaint->empty()) return {};
  return refuse(Errc::notConfigured,
                "this machine does not let the local provider make namespaces (" + *complaint +
                    "): allow unprivileged user namespaces" + withoutIsolationHint());
}

}  // namespace mooring::local
