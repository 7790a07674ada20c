-- Schema 1: workspaces, members, plans and their windows, tokens, audit events.
-- Run once, in one transaction, by store/migrate, which then sets user_version and writes the row
-- in `migrations`. Never edited once landed: what comes later is another file.
--
-- Words: a column named *_ms is Unix time in milliseconds, UTC. Numbers that stand for words (kind,
-- role, env, per) are those of the enumerations in src/ and are never renumbered.
--
-- The directory is what the gate decides by: workspaces, members, plans with their windows, tokens.
-- Every change to it raises meta.directory_version and leaves that number as `stamp` on the changed
-- row, so that a reader who knows version V asks for rows with stamp > V and gets what changed.
-- A deleted row cannot carry a stamp: meta.deleted_version says that there was one. Triggers do
-- this, so it holds for whoever writes. They list the columns they watch and leave `stamp` out:
-- their own stamping sets off nothing, whatever recursive_triggers says. Nothing written per call
-- (last used, counts) may ever become a column of these tables.

PRAGMA application_id = 1212629332;  -- "HGAT": tells this file from other SQLite databases

CREATE TABLE meta (
    id                INTEGER PRIMARY KEY CHECK (id = 1),     -- there is one row
    directory_version INTEGER NOT NULL DEFAULT 0,             -- changes to the directory
    deleted_version   INTEGER NOT NULL DEFAULT 0              -- its value at the last deletion
) STRICT;
INSERT INTO meta (id) VALUES (1);

CREATE TABLE migrations (
    number     INTEGER PRIMARY KEY,                           -- 1, 2, …: user_version after it
    name       TEXT NOT NULL,                                 -- file name in schema/
    applied_ms INTEGER NOT NULL                               -- when
) STRICT;

-- --- plans ---------------------------------------------------------------------------------------

CREATE TABLE plans (
    id    INTEGER PRIMARY KEY,                                -- row number
    name  TEXT NOT NULL UNIQUE CHECK (name <> ''),            -- slug
    api   INTEGER NOT NULL CHECK (api IN (0, 1)),             -- 1: calls may be granted
    rank  INTEGER NOT NULL CHECK (rank >= 0),                 -- lower is the cheaper plan
    stamp INTEGER NOT NULL DEFAULT 0                          -- directory_version
) STRICT;
CREATE INDEX plans_by_stamp ON plans (stamp);

CREATE TABLE windows (
    plan_id INTEGER NOT NULL REFERENCES plans (id) ON DELETE CASCADE,  -- whose window it is
    name    TEXT NOT NULL CHECK (name <> ''),                 -- slug, unique in the plan
    calls   INTEGER NOT NULL CHECK (calls > 0),               -- at most so many calls
    seconds INTEGER NOT NULL CHECK (seconds > 0),             -- in any so many seconds
    per     INTEGER NOT NULL CHECK (per IN (0, 1)),           -- 0 token line, 1 workspace
    PRIMARY KEY (plan_id, name)
) STRICT, WITHOUT ROWID;

-- --- accounts ------------------------------------------------------------------------------------

CREATE TABLE workspaces (
    id            INTEGER PRIMARY KEY,                        -- row number
    public_id     TEXT NOT NULL UNIQUE,                       -- "ws_…"
    name          TEXT NOT NULL UNIQUE CHECK (name <> ''),    -- as customers read it
    plan_id       INTEGER NOT NULL REFERENCES plans (id),     -- its plan
    paid_until_ms INTEGER,                                    -- first unpaid instant; NULL: no end
    created_ms    INTEGER NOT NULL,                           -- when it was added
    stamp         INTEGER NOT NULL DEFAULT 0                  -- directory_version
) STRICT;
CREATE INDEX workspaces_by_plan ON workspaces (plan_id);
CREATE INDEX workspaces_by_stamp ON workspaces (stamp);

CREATE TABLE members (
    id           INTEGER PRIMARY KEY,                         -- row number
    public_id    TEXT NOT NULL UNIQUE,                        -- "mem_…"
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),  -- where they belong
    kind         INTEGER NOT NULL CHECK (kind IN (0, 1)),     -- 0 person, 1 service
    email        TEXT NOT NULL,                               -- '' for a service
    name         TEXT NOT NULL,                               -- may be '' for a person
    role         INTEGER NOT NULL CHECK (role BETWEEN 0 AND 3),  -- 0 owner … 3 member
    removed_ms   INTEGER,                                     -- NULL: present
    created_ms   INTEGER NOT NULL,                            -- when they were added
    stamp        INTEGER NOT NULL DEFAULT 0,                  -- directory_version
    CHECK ((kind = 0) = (email <> '')),
    CHECK (kind = 0 OR name <> '')
) STRICT;
CREATE INDEX members_by_workspace ON members (workspace_id);
CREATE UNIQUE INDEX members_by_email ON members (email COLLATE NOCASE, workspace_id) WHERE kind = 0;
CREATE UNIQUE INDEX members_by_service_name ON members (workspace_id, name) WHERE kind = 1;
CREATE INDEX members_by_stamp ON members (stamp);

-- --- tokens --------------------------------------------------------------------------------------

CREATE TABLE tokens (
    id              INTEGER PRIMARY KEY,                      -- row number
    line            INTEGER NOT NULL REFERENCES tokens (id),  -- the line's first, maybe itself
    line_created_ms INTEGER NOT NULL,                         -- when that was minted
    kind            INTEGER NOT NULL CHECK (kind IN (0, 1)),  -- 0 member, 1 operator
    member_id       INTEGER REFERENCES members (id),          -- NULL for an operator token
    prefix          TEXT NOT NULL UNIQUE                      -- public id: 12 hex digits
                    CHECK (length(prefix) = 12 AND prefix NOT GLOB '*[^0-9a-f]*'),
    digest          BLOB NOT NULL CHECK (length(digest) = 32),  -- BLAKE2b-256 of the token
    name            TEXT NOT NULL CHECK (name <> ''),         -- as its owner reads it
    env             INTEGER NOT NULL CHECK (env IN (0, 1)),   -- 0 live, 1 test
    scopes          TEXT NOT NULL,                            -- "clients:read"; '': not narrowed
    created_ms      INTEGER NOT NULL,                         -- when it was minted
    expires_ms      INTEGER,                                  -- first instant it fails; NULL: never
    rotated_ms      INTEGER,                                  -- successor minted; NULL: not rotated
    works_until_ms  INTEGER,                                  -- end of grace; set with rotated_ms
    revoked_ms      INTEGER,                                  -- NULL: not revoked
    stamp           INTEGER NOT NULL DEFAULT 0,               -- directory_version
    CHECK ((kind = 1) = (member_id IS NULL)),
    CHECK ((rotated_ms IS NULL) = (works_until_ms IS NULL))
) STRICT;
CREATE INDEX tokens_by_member ON tokens (member_id);
CREATE INDEX tokens_by_stamp ON tokens (stamp);

-- --- audit ---------------------------------------------------------------------------------------

CREATE TABLE audit_events (
    id           INTEGER PRIMARY KEY,                         -- in the order they happened
    at_ms        INTEGER NOT NULL,                            -- when
    actor        TEXT NOT NULL,                               -- who: "cli:root", "mem_…"
    source       TEXT NOT NULL,                               -- client address or "local"
    action       TEXT NOT NULL,                               -- "token.mint", "member.role"
    object       TEXT NOT NULL,                               -- public id, prefix or name
    workspace_id TEXT NOT NULL,                               -- public id; '' when none
    before       TEXT NOT NULL CHECK (before = '' OR json_valid(before)),  -- JSON object or ''
    after        TEXT NOT NULL CHECK (after = '' OR json_valid(after))  -- JSON object or ''
) STRICT;

-- --- the directory's version ---------------------------------------------------------------------

CREATE TRIGGER plans_inserted AFTER INSERT ON plans BEGIN
    UPDATE meta SET directory_version = directory_version + 1;
    UPDATE plans SET stamp = (SELECT directory_version FROM meta) WHERE id = NEW.id;
END;
CREATE TRIGGER plans_updated AFTER UPDATE OF id, name, api, rank ON plans BEGIN
    UPDATE meta SET directory_version = directory_version + 1;
    UPDATE plans SET stamp = (SELECT directory_version FROM meta) WHERE id = NEW.id;
END;
CREATE TRIGGER plans_deleted AFTER DELETE ON plans BEGIN
    UPDATE meta
    SET directory_version = directory_version + 1, deleted_version = directory_version + 1;
END;

-- A window is part of its plan: the plan is stamped.
CREATE TRIGGER windows_inserted AFTER INSERT ON windows BEGIN
    UPDATE meta SET directory_version = directory_version + 1;
    UPDATE plans SET stamp = (SELECT directory_version FROM meta) WHERE id = NEW.plan_id;
END;
CREATE TRIGGER windows_updated AFTER UPDATE ON windows BEGIN
    UPDATE meta SET directory_version = directory_version + 1;
    UPDATE plans SET stamp = (SELECT directory_version FROM meta)
    WHERE id IN (OLD.plan_id, NEW.plan_id);
END;
CREATE TRIGGER windows_deleted AFTER DELETE ON windows BEGIN
    UPDATE meta SET directory_version = directory_version + 1;
    UPDATE plans SET stamp = (SELECT directory_version FROM meta) WHERE id = OLD.plan_id;
END;

CREATE TRIGGER workspaces_inserted AFTER INSERT ON workspaces BEGIN
    UPDATE meta SET directory_version = directory_version + 1;
    UPDATE workspaces SET stamp = (SELECT directory_version FROM meta) WHERE id = NEW.id;
END;
CREATE TRIGGER workspaces_updated
AFTER UPDATE OF id, public_id, name, plan_id, paid_until_ms, created_ms ON workspaces BEGIN
    UPDATE meta SET directory_version = directory_version + 1;
    UPDATE workspaces SET stamp = (SELECT directory_version FROM meta) WHERE id = NEW.id;
END;
CREATE TRIGGER workspaces_deleted AFTER DELETE ON workspaces BEGIN
    UPDATE meta
    SET directory_version = directory_version + 1, deleted_version = directory_version + 1;
END;

CREATE TRIGGER members_inserted AFTER INSERT ON members BEGIN
    UPDATE meta SET directory_version = directory_version + 1;
    UPDATE members SET stamp = (SELECT directory_version FROM meta) WHERE id = NEW.id;
END;
CREATE TRIGGER members_updated
AFTER UPDATE OF id, public_id, workspace_id, kind, email, name, role, removed_ms, created_ms
ON members BEGIN
    UPDATE meta SET directory_version = directory_version + 1;
    UPDATE members SET stamp = (SELECT directory_version FROM meta) WHERE id = NEW.id;
END;
CREATE TRIGGER members_deleted AFTER DELETE ON members BEGIN
    UPDATE meta
    SET directory_version = directory_version + 1, deleted_version = directory_version + 1;
END;

CREATE TRIGGER tokens_inserted AFTER INSERT ON tokens BEGIN
    UPDATE meta SET directory_version = directory_version + 1;
    UPDATE tokens SET stamp = (SELECT directory_version FROM meta) WHERE id = NEW.id;
END;
CREATE TRIGGER tokens_updated
AFTER UPDATE OF id, line, line_created_ms, kind, member_id, prefix, digest, name, env, scopes,
    created_ms, expires_ms, rotated_ms, works_until_ms, revoked_ms
ON tokens BEGIN
    UPDATE meta SET directory_version = directory_version + 1;
    UPDATE tokens SET stamp = (SELECT directory_version FROM meta) WHERE id = NEW.id;
END;
CREATE TRIGGER tokens_deleted AFTER DELETE ON tokens BEGIN
    UPDATE meta
    SET directory_version = directory_version + 1, deleted_version = directory_version + 1;
END;
