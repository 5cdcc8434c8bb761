-- +goose Up
-- Times are Unix milliseconds; 0 is never.

CREATE TABLE links (
    id             TEXT PRIMARY KEY,
    os             TEXT NOT NULL,
    created_by     TEXT NOT NULL,
    created_ms     INTEGER NOT NULL,
    expires_ms     INTEGER NOT NULL,
    max_devices    INTEGER NOT NULL,
    max_per_minute INTEGER NOT NULL,
    devices        INTEGER NOT NULL DEFAULT 0,
    revoked_ms     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A link has many secrets: its own, and one more for each download. Each ends with the link.
CREATE TABLE link_secrets (
    hash        BLOB PRIMARY KEY CHECK (length(hash) = 32),
    link        TEXT NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    created_ms  INTEGER NOT NULL,
    expires_ms  INTEGER NOT NULL,
    max_devices INTEGER NOT NULL,
    devices     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX link_secrets_link ON link_secrets (link);

CREATE TABLE devices (
    id            TEXT PRIMARY KEY,
    public_key    BLOB NOT NULL UNIQUE CHECK (length(public_key) = 32),
    name          TEXT NOT NULL,
    os            TEXT NOT NULL,
    os_version    TEXT NOT NULL,
    arch          TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    hardware      TEXT NOT NULL,
    time_zone     TEXT NOT NULL,
    link          TEXT REFERENCES links (id),
    enrolled_ms   INTEGER NOT NULL,
    revoked_ms    INTEGER NOT NULL DEFAULT 0,
    uninstall_ms  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX devices_link ON devices (link, enrolled_ms);

-- Apart from devices, and narrow: these rows change with every contact.
CREATE TABLE contacts (
    device     TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    contact_ms INTEGER NOT NULL DEFAULT 0,
    episode_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE health (
    device TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    health BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE device_flags (
    device TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    flag   TEXT NOT NULL,
    PRIMARY KEY (device, flag)
) STRICT, WITHOUT ROWID;

CREATE TABLE replaced_keys (
    public_key BLOB PRIMARY KEY,
    device     TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE people (
    id    TEXT PRIMARY KEY,
    name  TEXT NOT NULL,
    email TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE logins (
    key       TEXT PRIMARY KEY,
    name      TEXT NOT NULL,
    -- The device it is local to; empty for a directory account.
    device    TEXT NOT NULL,
    person    TEXT NOT NULL REFERENCES people (id),
    -- The device that told of it first.
    told_by   TEXT NOT NULL
) STRICT;
CREATE INDEX logins_person ON logins (person);
CREATE INDEX logins_told_by ON logins (told_by);

CREATE TABLE spans (
    device    TEXT NOT NULL,
    id        BLOB NOT NULL,
    login_key TEXT NOT NULL,
    day       INTEGER NOT NULL,
    start_ms  INTEGER NOT NULL,
    -- 0 while it goes on.
    end_ms    INTEGER NOT NULL,
    span      BLOB NOT NULL,
    PRIMARY KEY (device, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX spans_start ON spans (device, start_ms);
CREATE INDEX spans_day ON spans (device, day);
CREATE INDEX spans_login ON spans (login_key, start_ms);

CREATE TABLE documents (
    revision TEXT PRIMARY KEY,
    document BLOB NOT NULL
) STRICT;

CREATE TABLE tombstones (
    device    TEXT NOT NULL,
    login_key TEXT NOT NULL,
    before_ms INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL
) STRICT;
CREATE INDEX tombstones_device ON tombstones (device);
CREATE INDEX tombstones_login ON tombstones (login_key);

-- The chain's bytes are described at collector.AuditHash. An erased entry has neither salt nor payload.
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at_ms    INTEGER NOT NULL,
    salt     BLOB,
    payload  BLOB,
    inner    BLOB NOT NULL,
    hash     BLOB NOT NULL
) STRICT;

CREATE TABLE secrets (
    name   TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE file_revisions (
    id      INTEGER PRIMARY KEY,
    file    TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;
