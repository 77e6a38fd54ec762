/// Long bodies that can be sent again, made from sources that can be read only once.
#pragma once

#include <mooring/bytes.hpp>
#include <mooring/http/request.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace mooring::http {

struct SpoolOptions {
  /// Read before anything is sent. A body that is no longer is a text: its length is announced.
  std::size_t memory = std::size_t{1} << 20;
  /// So much of the rest is kept in a file while it is sent. Once more has been read the body is like any
  /// stream: it cannot be sent again.
  std::uint64_t disk = std::uint64_t{256} << 20;
  /// Where that file is; it has no name there, and ends with the body. Empty: /var/tmp, which other than /tmp
  /// is meant to be on a disk. Where none can be made, and where the disk is full, nothing is kept.
  std::filesystem::path directory = {};
};

/// The whole of `source` as a body. What is kept of it is written and read on `threads`.
/// Errors: those of the source's first bytes; later ones are the request's.
Task<Body> spooled(std::shared_ptr<ByteSource> source,
                   boost::asio::any_io_executor threads,
                   SpoolOptions options = SpoolOptions());

}  // namespace mooring::http
