#include <mooring/http/parsers/tar.hpp>

#include "fuzz/fuzz.hpp"

#include <algorithm>

namespace {

/// A fuzzer never finds a checksum: they are put right, for every block that could be a header.
std::string withChecksums(std::string input) {
  for (std::size_t at = 1; at + 512 <= input.size(); at += 512) {
    std::uint64_t sum = 0;
    std::fill_n(input.begin() + static_cast<std::ptrdiff_t>(at + 148), 8, ' ');
    for (std::size_t i = 0; i < 512; ++i)
      sum += static_cast<unsigned char>(input[at + i]);
    for (std::size_t i = 6; i-- > 0; sum /= 8)
      input[at + 148 + i] = static_cast<char>('0' + sum % 8);
    input[at + 154] = '\0';
  }
  return input;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto take = [](auto& parser, std::string& out) {
    using Kind = mooring::http::TarEvent::Kind;
    for (;;) {
      auto event = parser.next();
      if (!event) {
        out += '!';
        return false;
      }
      if (!*event) return true;
      if ((*event)->kind == Kind::entry)
        out += "<" + (*event)->entry.path + std::to_string((*event)->entry.size) + ">";
      out += (*event)->bytes;
      if ((*event)->kind == Kind::end) out += "</>";
      if ((*event)->kind == Kind::close) out += "<.>";
    }
  };
  mooring::fuzz::checkCuts(mooring::http::TarReader(), data, size, take);
  const auto right = withChecksums(std::string(reinterpret_cast<const char*>(data), size));
  return mooring::fuzz::checkCuts(
      mooring::http::TarReader(), reinterpret_cast<const std::uint8_t*>(right.data()), right.size(), take);
}
