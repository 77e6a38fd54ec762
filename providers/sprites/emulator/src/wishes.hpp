// What a client wants of a sprite, read strictly.
#pragma once

#include "state.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring::sprites::emulated {

/// Of the members that are given, what a sprite becomes.
struct Changes {
  std::optional<std::string> auth = {};
  std::optional<std::string> privateAccess = {};
  std::optional<std::vector<std::string>> labels = {};

  void applyTo(Sprite& sprite) const;
};

struct CreateRequest {
  std::string name = {};
  Changes changes = {};
};

/// `isJson`: whether the content type said so; else there is no body. Errors: 400.
Result<CreateRequest> parseCreate(std::string_view body, bool isJson);
/// Errors: 400.
Result<Changes> parseUpdate(std::string_view body);

}  // namespace mooring::sprites::emulated
