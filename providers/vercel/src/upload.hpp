// Files on their way into a sandbox: one gzip tar, made while it is sent.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/http/parsers/tar.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"

#include <memory>
#include <string>

namespace mooring::vercel {

/// A source of unknown length as files of a mebibyte, `prefix` + "000001" …, so that an archive can say each
/// one's length before it. Memory: one of them.
http::TarItems partsOf(std::string prefix, std::shared_ptr<ByteSource> source);

/// Unpacks `items`, whose paths are absolute, in the sandbox. Missing directories are made. It is
/// made while it is sent, and sent again where that helps: what has been sent is kept, up to SpoolOptions.
/// One request. Errors: those of the items; gone, notRunning, and the transport's.
Task<void> uploadArchive(
    AccountPtr account, Instance instance, http::TarItems items, std::string what, CallOptions call);

}  // namespace mooring::vercel
