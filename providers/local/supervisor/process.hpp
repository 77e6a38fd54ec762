// Starting a program the way it finds itself in a sandbox.
#pragma once

#include "protocol.hpp"

#include <cstdint>
#include <string>
#include <sys/resource.h>
#include <sys/types.h>

namespace mooring::local {

/// What the supervisor is told when it starts.
struct Settings {
  bool namespaces = true;  ///< It is process 1 of its own namespaces; else an ordinary process of the host.
  std::string home;        ///< The workspace, as programs see it.
  std::string user = "sandbox";
  std::uint64_t memoryBytes = 0;  ///< For RLIMIT_AS; 0: no such limit.
  std::uint64_t processes = 0;    ///< For RLIMIT_NPROC; 0: no such limit.
  std::uint64_t cpus = 0;         ///< For the affinity; 0: all.
  std::uint64_t lifetimeMs = 0;   ///< 0: for ever.
  std::uint64_t idleMs = 0;       ///< 0: for ever.
  rlimit openFiles = {};          ///< What programs get; the supervisor itself takes all it may have.
};

struct Spawned {
  pid_t pid = 0;
  protocol::Failure failure = protocol::Failure::request;  ///< When pid is 0.
  int error = 0;
};

/// Starts it as the leader of a session of its own. Descriptors stay the caller's; -1 for `in` means an empty
/// input.
Spawned spawn(const Settings& settings, const protocol::LaunchRequest& request, int in, int out, int err);

/// Limits the calling process, and all that it starts, to `count` processors.
void useProcessors(std::uint64_t count);

}  // namespace mooring::local
