#include "ndjson.hpp"

#include <boost/json/serialize.hpp>

namespace mooring::sprites::emulated {

Task<void> NdjsonReply::begin() {
  http::Headers headers;
  headers.add("Content-Type", "application/x-ndjson");
  headers.add("Cache-Control", "no-cache");
  co_return co_await exchange_->begin(200, std::move(headers), std::nullopt);
}

Task<void> NdjsonReply::say(boost::json::object event) {
  const std::string line = boost::json::serialize(event) + "\n";
  co_return co_await exchange_->write(asBytes(line));
}

}  // namespace mooring::sprites::emulated
