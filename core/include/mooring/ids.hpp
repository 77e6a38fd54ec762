/// Identifiers that do not convert into each other.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace mooring {

/// A text that names one kind of thing. Explicit both ways, so that mixing up two kinds does not compile.
template <class Kind>
struct Id {
  std::string value = {};

  Id() = default;
  explicit Id(std::string text) : value(std::move(text)) {}

  [[nodiscard]] bool empty() const { return value.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;
};

/// Our durable id (UUIDv7 text, so ids sort by creation). Never reused, never changes.
using SandboxId = Id<struct SandboxIdKind>;
/// The provider's id for what stands behind a sandbox now. Opaque.
using ExternalSandboxId = Id<struct ExternalSandboxIdKind>;
/// Our durable id of a started command (UUIDv7 text).
using CommandId = Id<struct CommandIdKind>;
/// The provider's id of a started command. Opaque.
using ExternalCommandId = Id<struct ExternalCommandIdKind>;
/// A checkpoint's id as its provider gives it. Unique within one sandbox.
using CheckpointId = Id<struct CheckpointIdKind>;

}  // namespace mooring

template <class Kind>
struct std::hash<mooring::Id<Kind>> {
  std::size_t operator()(const mooring::Id<Kind>& id) const noexcept {
    return std::hash<std::string_view>{}(id.value);
  }
};
