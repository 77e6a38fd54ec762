/// Sources of bytes made from others.
#pragma once

#include <mooring/bytes.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace mooring::http {

/// The next bytes of `source`, at most `most`; less only at its end.
Task<std::string> readUpTo(std::shared_ptr<ByteSource> source, std::size_t most);

/// `head`, then what is left of `source`.
std::shared_ptr<ByteSource> prefixed(std::string head, std::shared_ptr<ByteSource> source);

}  // namespace mooring::http
