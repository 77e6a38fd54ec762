// Pipes to and from commands.
#pragma once

#include <mooring/bytes.hpp>

#include "detail/descriptor.hpp"

#include <cstddef>
#include <span>

namespace mooring::local {

struct Pipe {
  Descriptor read;
  Descriptor write;
};

enum class OurEnd { read, write };

/// The end that stays here does not block; the other one does, as programs expect. Errors: quotaExceeded.
Result<Pipe> makePipe(OurEnd ours);

/// write(), without SIGPIPE where nobody reads any more: a library may not change how its program takes
/// signals.
ssize_t writeQuietly(int fd, std::span<const std::byte> bytes);

}  // namespace mooring::local
