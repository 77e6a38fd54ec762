#include <mooring/http/parsers/framed.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mooring::fuzz::checkCuts(
      mooring::http::MarkedStreams::daytona(), data, size, [](auto& parser, std::string& out) {
        while (auto piece = parser.next()) {
          for (const char c : piece->bytes)
            out += std::to_string(piece->stream) + c;
        }
        return true;
      });
  return mooring::fuzz::checkCuts(
      mooring::http::Frames(1000), data, size, [](auto& parser, std::string& out) {
        for (;;) {
          auto frame = parser.next();
          if (!frame) {
            out += '!';
            return false;
          }
          if (!*frame) return true;
          out += std::to_string((*frame)->type) + std::string((*frame)->payload) + ";";
        }
      });
}
