// Vercel's JSON, in our terms.
#pragma once

#include <mooring/http/json.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::vercel {

/// A named sandbox: the record that outlives its machines.
struct SandboxView {
  std::string name = {};
  std::string status = {};
  bool persistent = false;
  std::string currentSessionId = {};
  std::string currentSnapshotId = {};
  std::map<std::string, std::string> tags = {};
};
void read(http::Fields& in, SandboxView& out);

/// One machine that runs, or ran, a sandbox.
struct SessionView {
  std::string id = {};
  std::string status = {};
  std::int64_t timeoutMs = 0;
  std::optional<std::int64_t> startedAt = {};      ///< Milliseconds since 1970.
  std::optional<std::int64_t> snapshottedAt = {};  ///< Its files were kept.
};
void read(http::Fields& in, SessionView& out);

struct RouteView {
  std::string url = {};
  std::int64_t port = 0;
};
void read(http::Fields& in, RouteView& out);

/// The answer to making or getting a sandbox.
struct SandboxReply {
  SandboxView sandbox = {};
  SessionView session = {};
  std::vector<RouteView> routes = {};
  bool resumed = false;
};
void read(http::Fields& in, SandboxReply& out);

struct Paging {
  std::string next = {};
};
void read(http::Fields& in, Paging& out);

struct SandboxList {
  std::vector<SandboxView> sandboxes = {};
  Paging pagination = {};
};
void read(http::Fields& in, SandboxList& out);

struct SessionReply {
  SessionView session = {};
  std::optional<SandboxView> sandbox = {};
};
void read(http::Fields& in, SessionReply& out);

struct CommandView {
  std::string id = {};
  std::vector<std::string> args = {};
  std::optional<int> exitCode = {};  ///< Nothing while it runs.
};
void read(http::Fields& in, CommandView& out);

struct CommandReply {
  CommandView command = {};
};
void read(http::Fields& in, CommandReply& out);

struct CommandList {
  std::vector<CommandView> commands = {};
};
void read(http::Fields& in, CommandList& out);

struct SnapshotView {
  std::string id = {};
  std::string status = {};
  std::optional<std::uint64_t> sizeBytes = {};
  std::int64_t createdAt = 0;
  std::string creationMethod = {};
  std::string sourceSessionId = {};  ///< What it was taken of.
};
void read(http::Fields& in, SnapshotView& out);

struct SnapshotReply {
  SnapshotView snapshot = {};
};
void read(http::Fields& in, SnapshotReply& out);

struct SnapshotList {
  std::vector<SnapshotView> snapshots = {};
  Paging pagination = {};
};
void read(http::Fields& in, SnapshotList& out);

struct DriveView {
  std::string name = {};
  std::string region = {};
};
void read(http::Fields& in, DriveView& out);

struct DriveReply {
  DriveView drive = {};
};
void read(http::Fields& in, DriveReply& out);

struct DriveList {
  std::vector<DriveView> drives = {};
  Paging pagination = {};
};
void read(http::Fields& in, DriveList& out);

/// Where a sandbox or a session is in its life, as far as anybody here acts on it.
enum class Phase {
  running,
  starting,  ///< pending.
  ending,    ///< stopping, snapshotting: wait and look again.
  stopped,   ///< stopped, failed, aborted: only its files can come back.
  unknown,   ///< A state that nobody here knows, or none.
};
Phase phaseOf(std::string_view status);

/// Whether waking `reply`'s sandbox brings back the files as they were: a persistent one's are kept,
/// another's only when a checkpoint was what ended its session.
bool keepsFiles(const SandboxReply& reply);

/// As core wants it, with the facts that later calls go by. A stopped one whose files are lost is `failed`.
/// Errors: corrupted (an unknown status).
Result<Instance> instanceFrom(const Account& account, const SandboxReply& reply);

/// The same from a listing, which says nothing of sessions.
Result<Instance> instanceFrom(const Account& account, const SandboxView& sandbox);

/// Facts of an instance, as instanceFrom() left them; empty or false where they are not known.
std::string sessionIdOf(const Instance& instance);
bool isPersistent(const Instance& instance);

}  // namespace mooring::vercel
