#include "wire.hpp"

#include "errors.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace mooring::daytona {

void read(http::Fields& in, SandboxView& out) {
  in.required("id", out.id);
  in.optional("name", out.name);
  in.optional("state", out.state);
  in.optional("toolboxProxyUrl", out.toolboxUrl);
  in.optional("errorReason", out.errorReason);
  in.optional("recoverable", out.recoverable);
  in.optional("labels", out.labels);
  in.optional("autoDeleteInterval", out.autoDeleteMinutes);
  in.optional("createdAt", out.createdAt);
  in.optional("autoDestroyAt", out.autoDestroyAt);
}

void read(http::Fields& in, SandboxList& out) {
  in.required("items", out.items);
  in.optional("nextCursor", out.nextCursor);
}

void read(http::Fields& in, VolumeView& out) {
  in.required("id", out.id);
  in.required("name", out.name);
  in.required("state", out.state);
  in.optional("errorReason", out.errorReason);
}

void read(http::Fields& in, PreviewView& out) {
  in.required("url", out.url);
  in.optional("token", out.token);
}

void read(http::Fields& in, KeyView& out) {
  in.optional("name", out.name);
  in.optional("permissions", out.permissions);
  in.optional("expiresAt", out.expiresAt);
}

Phase phaseOf(std::string_view state) {
  using enum Phase;
  static constexpr std::array<std::pair<std::string_view, Phase>, 21> phases = {{
      {"started", running},          {"creating", moving},         {"restoring", moving},
      {"starting", moving},          {"stopping", moving},         {"pending_build", moving},
      {"building_snapshot", moving}, {"pulling_snapshot", moving}, {"archiving", moving},
      {"resizing", moving},          {"snapshotting", moving},     {"forking", moving},
      {"pausing", moving},           {"resuming", moving},         {"stopped", resting},
      {"archived", resting},         {"paused", resting},          {"error", broken},
      {"build_failed", broken},      {"destroying", leaving},      {"destroyed", leaving},
  }};
  const auto* const found = std::ranges::find(phases, state, &std::pair<std::string_view, Phase>::first);
  return found == phases.end() ? unknown : found->second;
}

bool isStarting(std::string_view state) {
  static constexpr std::array<std::string_view, 7> states = {"creating",
                                                             "restoring",
                                                             "starting",
                                                             "resuming",
                                                             "pending_build",
                                                             "building_snapshot",
                                                             "pulling_snapshot"};
  return std::ranges::find(states, state) != states.end();
}

Result<Instance> instanceFrom(const SandboxView& sandbox) {
  Instance out;
  out.id = ExternalSandboxId(sandbox.id);
  out.provisionKey = sandbox.name;
  if (!sandbox.toolboxUrl.empty()) out.connection["toolboxUrl"] = sandbox.toolboxUrl;
  switch (phaseOf(sandbox.state)) {
    case Phase::running:
      out.state = InstanceState::running;
      return out;
    case Phase::moving:
      out.state = isStarting(sandbox.state) ? InstanceState::starting : InstanceState::stopped;
      return out;
    case Phase::resting:
      out.state = InstanceState::stopped;
      return out;
    case Phase::broken:
      out.state = sandbox.recoverable ? InstanceState::stopped : InstanceState::failed;
      return out;
    case Phase::leaving:
      out.state = InstanceState::failed;
      return out;
    case Phase::unknown:
      break;
  }
  return refuse(Errc::corrupted,
                "sandbox " + sandbox.id + " is in a state that this version of mooring does not know: \"" +
                    sandbox.state + "\"");
}

}  // namespace mooring::daytona
