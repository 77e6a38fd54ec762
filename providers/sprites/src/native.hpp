// Behind the native handle.
#pragma once

#include <mooring/provider.hpp>
#include <mooring/sprites/native.hpp>

#include "account.hpp"

namespace mooring::sprites {

struct NativeParts {
  AccountPtr account = {};
  Instance instance = {};
};

}  // namespace mooring::sprites
