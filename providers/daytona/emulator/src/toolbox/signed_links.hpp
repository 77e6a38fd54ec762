// Links to files that need no key.
#pragma once

#include <mooring/emulation/message.hpp>
#include <mooring/sources.hpp>

#include <string>

namespace mooring::daytona::emulator {

/// "v1_" and the unpadded base64url of HMAC-SHA256(key, "v1:files:METHOD:path:expires").
std::string linkSignature(const std::string& key,
                          const std::string& method,
                          const std::string& path,
                          const std::string& expires);

/// Whether `request` downloads or uploads one file under a signature made with `key` that has not expired.
bool isSignedLink(const emulation::Request& request, const std::string& key, Timestamp now);

}  // namespace mooring::daytona::emulator
