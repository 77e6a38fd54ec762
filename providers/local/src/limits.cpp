#include "limits.hpp"

#include "detail/descriptor.hpp"
#include "hex_hash.hpp"
#include "site.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <signal.h>
#include <unistd.h>

namespace mooring::local {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr std::uint64_t cpuPeriodUs = 100'000;

bool put(const fs::path& file, const std::string& text) {
  const Descriptor fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

struct Write {
  const char* file;
  std::string text;
  bool optional = false;
};

/// Makes (or takes over) the group and sets the limit; leaves nothing behind when it cannot.
bool makeGroup(const fs::path& directory, const std::vector<Write>& writes) {
  std::error_code ec;
  const bool made = fs::create_directory(directory, ec);
  if (ec || ::access((directory / "cgroup.procs").c_str(), W_OK) != 0) {
    if (made) ::rmdir(directory.c_str());
    return false;
  }
  for (const auto& write : writes) {
    if (write.optional && !fs::exists(directory / write.file, ec)) continue;
    if (put(directory / write.file, write.text)) continue;
    if (made) ::rmdir(directory.c_str());
    return false;
  }
  return true;
}

struct Controller {
  const char* name;
  std::vector<Write> v1;
  std::vector<Write> v2;
};

class Maker {
 public:
  Maker(const CgroupPlaces& places, std::string name) : places_(places), name_(std::move(name)) {}

  LimitBy limit(const Controller& controller, LimitBy otherwise) {
    const auto place = places_.v1.find(controller.name);
    if (place != places_.v1.end() && makeGroup(place->second / name_, controller.v1)) {
      remember(place->second / name_);
      return LimitBy::cgroup1;
    }
    for (const auto& candidate : places_.v2) {
      // Processes move by leave of the group that holds both the old and the new one.
      if (::access((candidate / "cgroup.procs").c_str(), W_OK) != 0) continue;
      // Controllers share one group here, so the first place that works is kept.
      if (!v2_.empty() && candidate != v2_) continue;
      if (!makeGroup(candidate / name_, controller.v2)) continue;
      v2_ = candidate;
      remember(candidate / name_);
      return LimitBy::cgroup2;
    }
    return otherwise;
  }

  std::vector<fs::path> takeDirectories() { return std::move(directories_); }

 private:
  void remember(fs::path directory) {
    if (std::ranges::find(directories_, directory) == directories_.end())
      directories_.push_back(std::move(directory));
  }

  const CgroupPlaces& places_;
  std::string name_;
  fs::path v2_;
  std::vector<fs::path> directories_;
};

}  // namespace

CgroupPlaces findCgroups(std::string_view mounts, std::string_view memberships) {
  // "4:memory:/a/b" or "0::/c" in memberships; "name mountpoint type options 0 0" in mounts.
  std::map<std::string, std::string, std::less<>> groups;
  for (const auto& line : split(memberships, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) groups[""] = group;
    for (const auto& controller : split(controllers, ',')) {
      groups[controller] = group;
    }
  }

  CgroupPlaces places;
  for (const auto& line : split(mounts, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() < 4) continue;
    const auto place = [&](const std::string& controller) {
      const auto group = groups.find(controller);
      const std::string path = group == groups.end() ? "/" : group->second;
      return path == "/" || path.starts_with("/..") ? fs::path(words[1]) : fs::path(words[1] + path);
    };
    if (words[2] == "cgroup2") {
      const fs::path own = place("");
      places.v2 = {own};
      if (own != words[1]) places.v2.push_back(own.parent_path());
    } else if (words[2] == "cgroup") {
      for (const auto& option : split(words[3], ',')) {
        if (option == "memory" || option == "pids" || option == "cpu") places.v1[option] = place(option);
      }
    }
  }
  return places;
}

CgroupPlaces findCgroups() {
  const auto mounts = readText("/proc/self/mounts");
  const auto memberships = readText("/proc/self/cgroup");
  return mounts && memberships ? findCgroups(*mounts, *memberships) : CgroupPlaces();
}

std::string groupPrefix(const fs::path& root, std::string_view key) {
  return "mooring-" + hexHash(root.string()).substr(0, 8) + "-" + std::string(key) + "-";
}

std::vector<fs::path> findGroups(const CgroupPlaces& places, std::string_view prefix) {
  constexpr std::size_t startLength = 8;
  std::vector<fs::path> groups;
  const auto collect = [&](const fs::path& place) {
    std::error_code ec;
    for (fs::directory_iterator at(place, ec); !ec && at != fs::directory_iterator(); at.increment(ec)) {
      const std::string name = at->path().filename().string();
      // Another key may begin with this one.
      const bool own = name.starts_with(prefix) && name.size() == prefix.size() + startLength &&
                       name.find_first_not_of("0123456789abcdef", prefix.size()) == std::string::npos;
      if (own) groups.push_back(at->path());
    }
  };
  for (const auto& [controller, place] : places.v1)
    collect(place);
  for (const auto& place : places.v2)
    collect(place);
  return groups;
}

Limits applyLimits(const CgroupPlaces& places,
                   const std::string& name,
                   const LimitWishes& wishes,
                   bool countsProcesses) {
  Maker maker(places, name);
  Limits limits;
  if (wishes.memoryBytes > 0) {
    const std::string bytes = std::to_string(wishes.memoryBytes);
    const Controller memory{
        .name = "memory",
        .v1 = {{"memory.limit_in_bytes", bytes}, {"memory.memsw.limit_in_bytes", bytes, true}},
        .v2 = {{"memory.max", bytes}, {"memory.swap.max", "0", true}}};
    limits.memory = maker.limit(memory, LimitBy::rlimit);
  }
  if (wishes.processes > 0) {
    const std::string count = std::to_string(wishes.processes);
    const Controller pids{.name = "pids", .v1 = {{"pids.max", count}}, .v2 = {{"pids.max", count}}};
    limits.processes = maker.limit(pids, countsProcesses ? LimitBy::rlimit : LimitBy::none);
  }
  if (wishes.vcpus > 0) {
    const std::string quota = std::to_string(wishes.vcpus * cpuPeriodUs);
    const std::string period = std::to_string(cpuPeriodUs);
    const Controller cpu{.name = "cpu",
                         .v1 = {{"cpu.cfs_period_us", period}, {"cpu.cfs_quota_us", quota}},
                         .v2 = {{"cpu.max", quota + " " + period}}};
    limits.cpu = maker.limit(cpu, LimitBy::affinity);
  }
  limits.directories = maker.takeDirectories();
  return limits;
}

bool removeCgroups(const std::vector<fs::path>& directories) {
  bool all = true;
  for (const auto& directory : directories) {
    if (::rmdir(directory.c_str()) == 0 || errno == ENOENT) continue;
    all = false;
    // Without namespaces some may have outlived a supervisor that was killed.
    std::ifstream processes(directory / "cgroup.procs");
    for (pid_t pid = 0; processes >> pid;) {
      if (pid > 1) ::kill(pid, SIGKILL);
    }
  }
  return all;
}

json::object toJson(const Limits& limits) {
  json::object object;
  object["memory"] = toString(limits.memory);
  object["processes"] = toString(limits.processes);
  object["cpu"] = toString(limits.cpu);
  return object;
}

std::string toText(const Limits& limits) {
  json::object object = toJson(limits);
  json::array directories;
  for (const auto& directory : limits.directories) {
    directories.emplace_back(directory.string());
  }
  object["directories"] = std::move(directories);
  return json::serialize(object) + "\n";
}

std::optional<Limits> parseLimits(const std::string& text) {
  boost::system::error_code ec;
  const json::value value = json::parse(text, ec);
  if (ec || !value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  Limits limits;
  const auto read = [&object](std::string_view name, LimitBy& by) {
    const json::value* member = object.if_contains(name);
    const auto parsed = member != nullptr && member->is_string() ? parseEnum<LimitBy>(member->get_string())
                                                                 : std::nullopt;
    if (parsed) by = *parsed;
    return parsed.has_value();
  };
  if (!read("memory", limits.memory) || !read("processes", limits.processes) || !read("cpu", limits.cpu)) {
    return std::nullopt;
  }
  const json::value* directories = object.if_contains("directories");
  if (directories == nullptr || !directories->is_array()) return std::nullopt;
  for (const auto& directory : directories->get_array()) {
    if (!directory.is_string()) return std::nullopt;
    limits.directories.emplace_back(std::string(directory.get_string()));
  }
  return limits;
}

}  // namespace mooring::local
