// Volumes on their way into a sandbox.
#pragma once

#include <mooring/operation.hpp>

#include "account.hpp"
#include "definition.hpp"
#include "wire.hpp"

#include <chrono>
#include <map>
#include <string>

namespace mooring::daytona {

/// The volume of that name or id, ready to be mounted. A name that nobody has is created; an id is not.
/// Errors: notFound (an id); unavailable, naming the volume and how it stands, when `timeout` passes.
Task<VolumeView> readyVolume(AccountPtr account,
                             std::string nameOrId,
                             std::chrono::milliseconds timeout,
                             CallOptions call);

/// The ids of all volumes of a definition by their mount paths, each of them ready.
Task<std::map<std::string, std::string>> readyVolumes(AccountPtr account,
                                                      Definition definition,
                                                      CallOptions call);

}  // namespace mooring::daytona
