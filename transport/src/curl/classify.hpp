#pragma once

// What a transfer that ended without a reply means for the caller. Pure: the table test needs no network.

#include <mooring/error.hpp>

#include <curl/curl.h>

#include <string>

namespace mooring::http::detail {

/// Which limit ended a transfer.
enum class Limit { none, connect, firstByte, silence, total, deadline };

struct Ending {
  CURLcode code = CURLE_OK;
  Limit limit = Limit::none;  ///< Ours; `code` does not matter then.
  bool cancelled = false;
  bool sent = false;  ///< Bytes of the request were written to the connection.
  bool safe = false;  ///< Repeating it does no harm.
  std::string host = {};
  std::string detail = {};     ///< libcurl's own words.
  std::string limitText = {};  ///< "10000 ms".
};

/// The error for `ending`. Not sent, or safe: the codes that allow a repetition. Sent and unsafe:
/// outcomeUnknown, as the error itself or, for deadlineExceeded and cancelled, as its cause.
Error classify(const Ending& ending);

}  // namespace mooring::http::detail
