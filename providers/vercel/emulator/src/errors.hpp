// Refusals with the codes that Vercel gives them.
#pragma once

#include <mooring/emulation/message.hpp>
#include <mooring/error.hpp>

#include <string>
#include <string_view>

namespace mooring::vercel::emulated {

/// A refusal whose code is not the one that its status usually has.
std::unexpected<Error> refusedAs(int status, std::string_view code, std::string message);

/// {"error":{"code","message"}}.
emulation::Reply errorReply(const Error& error);

/// What `error` is called: the code of refusedAs(), else the usual one of its status.
std::string codeOf(const Error& error);

/// A failed file operation, as the API words it.
std::unexpected<Error> fileError(const std::string& action, const std::string& path, const Error& error);

}  // namespace mooring::vercel::emulated
