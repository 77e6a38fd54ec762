#include <mooring/http/text.hpp>

namespace mooring::http {

std::string oneLine(std::string_view text, std::size_t longest) {
  const bool cut = text.size() > longest;
  if (cut) {
    while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0U) == 0x80U)
      --longest;  // Not in the middle of a character.
    text = text.substr(0, longest);
  }
  std::string out;
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (!control) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ')
    out.pop_back();
  return cut ? out + "…" : out;
}

}  // namespace mooring::http
