#include "bubblewrap.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace mooring;
using namespace mooring::local;

namespace {

const TopLevel merged = {{"bin", "usr/bin"}, {"lib64", ""}};

std::vector<std::string> commandFor(const Definition& definition) {
  LaunchPlaces places;
  places.bwrap = "/usr/bin/bwrap";
  places.supervisor = "/state/bin/supervisor-1";
  places.infoDescriptor = 6;
  places.serve = {"serve", "3", "4"};
  return bubblewrapCommand(definition, Layout("/state"), merged, places);
}

Definition plain() {
  Definition definition;
  definition.provisionKey = "k";
  return definition;
}

/// Where `wanted` occurs as neighbours; the size when it does not.
std::size_t find(const std::vector<std::string>& command, std::vector<std::string> wanted) {
  const auto found = std::ranges::search(command, wanted);
  return static_cast<std::size_t>(found.begin() - command.begin());
}
bool has(const std::vector<std::string>& command, std::vector<std::string> wanted) {
  return find(command, std::move(wanted)) < command.size();
}

}  // namespace

TEST_CASE("local/bubblewrap: a sandbox has namespaces of its own and no capability", "[unit][local]") {
  const auto command = commandFor(plain());
  for (const std::string flag :
       {"--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--new-session", "--clearenv"}) {
    INFO(flag);
    CHECK(has(command, {flag}));
  }
  CHECK(has(command, {"--cap-drop", "ALL"}));
  CHECK(has(command, {"--uid", "1000"}));
  CHECK_FALSE(has(command, {"--die-with-parent"}));
}

TEST_CASE("local/bubblewrap: of the host only programs are there, read-only", "[unit][local]") {
  const auto command = commandFor(plain());
  CHECK(has(command, {"--ro-bind", "/usr", "/usr"}));
  CHECK(has(command, {"--symlink", "usr/bin", "/bin"}));
  CHECK(has(command, {"--ro-bind", "/lib64", "/lib64"}));
  std::vector<std::string> writable;
  for (std::size_t i = 0; i + 1 < command.size(); ++i) {
    if (command[i] == "--bind") writable.push_back(command[i + 1]);
  }
  CHECK(writable == std::vector<std::string>{"/state/sandboxes/k/temporary", "/state/sandboxes/k/workspace"});
  for (const std::string secret :
       {"/etc", "/etc/passwd", "/etc/shadow", "/etc/ssl", "/etc/ssl/private", "/home", "/root"}) {
    INFO(secret);
    CHECK_FALSE(has(command, {"--ro-bind", secret}));
    CHECK_FALSE(has(command, {"--ro-bind-try", secret}));
  }
}

TEST_CASE("local/bubblewrap: the network is shared, with a resolver, unless it is blocked", "[unit][local]") {
  Definition definition = plain();
  CHECK_FALSE(has(commandFor(definition), {"--unshare-net"}));
  CHECK(has(commandFor(definition), {"--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf"}));
  definition.networkBlocked = true;
  CHECK(has(commandFor(definition), {"--unshare-net"}));
  CHECK_FALSE(has(commandFor(definition), {"/etc/resolv.conf"}));
}

TEST_CASE("local/bubblewrap: volumes are mounted over the workspace and before the root is closed",
          "[unit][local]") {
  Definition definition = plain();
  definition.volumes = {{.name = "a", .mountPath = "/data"},
                        {.name = "b", .mountPath = "/workspace/b", .readOnly = true}};
  const auto command = commandFor(definition);
  const auto workspace = find(command, {"--bind", "/state/sandboxes/k/workspace", "/workspace"});
  const auto writable = find(command, {"--bind", "/state/volumes/a", "/data"});
  const auto readOnly = find(command, {"--ro-bind", "/state/volumes/b", "/workspace/b"});
  const auto closed = find(command, {"--remount-ro", "/"});
  CHECK(workspace < writable);
  CHECK(writable < readOnly);
  CHECK(readOnly < closed);
  CHECK(closed < command.size());
}

TEST_CASE("local/bubblewrap: the supervisor's arguments come last", "[unit][local]") {
  const auto command = commandFor(plain());
  REQUIRE(command.size() > 5);
  CHECK(std::vector<std::string>(command.end() - 5, command.end()) ==
        std::vector<std::string>{"--", "/run/mooring/supervisor", "serve", "3", "4"});
}

TEST_CASE("local/bubblewrap: a refusal of namespaces is told from other complaints", "[unit][local]") {
  CHECK(isNamespaceRefusal(
      "bwrap: No permissions to create a new namespace, likely because the kernel does not allow it"));
  CHECK(isNamespaceRefusal("bwrap: setting up uid map: Permission denied"));
  CHECK(isNamespaceRefusal("bwrap: Can't mount proc on /newroot/proc: Operation not permitted"));
  CHECK_FALSE(
      isNamespaceRefusal("bwrap: Can't find source path /state/volumes/a: No such file or directory"));
  CHECK_FALSE(isNamespaceRefusal(""));
}
