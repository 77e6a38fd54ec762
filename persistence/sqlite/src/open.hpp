// Opening a database under a given history of the schema; openStore() uses the one that is compiled in.
#pragma once

#include <mooring/sqlite/store.hpp>

#include "migrations.hpp"

#include <memory>
#include <span>

namespace mooring::sqlite {

/// Errors: as openStore.
Result<std::unique_ptr<Connection>> openDatabase(const StoreOptions& options,
                                                 std::span<const Migration> known);

}  // namespace mooring::sqlite
