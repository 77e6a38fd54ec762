// Files on their way into a sandbox: one gzip tar, made while it is sent.
#pragma once

#include <mooring/http/parsers/tar.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"

#include <string>

namespace mooring::vercel {

/// Unpacks `items`, whose paths are absolute, in the sandbox. Missing directories are made. It is
/// made while it is sent, and sent again where that helps: what has been sent is kept, up to SpoolOptions.
/// One request. Errors: those of the items; gone, notRunning, and the transport's.
Task<void> uploadArchive(
    AccountPtr account, Instance instance, http::TarItems items, std::string what, CallOptions call);

}  // namespace mooring::vercel
