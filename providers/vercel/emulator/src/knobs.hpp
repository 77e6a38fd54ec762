// What `mooring emulate vercel --set name=value` knows.
#pragma once

#include <mooring/error.hpp>

#include "limits.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace mooring::vercel::emulated {

struct Knobs {
  std::string token = {};                         ///< "token": the only one accepted. Empty: any.
  std::string project = {};                       ///< "project": the only one there is. Empty: any.
  Plan plan = {};                                 ///< "plan": hobby, pro or enterprise.
  std::chrono::milliseconds streamLimit = {};     ///< "streamLimitMs": replies are cut when they last longer.
  std::chrono::milliseconds createTime = {};      ///< "createMs": a new sandbox takes at least that.
  std::chrono::milliseconds stopTime = {};        ///< "stopMs": stopping and snapshotting take at least that.
  std::size_t logPiece = std::size_t{32} * 1024;  ///< "logPieceBytes": log lines are cut there, whatever is
                                                  ///< cut.
  int missingSnapshotStatus = 410;  ///< "missingSnapshotStatus": 410 or 400, for a lost snapshot.
  bool limitsRates = false;         ///< "rateLimits": "enforced", else they are only told.
};

/// Errors: invalidArgument naming the setting.
Result<Knobs> parseKnobs(const std::map<std::string, std::string>& settings);

}  // namespace mooring::vercel::emulated
