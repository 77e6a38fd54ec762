// Between rows and structs. Reading throws BadRow on anything that is not understood.
#pragma once

#include <mooring/record.hpp>

#include <SQLiteCpp/Statement.h>

namespace mooring::sqlite {

inline constexpr const char* recordColumns =
    "sandboxId, provider, externalSandboxId, provisionKey, generation, status, version, sandboxUrl, timeoutMs, config, "
    "configHash, connection, error, leaseOwner, leaseToken, leaseExpiresAt, lastUsedAt, createdAt, updatedAt, shutdownAt";
inline constexpr const char* commandColumns =
    "commandId, sandboxId, generation, externalCommandId, status, program, args, cwd, exitCode, signal, createdAt, "
    "finishedAt";

SandboxRecord readRecord(SQLite::Statement& row);
SandboxEvent readEvent(SQLite::Statement& row);
Debt readDebt(SQLite::Statement& row);
CommandRecord readCommand(SQLite::Statement& row);

/// Binds every column of a record by name, but its version.
void bindRecord(SQLite::Statement& statement, const SandboxRecord& record);
void bindEvent(SQLite::Statement& statement, const SandboxEvent& event);
void bindDebt(SQLite::Statement& statement, const Debt& debt);
void bindCommand(SQLite::Statement& statement, const CommandRecord& command);

}  // namespace mooring::sqlite
