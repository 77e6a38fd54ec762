#pragma once

/// What every fuzzer of a stream parser checks: no input crashes it, and how the input is cut changes
/// nothing.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

namespace mooring::fuzz {

/// `take` adds all events to a text and says whether to go on.
template <class Parser, class Take>
std::string fed(Parser parser, std::string_view input, std::size_t step, Take take) {
  std::string out;
  while (!input.empty()) {
    const auto piece = input.substr(0, step);
    input.remove_prefix(piece.size());
    parser.push(piece);
    if (!take(parser, out)) return out;
  }
  if constexpr (requires { parser.finish(); }) parser.finish();
  take(parser, out);
  return out;
}

/// The first byte of the data chooses how the rest is cut.
template <class Parser, class Take>
int checkCuts(const Parser& parser, const std::uint8_t* data, std::size_t size, Take take) {
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0] % 64;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto whole = fed(parser, input, size, take);
  const auto pieces = fed(parser, input, step, take);
  if (whole != pieces) {
    std::cerr << "cut into pieces of " << step << " the answer differs:\n"
              << whole << "\n---\n"
              << pieces << "\n";
    std::abort();
  }
  return 0;
}

}  // namespace mooring::fuzz
