-- +goose Up
-- A session keeps how it began, and from where; one that an agent opened sees this login on this device.
ALTER TABLE tokens ADD COLUMN how TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN owner_device TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN owner_login TEXT NOT NULL DEFAULT '';
UPDATE tokens SET how = 'password' WHERE session;

-- What an authenticator application shares with us, sealed; and the step of the last code that was taken.
ALTER TABLE credentials ADD COLUMN totp BLOB NOT NULL DEFAULT x'';
ALTER TABLE credentials ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0;

CREATE TABLE passkeys (
    id         BLOB PRIMARY KEY,
    email      TEXT NOT NULL REFERENCES credentials (email) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    host       TEXT NOT NULL,
    handle     BLOB NOT NULL,
    credential BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    used_ms    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_email ON passkeys (email);
