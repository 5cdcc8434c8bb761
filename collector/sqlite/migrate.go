package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// keptCopies is how the files as they were before a migration are called.
const keptCopies = "registry.before-*.db"

// migrate brings the file to this program's version, whole or not at all: a copy is migrated and then put in the
// file's place. The file as it was stays beside it as registry.before-VERSION.db.
func migrate(ctx context.Context, file string) error {
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return migrateWith(ctx, file, scripts)
}

func migrateWith(ctx context.Context, file string, scripts fs.FS) error {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return create(ctx, file, scripts)
	} else if err != nil {
		return err
	}
	now, newest, err := versions(ctx, file, scripts)
	switch {
	case err != nil:
		return err
	case now > newest:
		return fmt.Errorf("the data is of version %d and this program knows %d: it was written by a newer program", now, newest)
	case now == newest:
		return nil
	}
	kept := filepath.Join(filepath.Dir(file), strings.Replace(keptCopies, "*", strconv.FormatInt(newest, 10), 1))
	working := file + ".migrating"
	for _, left := range []string{kept, working, working + "-wal", working + "-shm"} {
		if err := os.Remove(left); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	if err := copies(ctx, file, kept, working); err != nil {
		return fmt.Errorf("migrate: copy: %w", err)
	}
	if err := up(ctx, working, scripts); err != nil {
		return fmt.Errorf("migrate from version %d to %d: %w", now, newest, errors.Join(err, os.Remove(working)))
	}
	return replace(working, file)
}

// create makes a new database under another name first, so that one half made is never taken for a registry.
func create(ctx context.Context, file string, scripts fs.FS) error {
	working := file + ".making"
	for _, left := range []string{working, working + "-wal", working + "-shm"} {
		if err := os.Remove(left); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("create: %w", err)
		}
	}
	if err := writeNew(working, nil); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	if err := up(ctx, working, scripts); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	return replace(working, file)
}

// replace puts a closed database in a file's place. A log left beside either would be taken for the other's.
func replace(working, file string) error {
	for _, log := range []string{working + "-wal", file + "-wal"} {
		if info, err := os.Stat(log); err == nil && info.Size() > 0 {
			return fmt.Errorf("replace: %s is still there: is another process using the registry?", filepath.Base(log))
		}
	}
	if err := syncFile(working); err != nil {
		return fmt.Errorf("replace: %w", err)
	}
	if err := os.Rename(working, file); err != nil {
		return fmt.Errorf("replace: %w", err)
	}
	return syncDir(filepath.Dir(file))
}

func copies(ctx context.Context, file string, targets ...string) (err error) {
	db, err := open(file, 1, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, target := range targets {
		if err := vacuumInto(ctx, db, target); err != nil {
			return err
		}
	}
	return nil
}

func versions(ctx context.Context, file string, scripts fs.FS) (now, newest int64, err error) {
	err = withProvider(file, scripts, func(p *goose.Provider) error {
		now, newest, err = p.GetVersions(ctx)
		return err
	})
	return now, newest, err
}

func up(ctx context.Context, file string, scripts fs.FS) error {
	return withProvider(file, scripts, func(p *goose.Provider) error {
		_, err := p.Up(ctx)
		return err
	})
}

// withProvider opens the file for goose and closes it, its log folded in.
func withProvider(file string, scripts fs.FS, do func(*goose.Provider) error) (err error) {
	db, err := open(file, 1, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeFolded(db)) }()
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, scripts, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	return do(provider)
}

func closeFolded(db *sql.DB) error {
	_, err := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	return errors.Join(err, db.Close())
}
