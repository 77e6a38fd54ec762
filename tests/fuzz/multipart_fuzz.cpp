#include <mooring/http/parsers/multipart.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return mooring::fuzz::checkCuts(
      mooring::http::Multipart("B-1"), data, size, [](auto& parser, std::string& out) {
        using Kind = mooring::http::MultipartEvent::Kind;
        for (;;) {
          auto event = parser.next();
          if (!event) {
            out += '!';
            return false;
          }
          if (!*event) return true;
          if ((*event)->kind == Kind::begin) out += "<" + (*event)->disposition("name").value_or("?") + ">";
          out += (*event)->bytes;
          if ((*event)->kind == Kind::end) out += "</>";
          if ((*event)->kind == Kind::close) out += "<.>";
        }
      });
}
