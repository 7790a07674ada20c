-- Schema 6: when a token ends, so that tokens in their grace are counted as working, and so that
-- tokens that ended long ago can be deleted in small batches.

-- The first instant at which a token does not work any more: revoked, rotated with its grace over,
-- or expired. Far away where nothing of the kind is known. Its member is not looked at.
ALTER TABLE tokens ADD COLUMN ends_ms INTEGER GENERATED ALWAYS AS (
    min(ifnull(revoked_ms, 9223372036854775807), ifnull(works_until_ms, 9223372036854775807),
        ifnull(expires_ms, 9223372036854775807))) VIRTUAL;

-- A member's working tokens are counted at each mint; of a member who has minted and revoked for
-- years there are few of these and many of the others.
DROP INDEX tokens_live_by_member;
CREATE INDEX tokens_by_member_and_end ON tokens (member_id, ends_ms);

-- A line's tokens. SQLite looks here, too, whether the row of a line's first token is still needed.
CREATE INDEX tokens_by_line ON tokens (line);

-- An insertion stamps its row a moment later: an index that leaves the unstamped out is written
-- once.
DROP INDEX tokens_by_stamp;
CREATE INDEX tokens_by_stamp ON tokens (stamp) WHERE stamp > 0;

-- Whoever remembers a token must be made to forget it when its row goes, and `deleted_version`
-- makes them forget everything. A token that had ended before it was pruned works for nobody,
-- remembered or not, so its row goes without a word.
ALTER TABLE meta ADD COLUMN pruned_until_ms INTEGER NOT NULL DEFAULT 0;  -- ended later: not pruned
DROP TRIGGER tokens_deleted;
CREATE TRIGGER tokens_deleted AFTER DELETE ON tokens
WHEN OLD.ends_ms > (SELECT pruned_until_ms FROM meta) BEGIN
    UPDATE meta
    SET directory_version = directory_version + 1, deleted_version = directory_version + 1;
END;
