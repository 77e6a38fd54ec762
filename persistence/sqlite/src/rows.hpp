// Between rows and structs. Reading throws BadRow on anything that is not understood.
#pragma once

#include <mooring/detail/store_rules.hpp>
#include <mooring/record.hpp>

#include "query.hpp"

namespace mooring::sqlite {

inline constexpr const char* recordColumns =
    "sandboxId, provider, externalSandboxId, provisionKey, generation, status, version, sandboxUrl, "
    "timeoutMs, config, "
    "configHash, connection, error, leaseOwner, leaseToken, leaseExpiresAt, lastUsedAt, createdAt, "
    "updatedAt, shutdownAt";
inline constexpr const char* stateColumns =
    "sandboxId, status, version, leaseOwner, leaseToken, leaseExpiresAt";
inline constexpr const char* eventColumns =
    "seq, sandboxId, at, generation, \"from\", \"to\", reason, detail";
inline constexpr const char* debtColumns =
    "seq, sandboxId, kind, provider, provisionKey, externalSandboxId, generation, attempts, lastError, "
    "createdAt";
inline constexpr const char* commandColumns =
    "commandId, sandboxId, generation, externalCommandId, status, program, args, cwd, exitCode, signal, "
    "createdAt, "
    "finishedAt";

SandboxRecord readRecord(Query& row);
detail::StoredState readState(Query& row);
SandboxEvent readEvent(Query& row);
Debt readDebt(Query& row);
CommandRecord readCommand(Query& row);

/// Binds every column of a record by name, but its version.
void bindRecord(Query& query, const SandboxRecord& record);
void bindEvent(Query& query, const SandboxEvent& event);
void bindDebt(Query& query, const Debt& debt);
void bindCommand(Query& query, const CommandRecord& command);

}  // namespace mooring::sqlite
