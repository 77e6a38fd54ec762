// What a coroutine threw, as an Error.
#pragma once

#include <mooring/error.hpp>

#include <exception>

namespace mooring::detail {

/// Nothing of mooring's throws on purpose: whatever arrives here is Errc::internal.
Error errorOf(const std::exception_ptr& thrown);

}  // namespace mooring::detail
