#include "bubblewrap.hpp"

#include <algorithm>
#include <array>

namespace mooring::local {

namespace fs = std::filesystem;

namespace {

constexpr const char* supervisorInside = "/run/mooring/supervisor";

/// Nothing of the host's that is secret: where mooring runs as root, its sandboxes read as root.
constexpr std::array etcFromHost = {
    "alternatives",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "timezone",
    "ssl/certs",
    "ssl/openssl.cnf",
    "pki/tls/certs",
    "ca-certificates",
    "services",
    "protocols",
    "mime.types",
};

void append(std::vector<std::string>& all, std::initializer_list<std::string> more) {
  all.insert(all.end(), more);
}

void addHostPrograms(std::vector<std::string>& all, const TopLevel& top) {
  append(all, {"--ro-bind", "/usr", "/usr"});
  for (const auto& [name, target] : top) {
    if (target.empty()) {
      append(all, {"--ro-bind", "/" + name, "/" + name});
    } else {
      append(all, {"--symlink", target, "/" + name});
    }
  }
}

void addNamespaces(std::vector<std::string>& all) {
  append(all, {"--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"});
  append(all, {"--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"});
}

void addEtc(std::vector<std::string>& all, const fs::path& own, const Definition& definition) {
  for (const auto& [name, text] : etcFiles(definition)) {
    append(all, {"--ro-bind", own / name, "/etc/" + name});
  }
  for (const std::string name : etcFromHost) {
    append(all, {"--ro-bind-try", "/etc/" + name, "/etc/" + name});
  }
  if (!definition.networkBlocked) append(all, {"--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf"});
}

}  // namespace

std::vector<EtcFile> etcFiles(const Definition& definition) {
  const std::string& user = definition.user;
  return {
      {"passwd",
       "root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n" + user + ":x:1000:1000:" + user + ":" +
           definition.home +
           ":/bin/sh\n"
           "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
      {"group", "root:x:0:\n" + user + ":x:1000:\nnogroup:x:65534:\n"},
      {"hosts", "127.0.0.1 localhost sandbox\n::1 localhost ip6-localhost ip6-loopback\n"},
      {"hostname", "sandbox\n"},
      {"nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\n"},
  };
}

TopLevel readTopLevel() {
  TopLevel top;
  for (const std::string name : {"bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
    std::error_code ec;
    const fs::path path = "/" + name;
    if (fs::is_symlink(fs::symlink_status(path, ec))) {
      top.emplace_back(name, fs::read_symlink(path, ec).string());
    } else if (fs::is_directory(path, ec)) {
      top.emplace_back(name, "");
    }
  }
  return top;
}

std::vector<std::string> bubblewrapCommand(const Definition& definition,
                                           const Layout& layout,
                                           const TopLevel& top,
                                           const LaunchPlaces& places) {
  const std::string& key = definition.provisionKey;
  std::vector<std::string> all = {places.bwrap};
  addNamespaces(all);
  if (definition.networkBlocked) append(all, {"--unshare-net"});
  append(all, {"--hostname", "sandbox", "--new-session", "--as-pid-1", "--clearenv"});
  append(all, {"--info-fd", std::to_string(places.infoDescriptor)});
  addHostPrograms(all, top);
  append(all, {"--proc", "/proc", "--dev", "/dev"});
  append(all, {"--perms", "1777", "--tmpfs", "/tmp", "--bind", layout.temporary(key), "/var/tmp"});
  append(all,
         {"--perms",
          "1777",
          "--tmpfs",
          "/dev/shm",
          "--perms",
          "0755",
          "--dir",
          "/etc",
          "--perms",
          "0755",
          "--dir",
          "/run"});
  addEtc(all, layout.etc(key), definition);
  append(all, {"--bind", layout.workspace(key), definition.home});
  for (const auto& volume : definition.volumes) {
    append(all, {volume.readOnly ? "--ro-bind" : "--bind", layout.volume(volume.name), volume.mountPath});
  }
  append(all, {"--ro-bind", places.supervisor, supervisorInside});
  // What is not mounted above exists in memory only; programs are told so instead of losing it with the next
  // stop.
  append(all, {"--remount-ro", "/", "--chdir", definition.home, "--", supervisorInside});
  all.insert(all.end(), places.serve.begin(), places.serve.end());
  return all;
}

std::vector<std::string> bubblewrapProbe(const fs::path& bwrap, const TopLevel& top) {
  std::vector<std::string> all = {bwrap};
  addNamespaces(all);
  append(all, {"--unshare-net", "--as-pid-1", "--clearenv"});
  addHostPrograms(all, top);
  append(all, {"--proc", "/proc", "--dev", "/dev", "--", "/usr/bin/true"});
  return all;
}

bool isNamespaceRefusal(std::string_view complaint) {
  static constexpr std::array<std::string_view, 7> signs = {"namespace",
                                                            "uid map",
                                                            "gid map",
                                                            "Can't mount proc",
                                                            "setting up uid",
                                                            "Failed to make / slave",
                                                            "loopback"};
  return std::ranges::any_of(
      signs, [&](std::string_view sign) { return complaint.find(sign) != std::string_view::npos; });
}

}  // namespace mooring::local
