// Which of Daytona's daemons a sandbox was born with.
#pragma once

#include <mooring/detail/enum_text.hpp>

#include <string_view>
#include <utility>

namespace mooring::daytona::emulator {

enum class Release {
  v190,  ///< The last whose sources are public: fewer routes, and file errors without a body.
  v205,  ///< As its API descriptions say.
};

}  // namespace mooring::daytona::emulator

template <>
struct mooring::detail::EnumText<mooring::daytona::emulator::Release> {
  using Release = mooring::daytona::emulator::Release;
  static constexpr std::array entries{
      std::pair{Release::v190, std::string_view("0.190.0")},
      std::pair{Release::v205, std::string_view("0.205.0")},
  };
};
