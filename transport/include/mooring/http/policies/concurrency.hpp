/// How many requests may be on their way to one host.
#pragma once

#include <mooring/http/transport.hpp>

#include <memory>

namespace mooring::http {

struct ConcurrencyOptions {
  int perHost = 100;
};

/// The others wait in the order in which they came; a wait ends with the request's deadline or its
/// cancellation, and then nothing was sent.
std::shared_ptr<Transport> withConcurrencyLimit(std::shared_ptr<Transport> next,
                                                ConcurrencyOptions options = ConcurrencyOptions());

}  // namespace mooring::http
