// Errors of this provider.
#pragma once

#include <mooring/error.hpp>

#include <string>
#include <string_view>

namespace mooring::local {

/// A failure with this provider's name on it.
std::unexpected<Error> refuse(Errc code, std::string message);

/// A failed system call: "<what>: <reason>", with the code that fits the errno.
std::unexpected<Error> systemFailure(int error, const std::string& what);

/// The code that a caller of the file API acts on.
Errc fileErrc(int error);
/// Why a request about a path failed.
std::unexpected<Error> fileFailure(int error, std::string_view verb, const std::string& path);

}  // namespace mooring::local
