/// Sinks of bytes made from others.
#pragma once

#include <mooring/bytes.hpp>

#include <cstdint>
#include <memory>

namespace mooring::http {

/// Passes on to `sink` what comes after the first `count` bytes.
std::shared_ptr<ByteSink> skipping(std::uint64_t count, std::shared_ptr<ByteSink> sink);

}  // namespace mooring::http
