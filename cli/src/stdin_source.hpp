// Standard input as a stream that mooring reads.
#pragma once

#include <mooring/bytes.hpp>

#include "interrupts.hpp"

#include <memory>

namespace mooring::cli {

/// Reads on a thread of its own and leaves the descriptor's flags alone: a non-blocking standard input would
/// be one for everybody who shares it, the user's shell included. Nothing is read before the first read(),
/// and never more than one buffer ahead. Cancelling a read() loses no bytes.
std::shared_ptr<ByteSource> makeStdinSource();

/// All of standard input. Errors: cancelled when `interrupts` fire first.
Result<std::string> readStdin(const Interrupts& interrupts);

}  // namespace mooring::cli
