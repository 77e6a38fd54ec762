#include <mooring/http/parsers/sse.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return mooring::fuzz::checkCuts(
      mooring::http::ServerEvents(), data, size, [](auto& parser, std::string& out) {
        for (;;) {
          auto event = parser.next();
          if (!event) {
            out += '!';
            return false;
          }
          if (!*event) return true;
          out += (*event)->type + "|" + (*event)->data + "|" + (*event)->id + ";";
        }
      });
}
