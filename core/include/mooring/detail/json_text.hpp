/// JSON as records hold it: bytes that need not be text, and numbers that stay exactly what they were.
#pragma once

#include <mooring/error.hpp>

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace mooring::detail {

/// How deep arrays and objects may nest in what is stored: a parser without a limit is a stack overflow for
/// sale.
inline constexpr std::size_t maxJsonDepth = 64;

bool isUtf8(std::string_view bytes);

/// A string where `bytes` are UTF-8, {"base64": "…"} where they are not.
boost::json::value bytesToJson(std::string_view bytes);
/// Nothing when `json` is neither a string nor an object of that form.
std::optional<std::string> bytesFromJson(const boost::json::value& json);

/// Reads one JSON text. Unlike boost::json::parse of 1.81, whose doubles may differ in the last bit, every
/// number is read exactly, so that what was serialized comes back equal. Errors: corrupted, with what is
/// wrong and where.
Result<boost::json::value> parseJsonText(std::string_view text);

/// Whether `json` survives being written and read again. Errors: invalidArgument naming the first place below
/// `path` with text that is not UTF-8, a number that is not finite, or nesting deeper than maxJsonDepth.
Result<void> checkStorable(const boost::json::value& json, const std::string& path);

}  // namespace mooring::detail
