-- Schema 4: the decision log: why calls were refused, and a sample of those that were granted.
--
-- Written in batches, off the path of decisions, and bounded: see [decisions] of the configuration.
-- Nothing here is part of the directory, and nothing refers to its rows: a record outlives what it
-- tells of. Never a secret, never a query string.

CREATE TABLE decisions (
    id           INTEGER PRIMARY KEY,                         -- in the order they were written
    decision     TEXT NOT NULL UNIQUE                         -- what the caller was told, less dec_
                 CHECK (length(decision) = 32 AND decision NOT GLOB '*[^0-9a-f]*'),
    kind         INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),  -- 0 refused nobody, 1 refused, 2 not
    at_ms        INTEGER NOT NULL,                            -- when
    boot_us      INTEGER NOT NULL,                            -- the same by the machine's uptime
    reason       TEXT NOT NULL,                               -- "window_full", …
    status       INTEGER NOT NULL,                            -- what the caller got to see
    again        INTEGER NOT NULL CHECK (again IN (0, 1)),    -- 1: a repeat, not counted
    token_id     INTEGER NOT NULL,                            -- row; 0: no secret matched
    line         INTEGER NOT NULL,                            -- of that token
    prefix       TEXT NOT NULL,                               -- as claimed, where no secret matched
    workspace_id TEXT NOT NULL,                               -- public id; '' when not known
    member_id    TEXT NOT NULL,                               -- public id; '' when not known
    method       TEXT NOT NULL,
    path         TEXT NOT NULL,                               -- secrets blotted, cut when long
    address      TEXT NOT NULL,                               -- the client's; '' when not known
    request_id   TEXT NOT NULL,                               -- the client's X-Request-Id
    resource     TEXT NOT NULL,                               -- name; '' when none
    document     TEXT NOT NULL CHECK (json_valid(document)),  -- what `hourgate why` shows
    facts        TEXT NOT NULL CHECK (json_valid(facts))      -- what `hourgate replay` decides by
) STRICT;
CREATE INDEX decisions_by_kind ON decisions (kind, id);
CREATE INDEX decisions_by_time ON decisions (at_ms, id);
CREATE INDEX decisions_by_workspace ON decisions (workspace_id, id) WHERE workspace_id <> '';
CREATE INDEX decisions_by_prefix ON decisions (prefix, id) WHERE prefix <> '';
CREATE INDEX decisions_granted ON decisions (token_id, resource) WHERE kind = 2;
