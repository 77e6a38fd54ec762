-- "moor": tells this file from another program's database.
PRAGMA application_id = 1836019570;

CREATE TABLE deployment (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  deploymentId TEXT NOT NULL
) STRICT;
INSERT INTO deployment (one, deploymentId) VALUES (1, lower(hex(randomblob(6))));

-- Times are milliseconds since 1970, UTC. `config` is the whole request; what is derived from it cannot contradict it.
CREATE TABLE sandboxes (
  sandboxId TEXT PRIMARY KEY NOT NULL,
  provider TEXT NOT NULL,
  externalSandboxId TEXT NOT NULL,
  provisionKey TEXT NOT NULL UNIQUE,
  generation INTEGER NOT NULL,
  status TEXT NOT NULL,
  version INTEGER NOT NULL,
  sandboxUrl TEXT NOT NULL,
  timeoutMs INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  config TEXT NOT NULL,
  configHash TEXT NOT NULL,
  connection TEXT NOT NULL,
  error TEXT,
  leaseOwner TEXT NOT NULL,
  leaseToken INTEGER NOT NULL,
  leaseExpiresAt INTEGER,
  lastUsedAt INTEGER NOT NULL,
  createdAt INTEGER NOT NULL,
  updatedAt INTEGER NOT NULL,
  shutdownAt INTEGER,
  runtime TEXT AS (json_extract(config, '$.runtime')) VIRTUAL,
  vcpus INTEGER AS (json_extract(config, '$.resources.vcpus')) VIRTUAL,
  ports TEXT AS (json_extract(config, '$.ports')) VIRTUAL,
  params TEXT AS (json_extract(config, '$.params')) VIRTUAL
) STRICT;

CREATE INDEX sandboxesByExternalSandboxId ON sandboxes (externalSandboxId);
CREATE INDEX sandboxesByCreatedAt ON sandboxes (createdAt);
CREATE INDEX sandboxesByShutdownAt ON sandboxes (shutdownAt);
-- One for each filter, ending in sandboxId: a page under any of them is one short walk along one index.
CREATE INDEX sandboxesByStatus ON sandboxes (status, sandboxId);
CREATE INDEX sandboxesByProvider ON sandboxes (provider, sandboxId);
CREATE INDEX sandboxesByPurpose ON sandboxes (purpose, sandboxId);
CREATE INDEX sandboxesByProviderStatus ON sandboxes (provider, status, sandboxId);
CREATE INDEX sandboxesByPurposeStatus ON sandboxes (purpose, status, sandboxId);
CREATE INDEX sandboxesByPurposeProvider ON sandboxes (purpose, provider, sandboxId);
CREATE INDEX sandboxesByPurposeProviderStatus ON sandboxes (purpose, provider, status, sandboxId);

CREATE TABLE sandbox_events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  sandboxId TEXT NOT NULL REFERENCES sandboxes (sandboxId),
  at INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  "from" TEXT,
  "to" TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX sandboxEventsBySandboxId ON sandbox_events (sandboxId, seq);

CREATE TABLE debts (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  sandboxId TEXT NOT NULL REFERENCES sandboxes (sandboxId),
  kind TEXT NOT NULL,
  provider TEXT NOT NULL,
  provisionKey TEXT NOT NULL,
  externalSandboxId TEXT NOT NULL,
  generation INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  lastError TEXT NOT NULL,
  createdAt INTEGER NOT NULL
) STRICT;

-- A command line is bytes: `args` has each argument with a NUL behind it, as in /proc/<pid>/cmdline.
CREATE TABLE commands (
  commandId TEXT PRIMARY KEY NOT NULL,
  sandboxId TEXT NOT NULL REFERENCES sandboxes (sandboxId),
  generation INTEGER NOT NULL,
  externalCommandId TEXT NOT NULL,
  status TEXT NOT NULL,
  program BLOB NOT NULL,
  args BLOB NOT NULL,
  cwd BLOB NOT NULL,
  exitCode INTEGER,
  signal TEXT NOT NULL,
  createdAt INTEGER NOT NULL,
  finishedAt INTEGER
) STRICT;
CREATE INDEX commandsBySandboxId ON commands (sandboxId, commandId);
