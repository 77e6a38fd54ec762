#include "definition.hpp"

namespace mooring::daytona {

namespace {

CapabilityInfo resumeWith(const Defaults& defaults) {
  if (defaults.deleteOnStop)
    return {Support::unsupported, "SANDBOX_DAYTONA_DELETE_ON_STOP is on, so that stopping deletes"};
  if (defaults.ephemeral) {
    return {Support::unsupported,
            "sandboxes are ephemeral by default: set SANDBOX_DAYTONA_EPHEMERAL=0, or "
            "options.daytona.ephemeral to false for one of them"};
  }
  return {Support::native, "files are kept, processes and memory are not; also when it has been archived"};
}

}  // namespace

CapabilityTable capabilitiesWith(const Defaults& defaults) {
  using enum Capability;
  const auto native = [](const char* note) { return CapabilityInfo{Support::native, note}; };
  const auto lacking = [](const char* note) { return CapabilityInfo{Support::unsupported, note}; };
  CapabilityTable table;
  table[startedCommands] = {
      Support::emulated,
      "mooring's journal in the sandbox: a session's commands have no kill and no offsets"};
  table[commandInput] = native("up to 48 KiB goes with the command, more in pieces while it runs");
  table[volumes] = native("shared object storage, not a POSIX file system: no rename, append or lock");
  table[checkpoints] = lacking("snapshots make new sandboxes; nothing puts one back");
  table[checkpointRemoval] = lacking("there are no checkpoints");
  table[previews] = native("a link for each port, private: a header carries the token");
  table[portForwarding] = lacking("previews carry HTTP and WebSockets, nothing else");
  table[resume] = resumeWith(defaults);
  table[lifetime] = native("wall clock since creation, whole minutes; then it is destroyed");
  table[idleTimeout] = native("minutes without a request from outside; what runs inside does not count");
  table[extend] = native("moves the time at which it is destroyed");
  table[vcpuLimit] = native("with an image only; a snapshot has its own");
  table[memoryLimit] = native("whole GiB, with an image only; a snapshot has its own");
  table[diskLimit] = native("with an image only; a snapshot has its own");
  table[networkBlock] = native("by the host, from the first moment on");
  table[networkAllowList] = native("at most 10 IPv4 blocks and 10 domains");
  table[images] = native(
      "any image of a registry; Daytona builds from it, which takes a while the first time");
  table[runtimes] = native("the language of code runs; its version with a declarative image only");
  return table;
}

}  // namespace mooring::daytona
