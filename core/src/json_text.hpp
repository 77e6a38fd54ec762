// Bytes in JSON: text where they are UTF-8, {"base64": "…"} where they are not.
#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace mooring::detail {

bool isUtf8(std::string_view bytes);
boost::json::value bytesToJson(std::string_view bytes);
/// Nothing when `json` is neither a string nor an object of that form.
std::optional<std::string> bytesFromJson(const boost::json::value& json);

}  // namespace mooring::detail
