#include "comments.hpp"

#include "definition.hpp"
#include "errors.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace mooring::vercel {

namespace {

constexpr std::size_t keyLength = 6;

/// Of what separates, '%' and control characters.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '%' || c == ';') {
      out += fmt::format("%{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string commentKey(const CheckpointId& id) {
  return id.value.substr(id.value.size() - std::min(id.value.size(), keyLength));
}

Comments readComments(std::string_view tag) {
  Comments out;
  while (!tag.empty()) {
    const auto end = std::min(tag.find(';'), tag.size());
    const auto entry = tag.substr(0, end);
    const auto colon = entry.find(':');
    if (colon != std::string_view::npos)
      out.insert_or_assign(std::string(entry.substr(0, colon)), unescaped(entry.substr(colon + 1)));
    tag.remove_prefix(std::min(end + 1, tag.size()));
  }
  return out;
}

Result<std::string> writeComments(const Comments& comments) {
  std::string out;
  for (const auto& [key, comment] : comments)
    out += (out.empty() ? "" : ";") + key + ":" + escaped(comment);
  if (out.size() <= longestTag) return out;
  return refuse(Errc::quotaExceeded,
                fmt::format("the comments of a sandbox's checkpoints have {} bytes together at Vercel: use a "
                            "shorter one or none, or remove checkpoints",
                            longestTag));
}

}  // namespace mooring::vercel
