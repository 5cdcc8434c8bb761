-- +goose Up
-- Who may sign in is in people.yaml; here are the secrets alone, by e-mail in lower case.
CREATE TABLE credentials (
    email        TEXT PRIMARY KEY,
    hash         TEXT NOT NULL DEFAULT '',
    changed_ms   INTEGER NOT NULL DEFAULT 0,
    signed_in_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    id         TEXT PRIMARY KEY,
    secret     BLOB NOT NULL UNIQUE CHECK (length(secret) = 32),
    email      TEXT NOT NULL,
    role       TEXT NOT NULL,
    session    INTEGER NOT NULL,
    name       TEXT NOT NULL,
    write      INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    used_ms    INTEGER NOT NULL DEFAULT 0,
    revoked_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX tokens_email ON tokens (email, created_ms);

-- What each device calls a directory login: its word holds for what it sent itself.
CREATE TABLE login_names (
    device TEXT NOT NULL,
    login  TEXT NOT NULL REFERENCES logins (key) ON DELETE CASCADE,
    name   TEXT NOT NULL,
    PRIMARY KEY (device, login)
) STRICT, WITHOUT ROWID;
CREATE INDEX login_names_login ON login_names (login);
INSERT INTO login_names (device, login, name) SELECT told_by, key, name FROM logins WHERE device = '';
