// How the file calls fail.
#pragma once

#include "errors.hpp"
#include "routes.hpp"

#include <string>

namespace mooring::sprites::emulated {

/// {"error","path","code"}; without the code where the setting or a fault says so.
inline emulation::Reply fileFailure(const World& world,
                                    const Call& call,
                                    const std::string& verb,
                                    const std::string& path,
                                    const Error& error) {
  const bool tellsCode = world.knobs.tellsFileCodes && call.request().manner != "no-code";
  return fileErrorReply(verb, path, error, tellsCode);
}

}  // namespace mooring::sprites::emulated
