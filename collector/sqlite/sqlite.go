// Package sqlite is the registry in one SQLite file: a writer of one connection and a few readers beside it, each with
// the same pragmas. Every write is one transaction, durable when it returns. Secrets are sealed under a key that lies
// beside the database in a file of its own.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/dayline-project/dayline/collector"
)

// The files of a registry's directory.
const (
	File    = "registry.db"
	KeyFile = "registry.key"
)

const readers = 4

// Registry implements collector.Registry.
type Registry struct {
	dir    string
	writer *sql.DB
	reader *sql.DB
	seal   *seal
}

var _ collector.Registry = (*Registry)(nil)

// Open opens the registry in a directory, making both if they are not there, and migrates it. It refuses data newer
// than this program, and a registry whose key file is missing or another's.
func Open(ctx context.Context, dir string) (*Registry, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("sqlite: open: %w", err)
	}
	file := filepath.Join(dir, File)
	if err := migrate(ctx, file); err != nil {
		return nil, fmt.Errorf("sqlite: open: %w", err)
	}
	r := &Registry{dir: dir}
	var err error
	if r.writer, err = open(file, 1, "&_txlock=immediate"); err == nil {
		r.reader, err = open(file, readers, "&_pragma=query_only(1)")
	}
	if err == nil {
		r.seal, err = r.openSeal(ctx, filepath.Join(dir, KeyFile))
	}
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("sqlite: open: %w", err)
	}
	return r, nil
}

// open gives a pool whose every connection has the pragmas: they are in the address, not said once to one of them.
func open(file string, connections int, more string) (*sql.DB, error) {
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(file)}
	if filepath.VolumeName(file) != "" {
		address.Path = "/" + address.Path
	}
	db, err := sql.Open("sqlite", address.String()+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"+
		"&_pragma=synchronous(FULL)&_pragma=fullfsync(1)&_pragma=checkpoint_fullfsync(1)&_pragma=secure_delete(ON)"+
		"&_pragma=foreign_keys(ON)&_pragma=trusted_schema(OFF)"+more)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// Close closes the database; its write-ahead log is folded in.
func (r *Registry) Close() error {
	var failed []error
	for _, db := range []*sql.DB{r.reader, r.writer} {
		if db != nil {
			failed = append(failed, db.Close())
		}
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("sqlite: close: %w", err)
	}
	return nil
}

// BackupTo writes a consistent copy to a new file while others go on, and the key file beside it. It has a connection
// of its own, since the readers may not write and the writer is needed.
func (r *Registry) BackupTo(ctx context.Context, file string) error {
	if err := copies(ctx, filepath.Join(r.dir, File), file); err != nil {
		return fmt.Errorf("sqlite: backup: %w", err)
	}
	if err := writeNew(filepath.Join(filepath.Dir(file), KeyFile), r.seal.key); err != nil {
		return fmt.Errorf("sqlite: backup: %w", err)
	}
	return nil
}

// vacuumInto copies the database to a new file of mode 0600, durably.
func vacuumInto(ctx context.Context, db *sql.DB, file string) error {
	if err := writeNew(file, nil); err != nil {
		return err
	}
	// VACUUM INTO takes an empty file as well as none; the file's mode was set when it was made.
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", file); err != nil {
		return errors.Join(reason(err), os.Remove(file))
	}
	return syncFile(file)
}

// writeNew makes a file of mode 0600 that was not there, durably.
func writeNew(file string, content []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	return nil
}

func syncFile(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// write runs do in one transaction that holds the write lock from its beginning.
func (r *Registry) write(ctx context.Context, what string, do func(tx *sql.Tx) error) error {
	tx, err := r.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("sqlite: %s: %w", what, reason(err))
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return fmt.Errorf("sqlite: %s: %w", what, reason(err))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("sqlite: %s: %w", what, reason(err))
	}
	return nil
}

// fold empties the write-ahead log, so that what was erased is in no file any more.
func (r *Registry) fold(ctx context.Context) error {
	var busy, log, done int
	if err := r.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done); err != nil {
		return fmt.Errorf("sqlite: fold the log: %w", reason(err))
	}
	if busy != 0 {
		return errors.New("sqlite: fold the log: a reader holds it")
	}
	return nil
}

// reason names a full disk in the collector's words; other errors stay as they are.
func reason(err error) error {
	var failure *driver.Error
	if errors.As(err, &failure) && failure.Code()&0xff == sqlite3.SQLITE_FULL {
		return collector.Refuse(collector.NoSpace, "", "the disk is full")
	}
	return err
}

// querier is what a transaction and a pool have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// collect reads all rows of a query.
func collect[T any](ctx context.Context, q querier, what string, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %s: %w", what, reason(err))
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("sqlite: %s: %w", what, err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: %s: %w", what, reason(err))
	}
	return all, nil
}

// millis and moment turn times into what is stored: Unix milliseconds, 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
