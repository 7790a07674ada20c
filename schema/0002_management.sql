-- Schema 2: what management over HTTP needs: idempotency keys, usage, and audit events that can be
-- looked up.
--
-- Nothing here is part of the directory: no change to these tables raises directory_version, so
-- that what is written per call, in batches, makes no decision read anything anew.

-- Which token acted, and three ways to look an event up beside its number.
ALTER TABLE audit_events ADD COLUMN token TEXT NOT NULL DEFAULT '';  -- prefix, '' when none
CREATE INDEX audit_events_by_workspace ON audit_events (workspace_id, id);
CREATE INDEX audit_events_by_actor ON audit_events (actor, id);
CREATE INDEX audit_events_by_object ON audit_events (object, id);

-- --- idempotency keys ----------------------------------------------------------------------------

-- A mint that named a key, so that its repeat mints nothing. Kept for a day.
CREATE TABLE idempotency_keys (
    member_id  INTEGER NOT NULL REFERENCES members (id),      -- whose key it is
    key        TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
    prefix     TEXT NOT NULL,                                 -- of the token it minted
    created_ms INTEGER NOT NULL,                              -- when
    PRIMARY KEY (member_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_ms);

-- --- usage ---------------------------------------------------------------------------------------

-- The last call of a token that was granted, and the last that was refused.
CREATE TABLE token_use (
    token_id       INTEGER PRIMARY KEY REFERENCES tokens (id) ON DELETE CASCADE,
    used_ms        INTEGER,                                   -- NULL: never granted
    used_from      TEXT NOT NULL DEFAULT '',                  -- client address; '' when not known
    refused_ms     INTEGER,                                   -- NULL: never refused
    refused_from   TEXT NOT NULL DEFAULT '',
    refused_reason TEXT NOT NULL DEFAULT ''                   -- "window_full", …
) STRICT;
CREATE INDEX token_use_by_age ON token_use (used_ms, token_id);

-- Calls per token and hour, by outcome. Rows older than [usage] keep are deleted.
CREATE TABLE usage (
    hour     INTEGER NOT NULL,                                -- Unix hours, UTC
    token_id INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    reason   TEXT NOT NULL,                                   -- "granted", "window_full", …
    calls    INTEGER NOT NULL CHECK (calls > 0),
    PRIMARY KEY (hour, token_id, reason)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_by_token ON usage (token_id, hour);

-- --- cursors -------------------------------------------------------------------------------------

-- What list cursors are sealed with, so that one made up is told from one given out. It guards no
-- secret: a cursor only says where a list goes on.
CREATE TABLE cursor_seal (
    id  INTEGER PRIMARY KEY CHECK (id = 1),                   -- there is one row
    key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;
INSERT INTO cursor_seal (id, key) VALUES (1, randomblob(32));
