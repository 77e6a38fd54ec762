// Bytes as text and back: how anything passes through a service that only carries text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mooring::vercel {

std::string encodeBase64(std::string_view bytes);
/// One complete piece, with its padding and without white space. Nothing when it is no such text.
std::optional<std::string> decodeBase64(std::string_view text);
/// With '-' and '_', and without padding.
std::optional<std::string> decodeBase64Url(std::string_view text);

}  // namespace mooring::vercel
