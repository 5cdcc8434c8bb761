-- +goose Up
-- The address of a link's page has a secret of its own, kept as SHA-256; a link of before has none. downloads were of an
-- installer or of an enrolment string, each with a secret of its own; used is its last download or enrolment.
ALTER TABLE links ADD COLUMN address BLOB NOT NULL DEFAULT x'' CHECK (length(address) IN (0, 32));
ALTER TABLE links ADD COLUMN downloads INTEGER NOT NULL DEFAULT 0;
ALTER TABLE links ADD COLUMN used_ms INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX links_address ON links (address) WHERE length(address) > 0;
