#pragma once

/// Catch2, whichever of 2.13 and 3 is installed. Tests include this and use only what both have; where a name
/// differs, the later one is offered here for both.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>

namespace Catch::Matchers {

// NOLINTNEXTLINE(readability-identifier-naming): the name is Catch2's.
inline auto ContainsSubstring(const std::string& text,
                              CaseSensitive::Choice sensitivity = CaseSensitive::Yes) {
  return Contains(text, sensitivity);
}

}  // namespace Catch::Matchers
#endif
