CREATE TABLE deployment (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  deploymentId TEXT NOT NULL
) STRICT;

CREATE TABLE sandboxes (
  sandboxId TEXT PRIMARY KEY,
  provider TEXT NOT NULL,
  externalSandboxId TEXT NOT NULL,
  provisionKey TEXT NOT NULL UNIQUE,
  generation INTEGER NOT NULL,
  status TEXT NOT NULL,
  version INTEGER NOT NULL,
  sandboxUrl TEXT NOT NULL,
  timeoutMs INTEGER NOT NULL,
  runtime TEXT NOT NULL,
  vcpus INTEGER,
  ports TEXT NOT NULL,
  purpose TEXT NOT NULL,
  params TEXT NOT NULL,
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
  shutdownAt INTEGER
) STRICT, WITHOUT ROWID;

-- Each ends in sandboxId: a page under any filter is one walk along one index.
CREATE INDEX sandboxesByExternalSandboxId ON sandboxes (externalSandboxId);
CREATE INDEX sandboxesByProvider ON sandboxes (provider, sandboxId);
CREATE INDEX sandboxesByProviderStatus ON sandboxes (provider, status, sandboxId);
CREATE INDEX sandboxesByStatus ON sandboxes (status, sandboxId);
CREATE INDEX sandboxesByPurpose ON sandboxes (purpose, sandboxId);
CREATE INDEX sandboxesByPurposeStatus ON sandboxes (purpose, status, sandboxId);
CREATE INDEX sandboxesByCreatedAt ON sandboxes (createdAt);
CREATE INDEX sandboxesByShutdownAt ON sandboxes (shutdownAt);

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

CREATE TABLE commands (
  commandId TEXT PRIMARY KEY,
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
) STRICT, WITHOUT ROWID;
CREATE INDEX commandsBySandboxId ON commands (sandboxId, commandId);
