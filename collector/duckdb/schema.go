package duckdb

import (
	"context"
	"database/sql"
	"fmt"
)

// schemaVersion of the tables below. A file of a later one is refused.
const schemaVersion = 2

// schema: plain SQL types and no constraints, so that other engines can take it as it is. Numbers in columns of their
// own compress to the bits they need; measured, an index costs more than it finds.
//
//	episode   segment, sequence (from the segment's base), finish (its end, in ms since the segment's local midnight: as
//	          episodes arrive, ends lie closer together than starts), length and observed (ms), state
//	          (1 active, 2 passive, 3 locked), ended (see packEnded), activity, title (0: none)
//	segment   one session's part of a stream on one local day: day since 1970-01-01, offset in minutes, base: what
//	          sequences count from, a multiple of segmentSequences
//	batch     the boundaries of stored batches, newest last
const schema = `
CREATE TABLE episode (
	segment INTEGER, sequence SMALLINT, finish INTEGER, length INTEGER, state UTINYINT, ended UTINYINT,
	activity INTEGER, title INTEGER, observed INTEGER
);
CREATE TABLE segment (
	id INTEGER, login INTEGER, stream INTEGER, session VARCHAR, day INTEGER, offset_minutes SMALLINT, base BIGINT
);
CREATE TABLE login (id INTEGER, device VARCHAR, key VARCHAR, name VARCHAR);
CREATE TABLE stream (id INTEGER, device VARCHAR, stream UUID);
CREATE TABLE activity (id INTEGER, app VARCHAR, product VARCHAR, site VARCHAR, url VARCHAR, private BOOLEAN, bundle VARCHAR);
CREATE TABLE title (id INTEGER, text VARCHAR);
INSERT INTO title VALUES (0, '');
CREATE TABLE batch (
	id BIGINT, stream INTEGER, first BIGINT, last BIGINT, digest_before UUID, digest_after UUID
);
CREATE TABLE schema_version (version INTEGER);
`

// second makes version 2 of a file of version 1: entries say which bundle a Mac's program is of.
const second = `ALTER TABLE activity ADD COLUMN bundle VARCHAR DEFAULT ''`

// migrate makes the tables in a new file, brings an older one up to date, and refuses a newer one.
func migrate(ctx context.Context, db *sql.DB) error {
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM duckdb_tables()`).Scan(&tables); err != nil {
		return err
	}
	if tables == 0 {
		return advance(ctx, db, schema)
	}
	var version int
	if err := db.QueryRowContext(ctx, `SELECT max(version) FROM schema_version`).Scan(&version); err != nil {
		return err
	}
	switch {
	case version > schemaVersion:
		return fmt.Errorf("the file has version %d, which is newer than this collector's %d", version, schemaVersion)
	case version < schemaVersion:
		return advance(ctx, db, second)
	}
	return nil
}

// advance changes the tables, and notes that they are of the present version.
func advance(ctx context.Context, db *sql.DB, change string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	if _, err := tx.ExecContext(ctx, change); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO schema_version VALUES (?)`, schemaVersion); err != nil {
		return err
	}
	return tx.Commit()
}
