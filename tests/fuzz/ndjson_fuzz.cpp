#include <mooring/http/parsers/ndjson.hpp>

#include "fuzz/fuzz.hpp"

#include <boost/json/serialize.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mooring::http::NdjsonLimits limits;
  limits.line = 200;
  limits.depth = 8;
  return mooring::fuzz::checkCuts(
      mooring::http::Ndjson(limits), data, size, [](auto& parser, std::string& out) {
        for (;;) {
          auto value = parser.next();
          if (!value) {
            out += '!';
            return false;
          }
          if (!*value) return true;
          out += boost::json::serialize(**value) + ";";
        }
      });
}
