#pragma once

/// A service at an emulated Daytona.

#include <mooring/daytona/emulator.hpp>

#include "cloud.hpp"

namespace mooring::test {

class DaytonaCloud : public Cloud {
 public:
  static constexpr const char* goodKey = "dtn_matrix-good";

  DaytonaCloud() : Cloud(parts()) {}

 private:
  static CloudParts parts() {
    CloudParts out;
    out.provider = "daytona";
    out.emulator = daytona::makeEmulator;
    out.settings = {{"key", goodKey}};
    out.keyVariable = "DAYTONA_API_KEY";
    out.goodKey = goodKey;
    // Stopping keeps the files, so that the states in between can be had.
    out.variables = {{"SANDBOX_DAYTONA_EPHEMERAL", "0"}};
    return out;
  }
};

}  // namespace mooring::test
