/// Records in this process's memory: for tests and for work whose sandboxes need not be found again.
#pragma once

#include <mooring/store.hpp>

#include <memory>

namespace mooring::memory {

/// What several stores share, as several processes share a file. Opaque.
class Database;

/// An empty one with a deploymentId of its own.
std::shared_ptr<Database> makeDatabase();

/// A store over `database`, with the semantics of every other store but durability: all is lost with the last
/// handle. Lifetime: the store keeps the database alive. Threads: any.
std::shared_ptr<RecordStore> openStore(std::shared_ptr<Database> database);

/// `openStore(makeDatabase())`: a store that nobody else sees.
std::shared_ptr<RecordStore> makeStore();

}  // namespace mooring::memory
