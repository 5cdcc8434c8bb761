// Package duckdb keeps the episodes in one embedded DuckDB file, and answers the reports by scanning them.
//
// One row is one episode of eight small numbers: what many rows share is put once into append-only dictionaries.
// A segment is one session's part of a stream on one local day with one offset; an activity is application, product,
// bundle, site, address and private; a title is its text. An entry may stand twice (the store remembers only the recent
// ones), so every report groups by what an entry says and never by its number.
package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/dayline-project/dayline/collector"
)

// FileName is the episode file's name in the data directory.
const FileName = "episodes.duckdb"

// Options of a store. The zero value has 512 MB and as many threads as DuckDB thinks right.
type Options struct {
	// MemoryBytes bounds what DuckDB takes; 0: 512 MB.
	MemoryBytes int64
	// Threads for queries; 0: one per core.
	Threads int
	// Log; nil: slog.Default().
	Log *slog.Logger
}

// Store is a collector.EpisodeStore.
type Store struct {
	dir     string
	options Options
	log     *slog.Logger

	// mu is held for reading while a query runs, for writing while the file is changed under DuckDB: reopened,
	// rewritten, copied.
	mu     sync.RWMutex
	file   *file
	closed bool
	// keeping orders what changes or copies what is stored already. It is taken before writing.
	keeping sync.Mutex
	// writing orders the writers; the dictionaries belong to it.
	writing sync.Mutex
	written *dictionaries
	// reckonings has a place for each that runs.
	reckonings chan struct{}
	// sweepAll settles days too where nothing can overlap: tests compare.
	sweepAll bool
}

var _ collector.EpisodeStore = (*Store)(nil)

// file is one opened DuckDB file: pooled connections for statements, chunks for what is scanned, and folds for what is
// added up by the million.
type file struct {
	db     *sql.DB
	chunks *chunks
	folds  *folds
}

// Open opens the store in dir, making it where there is none. A file that cannot be read is renamed to
// FileName.unreadable-TIME and a new one begun; Stats names it from then on. A file of a newer version is an error.
func Open(ctx context.Context, dir string, options Options) (*Store, error) {
	if options.MemoryBytes == 0 {
		options.MemoryBytes = 512 << 20
	}
	if options.Log == nil {
		options.Log = slog.Default()
	}
	s := &Store{dir: dir, options: options, log: options.Log, reckonings: make(chan struct{}, reckoningsAtOnce)}
	err := s.open(ctx)
	if err != nil && unreadable(err) {
		s.log.Error("episode file is unreadable and set aside", "error", err)
		if err := s.setAside(time.Now()); err != nil {
			return nil, fmt.Errorf("duckdb: open: %w", err)
		}
		err = s.open(ctx)
	}
	if err == nil {
		// What a rewrite or a spilled query left that was cut short; the file is locked by now.
		err = errors.Join(removeAll(s.rewritePath()), os.RemoveAll(s.path()+".tmp"))
	}
	if err != nil {
		return nil, fmt.Errorf("duckdb: open: %w", err)
	}
	return s, nil
}

func (s *Store) path() string { return filepath.Join(s.dir, FileName) }

func (s *Store) walPath() string { return s.path() + ".wal" }

// open opens the file as it is and reads what the dictionaries remember.
func (s *Store) open(ctx context.Context) error {
	opened, err := openFile(ctx, s.path(), s.options)
	if err != nil {
		return err
	}
	written, err := loadDictionaries(ctx, opened.db)
	if err != nil {
		return errors.Join(err, opened.close())
	}
	s.file, s.written = opened, written
	return nil
}

// openFile opens a DuckDB file closed to everything else: no other file, no extension, no change of settings.
func openFile(ctx context.Context, path string, options Options) (*file, error) {
	if strings.ContainsAny(path, "?#%") {
		return nil, fmt.Errorf("the path must not contain ?, # or %%: %s", path)
	}
	settings := url.Values{
		"access_mode":                   {"READ_WRITE"},
		"memory_limit":                  {strconv.FormatInt(options.MemoryBytes/1000, 10) + "KB"},
		"enable_external_access":        {"false"},
		"autoinstall_known_extensions":  {"false"},
		"autoload_known_extensions":     {"false"},
		"allow_community_extensions":    {"false"},
		"allow_persistent_secrets":      {"false"},
		"lock_configuration":            {"true"},
		"storage_compatibility_version": {"latest"},
		// Sum by dense numbers in arrays instead of hash tables, up to a million of them: three times faster here.
		"perfect_ht_threshold": {"20"},
		// Smaller blocks leave less unused at their ends: 4 % of the file, at no cost that could be measured.
		"default_block_size": {"65536"},
		// A larger log is folded in less often, which leaves fewer holes in the file; it is read at start within a second.
		"checkpoint_threshold": {"32MB"},
	}
	if options.Threads > 0 {
		settings.Set("threads", strconv.Itoa(options.Threads))
	}
	connector, err := duckdb.NewConnector(path+"?"+settings.Encode(), nil)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	if err := migrate(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	chunks, err := openChunks(path, settings)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	folds, err := openFolds(chunks)
	if err != nil {
		chunks.close()
		return nil, errors.Join(err, db.Close())
	}
	return &file{db: db, chunks: chunks, folds: folds}, nil
}

func (f *file) close() error {
	f.chunks.close()
	err := f.db.Close()
	f.folds.close()
	return err
}

// unreadable tells whether an error of opening says that the file's bytes are not what DuckDB wrote. A file that is
// locked, forbidden or newer is another matter: setting it aside would hide it.
func unreadable(err error) bool {
	text := err.Error()
	for _, other := range []string{
		"Could not set lock", "Permission denied", "No space left", "Too many open files", "version number", "newer",
		"the path must not", "context ",
	} {
		if strings.Contains(text, other) {
			return false
		}
	}
	var failure *duckdb.Error
	return errors.As(err, &failure)
}

func (s *Store) setAside(now time.Time) error {
	suffix := ".unreadable-" + now.UTC().Format("20060102T150405.000Z")
	if err := os.Rename(s.path(), s.path()+suffix); err != nil {
		return err
	}
	logs, err := filepath.Glob(s.walPath() + "*")
	for _, log := range logs {
		err = errors.Join(err, os.Rename(log, s.path()+suffix+strings.TrimPrefix(log, s.path())))
	}
	return errors.Join(err, syncDir(s.dir))
}

// Close waits for what is running and closes the file.
func (s *Store) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.file == nil {
		return nil
	}
	err := s.file.close()
	s.file = nil
	if err != nil {
		return fmt.Errorf("duckdb: close: %w", err)
	}
	return nil
}

// errClosed is given by everything after Close, and while a file that failed cannot be opened again.
var errClosed = errors.New("duckdb: the store is closed")

// read runs a question against the open file.
func (s *Store) read(what string, question func(*file) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.file == nil {
		return errClosed
	}
	if err := question(s.file); err != nil {
		return fmt.Errorf("duckdb: %s: %w", what, err)
	}
	return nil
}

// reopen closes and opens the file again: DuckDB refuses everything after some failures, a full disk among them,
// until it has read the file anew. The writer calls it.
func (s *Store) reopen(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		// What it says of a broken file does not matter any more.
		_ = s.file.close()
		s.file = nil
	}
	return s.open(ctx)
}

// recover opens the file again where reopen failed before. The writer calls it.
func (s *Store) recover(ctx context.Context) error {
	s.mu.RLock()
	lost := s.file == nil && !s.closed
	s.mu.RUnlock()
	if !lost {
		return nil
	}
	return s.reopen(context.WithoutCancel(ctx))
}

// refusal turns a full disk into the collector's word for it.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if strings.Contains(text, "No space left") || strings.Contains(text, "Disk quota") ||
		strings.Contains(text, "Could not write all bytes") || strings.Contains(text, "not enough disk space") {
		return collector.Refuse(collector.NoSpace, "", "the episode store's disk is full")
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
