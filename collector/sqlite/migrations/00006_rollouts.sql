-- +goose Up
-- Since when a device runs its version; 0: since it was enrolled, or before this was noted.
ALTER TABLE devices ADD COLUMN version_ms INTEGER NOT NULL DEFAULT 0;

-- As many as versions were rolled out.
CREATE TABLE rollouts (
    os         TEXT NOT NULL,
    version    TEXT NOT NULL,
    percent    INTEGER NOT NULL CHECK (percent BETWEEN 1 AND 100),
    began_ms   INTEGER NOT NULL,
    raised_ms  INTEGER NOT NULL,
    counted_ms INTEGER NOT NULL,
    stood_ms   INTEGER NOT NULL,
    halted_ms  INTEGER NOT NULL,
    halted_by  TEXT NOT NULL,
    halted_why TEXT NOT NULL,
    PRIMARY KEY (os, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE update_orders (
    device     TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    version    TEXT NOT NULL,
    pinned     INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    by         TEXT NOT NULL,
    failed_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
