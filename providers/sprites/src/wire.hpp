// Sprites' JSON, in our terms.
#pragma once

#include <mooring/http/json.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::sprites {

struct SpriteView {
  std::string name = {};
  std::string status = {};  ///< Empty in some listings.
  std::string url = {};
  bool open = false;                                    ///< url_settings.auth is "public".
  std::optional<std::vector<std::string>> labels = {};  ///< Nothing: the reply does not tell.

  [[nodiscard]] bool has(std::string_view label) const;
  /// What follows `prefix` in the label that begins with it.
  [[nodiscard]] std::optional<std::string> valueOf(std::string_view prefix) const;
};
void read(http::Fields& in, SpriteView& out);

struct SpriteList {
  std::vector<SpriteView> sprites = {};
  bool more = false;
  std::string nextToken = {};
};
void read(http::Fields& in, SpriteList& out);

struct CheckpointView {
  std::string id = {};
  std::string createdAt = {};
  std::string comment = {};
  std::string health = {};
  bool automatic = false;
};
void read(http::Fields& in, CheckpointView& out);

/// One line of a checkpoint's or a kill's progress.
struct ProgressView {
  std::string type = {};
  std::string text = {};  ///< Of whichever member carries it.
};
void read(http::Fields& in, ProgressView& out);

/// Errors: corrupted (a state that this version does not know).
Result<Instance> instanceFrom(const SpriteView& sprite);

/// By what a record keeps of an instance.
[[nodiscard]] bool hasOpenUrl(const Instance& instance);

}  // namespace mooring::sprites
