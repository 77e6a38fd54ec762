#pragma once

/// A service at an emulated Sprites.

#include <mooring/sprites/emulator.hpp>

#include "cloud.hpp"

namespace mooring::test {

class SpritesCloud : public Cloud {
 public:
  static constexpr const char* goodToken = "matrix/1/2/good";

  /// Without deletion on stop, so that the states in between can be had.
  explicit SpritesCloud(bool deleteOnStop = false) : Cloud(parts(deleteOnStop)) {}

 private:
  static CloudParts parts(bool deleteOnStop) {
    CloudParts out;
    out.provider = "sprites";
    out.emulator = sprites::makeEmulator;
    out.settings = {{"token", goodToken}};
    out.keyVariable = "SPRITES_API_TOKEN";
    out.goodKey = goodToken;
    out.variables = {{"SANDBOX_SPRITES_DELETE_ON_STOP", deleteOnStop ? "1" : "0"}};
    return out;
  }
};

}  // namespace mooring::test
