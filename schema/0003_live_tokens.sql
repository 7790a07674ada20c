-- Schema 3: a mint counts its member's live tokens, and looks at no others: of a member who has
-- minted and revoked for years there are few of the one and many of the other.
CREATE INDEX tokens_live_by_member ON tokens (member_id, expires_ms)
    WHERE revoked_ms IS NULL AND rotated_ms IS NULL;
