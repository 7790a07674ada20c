-- Schema 7: a note on a token, for the people who manage it. No decision depends on it, so the
-- triggers of the directory do not watch it.
ALTER TABLE tokens ADD COLUMN note TEXT NOT NULL DEFAULT '' CHECK (length(note) <= 500);
