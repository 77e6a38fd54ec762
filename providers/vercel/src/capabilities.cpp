#include "definition.hpp"

namespace mooring::vercel {

CapabilityTable capabilitiesWith(const Defaults& defaults) {
  using enum Capability;
  const auto native = [](const char* note) { return CapabilityInfo{Support::native, note}; };
  const auto emulated = [](const char* note) { return CapabilityInfo{Support::emulated, note}; };
  const auto lacking = [](const char* note) { return CapabilityInfo{Support::unsupported, note}; };
  CapabilityTable table;
  table[startedCommands] = emulated(
      "mooring's journal in the sandbox: detached commands take no key and no input, and damage bytes");
  table[commandInput] = emulated("sent along with the command, or as files before it when large");
  table[volumes] = native("drives: one sandbox writes at a time; read-only mounts see the drive as it was");
  table[checkpoints] = native(
      "snapshots: taking one stops the sandbox until its next call; restoring starts a new session from it");
  table[checkpointRemoval] = native("deletes the snapshot");
  table[previews] = native(
      "a public URL for each port from 1024 on that was declared at creation; 15 at most");
  table[portForwarding] = lacking("previews carry HTTP and WebSockets, nothing else");
  table[resume] = defaults.persistent
                      ? native("files are kept as a snapshot, processes and memory are not")
                      : lacking(
                            "sandboxes lose their files when they stop: set SANDBOX_VERCEL_PERSISTENT=1, or "
                            "options.vercel.persistent for one of them");
  table[lifetime] = native("wall clock from each start, 5 minutes by default; then it is stopped");
  table[idleTimeout] = lacking("the lifetime counts whether it is used or not");
  table[extend] = native("within the plan's maximum");
  table[vcpuLimit] = native("1 or an even number");
  table[memoryLimit] = native("2048 MiB for each processor, no other ratio");
  table[diskLimit] = lacking("every sandbox has the same disk");
  table[networkBlock] = native("by the host, DNS included");
  table[networkAllowList] = native("domains by their TLS name, CIDR blocks for everything");
  table[images] = native("images of Vercel's registry");
  table[runtimes] = native("node26, node24, node22, python3.13");
  return table;
}

}  // namespace mooring::vercel
