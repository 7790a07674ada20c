-- Schema 5: a window may count per member, and the built-in plans count their sustained window so.
--
-- A window per token line alone bounds nobody who may mint: a member with ten tokens had ten
-- times the room. Burst stays per token line, sustained counts all tokens of a member together.

-- SQLite cannot change a CHECK in place, so the table is made again under its own name.
CREATE TABLE windows_before AS SELECT * FROM windows;
DROP TABLE windows;  -- its triggers go with it, and none of them fires
CREATE TABLE windows (
    plan_id INTEGER NOT NULL REFERENCES plans (id) ON DELETE CASCADE,  -- whose window it is
    name    TEXT NOT NULL CHECK (name <> ''),                 -- slug, unique in the plan
    calls   INTEGER NOT NULL CHECK (calls > 0),               -- at most so many calls
    seconds INTEGER NOT NULL CHECK (seconds > 0),             -- in any so many seconds
    per     INTEGER NOT NULL CHECK (per IN (0, 1, 2)),        -- 0 token line, 1 workspace, 2 member
    PRIMARY KEY (plan_id, name)
) STRICT, WITHOUT ROWID;
INSERT INTO windows (plan_id, name, calls, seconds, per)
    SELECT plan_id, name, calls, seconds, per FROM windows_before;
DROP TABLE windows_before;

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

-- Plans whose windows are still those that `hourgate init` made. An operator who changed any of
-- them has decided, and keeps what they have.
CREATE TABLE plans_as_made AS
    SELECT p.id, p.name, p.api, p.rank,
           CASE p.name WHEN 'studio' THEN 30 ELSE 60 END AS burst,
           CASE p.name WHEN 'studio' THEN 600 ELSE 1200 END AS sustained
    FROM plans p WHERE p.name IN ('studio', 'agency');
DELETE FROM plans_as_made
    WHERE (SELECT count(*) FROM windows w WHERE w.plan_id = plans_as_made.id) <> 2
       OR NOT EXISTS (SELECT 1 FROM windows w WHERE w.plan_id = plans_as_made.id AND w.name = 'burst'
                      AND w.calls = burst AND w.seconds = 10 AND w.per = 0)
       OR NOT EXISTS (SELECT 1 FROM windows w WHERE w.plan_id = plans_as_made.id
                      AND w.name = 'sustained' AND w.calls = sustained AND w.seconds = 60
                      AND w.per = 0);
UPDATE windows SET per = 2
    WHERE name = 'sustained' AND plan_id IN (SELECT id FROM plans_as_made);
INSERT INTO audit_events (at_ms, actor, source, action, object, workspace_id, before, after)
    SELECT unixepoch() * 1000, 'upgrade', 'local', 'plan.set', name, '',
           json_object('api', json(CASE api WHEN 1 THEN 'true' ELSE 'false' END), 'rank', rank,
                       'windows', 'burst=' || burst || '/10 sustained=' || sustained || '/60'),
           json_object('api', json(CASE api WHEN 1 THEN 'true' ELSE 'false' END), 'rank', rank,
                       'windows',
                       'burst=' || burst || '/10 sustained=' || sustained || '/60/member')
    FROM plans_as_made ORDER BY id;
DROP TABLE plans_as_made;
