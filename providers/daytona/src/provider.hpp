// The whole provider, over an account that a test may have made.
#pragma once

#include <mooring/provider.hpp>

#include "account.hpp"

namespace mooring::daytona {

/// Errors: as makeAccount().
Result<std::shared_ptr<Provider>> makeProvider(const ProviderContext& context,
                                               AccountParts parts = AccountParts());

}  // namespace mooring::daytona
