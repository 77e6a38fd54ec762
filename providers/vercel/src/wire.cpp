#include "wire.hpp"

#include "errors.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace json = boost::json;

namespace mooring::vercel {

void read(http::Fields& in, SandboxView& out) {
  in.required("name", out.name);
  in.required("status", out.status);
  in.required("persistent", out.persistent);
  in.required("currentSessionId", out.currentSessionId);
  in.optional("currentSnapshotId", out.currentSnapshotId);
  in.optional("tags", out.tags);
}

void read(http::Fields& in, SessionView& out) {
  in.required("id", out.id);
  in.required("status", out.status);
  in.required("timeout", out.timeoutMs);
  in.optional("startedAt", out.startedAt);
  in.optional("snapshottedAt", out.snapshottedAt);
}

void read(http::Fields& in, RouteView& out) {
  in.required("url", out.url);
  in.required("port", out.port);
}

void read(http::Fields& in, SandboxReply& out) {
  in.required("sandbox", out.sandbox);
  in.required("session", out.session);
  in.required("routes", out.routes);
  in.optional("resumed", out.resumed);
}

void read(http::Fields& in, Paging& out) { in.optional("next", out.next); }

void read(http::Fields& in, SandboxList& out) {
  in.required("sandboxes", out.sandboxes);
  in.required("pagination", out.pagination);
}

void read(http::Fields& in, SessionReply& out) {
  in.required("session", out.session);
  in.optional("sandbox", out.sandbox);
}

void read(http::Fields& in, CommandView& out) {
  in.required("id", out.id);
  in.optional("args", out.args);
  in.optional("exitCode", out.exitCode);
}

void read(http::Fields& in, CommandReply& out) { in.required("command", out.command); }

void read(http::Fields& in, CommandList& out) { in.required("commands", out.commands); }

void read(http::Fields& in, SnapshotView& out) {
  in.required("id", out.id);
  in.required("status", out.status);
  in.optional("sizeBytes", out.sizeBytes);
  in.required("createdAt", out.createdAt);
  in.optional("creationMethod", out.creationMethod);
  in.optional("sourceSessionId", out.sourceSessionId);
}

void read(http::Fields& in, SnapshotReply& out) { in.required("snapshot", out.snapshot); }

void read(http::Fields& in, SnapshotList& out) {
  in.required("snapshots", out.snapshots);
  in.required("pagination", out.pagination);
}

void read(http::Fields& in, DriveView& out) {
  in.required("name", out.name);
  in.optional("region", out.region);
}

void read(http::Fields& in, DriveReply& out) { in.required("drive", out.drive); }

void read(http::Fields& in, DriveList& out) {
  in.required("drives", out.drives);
  in.required("pagination", out.pagination);
}

Phase phaseOf(std::string_view status) {
  using enum Phase;
  static constexpr std::array<std::pair<std::string_view, Phase>, 7> phases = {{
      {"running", running},
      {"pending", starting},
      {"stopping", ending},
      {"snapshotting", ending},
      {"stopped", stopped},
      {"failed", stopped},
      {"aborted", stopped},
  }};
  const auto* const found = std::ranges::find(phases, status, &std::pair<std::string_view, Phase>::first);
  return found == phases.end() ? unknown : found->second;
}

bool keepsFiles(const SandboxReply& reply) {
  return reply.sandbox.persistent ||
         (!reply.sandbox.currentSnapshotId.empty() && reply.session.snapshottedAt);
}

namespace {

Result<InstanceState> stateFrom(const std::string& name, std::string_view status, bool kept) {
  switch (phaseOf(status)) {
    case Phase::running:
      return InstanceState::running;
    case Phase::starting:
      return InstanceState::starting;
    case Phase::ending:
    case Phase::stopped:
      return kept ? InstanceState::stopped : InstanceState::failed;
    case Phase::unknown:
      break;
  }
  return refuse(Errc::corrupted,
                "sandbox " + name + " is in a state that this version of mooring does not know: \"" +
                    std::string(status) + "\"");
}

}  // namespace

Result<Instance> instanceFrom(const Account& account, const SandboxReply& reply) {
  Instance out;
  out.id = ExternalSandboxId(reply.sandbox.name);
  out.provisionKey = reply.sandbox.name;
  const auto state = stateFrom(reply.sandbox.name, reply.session.status, keepsFiles(reply));
  if (!state) return std::unexpected(state.error());
  out.state = *state;
  json::object routes;
  for (const auto& route : reply.routes)
    routes[std::to_string(route.port)] = route.url;
  if (!reply.routes.empty()) out.url = reply.routes.front().url;
  out.connection = {{"project", account.projectId},
                    {"session", reply.session.id},
                    {"persistent", reply.sandbox.persistent},
                    {"routes", std::move(routes)}};
  return out;
}

Result<Instance> instanceFrom(const Account& account, const SandboxView& sandbox) {
  Instance out;
  out.id = ExternalSandboxId(sandbox.name);
  out.provisionKey = sandbox.name;
  const bool kept = sandbox.persistent || !sandbox.currentSnapshotId.empty();
  const auto state = stateFrom(sandbox.name, sandbox.status, kept);
  if (!state) return std::unexpected(state.error());
  out.state = *state;
  out.connection = {{"project", account.projectId},
                    {"session", sandbox.currentSessionId},
                    {"persistent", sandbox.persistent}};
  return out;
}

std::string sessionIdOf(const Instance& instance) {
  const auto* stored = instance.connection.if_contains("session");
  return stored != nullptr && stored->is_string() ? std::string(stored->get_string()) : std::string();
}

bool isPersistent(const Instance& instance) {
  const auto* stored = instance.connection.if_contains("persistent");
  return stored != nullptr && stored->is_bool() && stored->get_bool();
}

}  // namespace mooring::vercel
