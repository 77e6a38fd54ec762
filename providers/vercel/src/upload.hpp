// Files on their way into a sandbox: one gzip tar, made while it is sent.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/http/parsers/tar.hpp>
#include <mooring/provider.hpp>

#include "account.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace mooring::vercel {

/// The next bytes of `source`, at most `most`; less only at its end.
Task<std::string> readUpTo(std::shared_ptr<ByteSource> source, std::size_t most);

/// `head`, then what is left of `source`.
std::shared_ptr<ByteSource> prefixed(std::string head, std::shared_ptr<ByteSource> source);

/// A source of unknown length as files of a mebibyte, `prefix` + "000001" …, so that an archive can say each
/// one's length before it. Memory: one of them.
http::TarItems partsOf(std::string prefix, std::shared_ptr<ByteSource> source);

/// Unpacks `items`, whose paths are absolute, in the sandbox. Missing directories are made. A small archive
/// is sent again where that helps; a large one is read while it is sent, and sent once. One request. Errors:
/// those of the items; gone, notRunning, and the transport's.
Task<void> uploadArchive(
    AccountPtr account, Instance instance, http::TarItems items, std::string what, CallOptions call);

}  // namespace mooring::vercel
