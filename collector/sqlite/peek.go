package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/dayline-project/dayline/collector"
)

// Past is what another state of a registry says of deletions.
type Past struct {
	Tombstones []collector.Tombstone
	// Hash of the audit entry asked for; nil where there is none.
	Hash []byte
}

// Peek reads what the registry in a directory says of deletions, and the hash of an audit entry. Nothing there is
// changed, and nobody may be using it. What a crash left unfolded is read from a copy below scratch.
func Peek(ctx context.Context, dir, scratch string, sequence uint64) (past Past, err error) {
	file := filepath.Join(dir, File)
	if log, err := os.Stat(file + "-wal"); err == nil && log.Size() > 0 {
		if file, err = copyBeside(file, scratch); err != nil {
			return past, fmt.Errorf("sqlite: peek: %w", err)
		}
		defer os.RemoveAll(filepath.Dir(file))
	}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(file), RawQuery: "_pragma=query_only(1)"}
	if filepath.Dir(file) == filepath.Clean(dir) {
		address.RawQuery += "&mode=ro&immutable=1"
	}
	db, err := sql.Open("sqlite", address.String())
	if err != nil {
		return past, fmt.Errorf("sqlite: peek: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if past.Tombstones, err = tombstones(ctx, db); err != nil {
		return past, err
	}
	hashes, err := collect(ctx, db, "peek", func(rows *sql.Rows) (hash []byte, err error) { return hash, rows.Scan(&hash) },
		"SELECT hash FROM audit WHERE sequence = ?", int64(sequence))
	if err == nil && len(hashes) > 0 {
		past.Hash = hashes[0]
	}
	return past, err
}

// copyBeside copies a database and its log into a new folder, for the owner alone.
func copyBeside(file, scratch string) (string, error) {
	dir, err := os.MkdirTemp(scratch, "peek-")
	if err != nil {
		return "", err
	}
	to := filepath.Join(dir, File)
	for _, part := range []string{"", "-wal"} {
		if err := copyWhole(file+part, to+part); err != nil {
			return "", errors.Join(err, os.RemoveAll(dir))
		}
	}
	return to, nil
}

func copyWhole(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
