/// Following a server that says "over there".
#pragma once

#include <mooring/http/transport.hpp>

#include <memory>

namespace mooring::http {

struct RedirectOptions {
  int hops = 5;
};

/// Follows 301, 302, 303, 307 and 308 for get and head; other methods get the reply itself. Never from https
/// to http. Belongs outside of the auth policy, which then looks at each new address.
std::shared_ptr<Transport> withRedirects(std::shared_ptr<Transport> next,
                                         RedirectOptions options = RedirectOptions());

}  // namespace mooring::http
