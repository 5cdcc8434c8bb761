-- +goose Up
-- Whose settings a document is, and when it was last made: what no episode can name any more is pruned by that.
ALTER TABLE documents ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN made_ms INTEGER NOT NULL DEFAULT 0;
UPDATE documents SET made_ms = unixepoch() * 1000,
    device = iif(json_valid(CAST(document AS TEXT)), coalesce(json_extract(CAST(document AS TEXT), '$.device'), ''), '');
CREATE INDEX documents_device ON documents (device, made_ms);

-- Who is in a session now is asked often, and few of all spans go on.
CREATE INDEX spans_going ON spans (device) WHERE end_ms = 0;
CREATE INDEX spans_end ON spans (end_ms);

-- When each work that is done from time to time was done last.
CREATE TABLE work (
    name    TEXT PRIMARY KEY,
    done_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
