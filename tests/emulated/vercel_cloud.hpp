#pragma once

/// A service at an emulated Vercel.

#include <mooring/vercel/emulator.hpp>

#include "cloud.hpp"

namespace mooring::test {

class VercelCloud : public Cloud {
 public:
  static constexpr const char* goodToken = "vcp_matrix-good";

  /// With the emulator's `settings`.
  explicit VercelCloud(std::map<std::string, std::string> settings = std::map<std::string, std::string>())
      : Cloud(parts(std::move(settings))) {}

 private:
  static CloudParts parts(std::map<std::string, std::string> settings) {
    CloudParts out;
    out.provider = "vercel";
    out.emulator = vercel::makeEmulator;
    out.settings = std::move(settings);
    out.settings.emplace("token", goodToken);
    out.keyVariable = "SANDBOX_VERCEL_TOKEN";
    out.goodKey = goodToken;
    // Stopping keeps the files, so that the states in between can be had.
    out.variables = {{"SANDBOX_VERCEL_PERSISTENT", "1"}};
    return out;
  }
};

}  // namespace mooring::test
