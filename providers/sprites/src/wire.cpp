#include "wire.hpp"

#include "definition.hpp"
#include "errors.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <array>

namespace mooring::sprites {

namespace {

struct UrlSettings {
  std::string auth = {};
};
void read(http::Fields& in, UrlSettings& out) { in.optional("auth", out.auth); }

}  // namespace

bool SpriteView::has(std::string_view label) const {
  return labels && std::ranges::find(*labels, label) != labels->end();
}

std::optional<std::string> SpriteView::valueOf(std::string_view prefix) const {
  if (!labels) return std::nullopt;
  const auto found = std::ranges::find_if(
      *labels, [prefix](const std::string& label) { return label.starts_with(prefix); });
  if (found == labels->end()) return std::nullopt;
  return found->substr(prefix.size());
}

void read(http::Fields& in, SpriteView& out) {
  in.required("name", out.name);
  in.optional("status", out.status);
  in.optional("url", out.url);
  UrlSettings settings;
  in.optional("url_settings", settings);
  out.open = settings.auth == toString(UrlAuth::open);
  in.optional("labels", out.labels);
}

void read(http::Fields& in, SpriteList& out) {
  in.optional("sprites", out.sprites);
  in.optional("has_more", out.more);
  in.optional("next_continuation_token", out.nextToken);
}

void read(http::Fields& in, CheckpointView& out) {
  in.required("id", out.id);
  in.optional("create_time", out.createdAt);
  in.optional("comment", out.comment);
  in.optional("health", out.health);
  in.optional("is_auto", out.automatic);
}

void read(http::Fields& in, ProgressView& out) {
  in.required("type", out.type);
  for (const char* member : {"error", "data", "message"}) {
    if (out.text.empty()) in.optional(member, out.text);
  }
}

Result<Instance> instanceFrom(const SpriteView& sprite) {
  static constexpr std::array<std::string_view, 4> usable = {"", "cold", "warm", "running"};
  Instance out;
  out.id = ExternalSandboxId(sprite.name);
  out.provisionKey = sprite.valueOf(label::key).value_or(sprite.name);
  out.url = sprite.url;
  if (sprite.has(label::unfinished)) {
    out.state = InstanceState::failed;
  } else if (sprite.has(label::stopped)) {
    out.state = InstanceState::stopped;
  } else if (std::ranges::find(usable, sprite.status) != usable.end()) {
    // One that sleeps runs whatever it is given: nobody has to wake it.
    out.state = InstanceState::running;
  } else {
    return refuse(Errc::corrupted,
                  "sprite " + sprite.name + " is in a state that this version of mooring does not know: \"" +
                      sprite.status + "\"");
  }
  out.connection = {{"public", sprite.open}};
  return out;
}

bool hasOpenUrl(const Instance& instance) {
  const auto* stored = instance.connection.if_contains("public");
  return stored != nullptr && stored->is_bool() && stored->get_bool();
}

}  // namespace mooring::sprites
