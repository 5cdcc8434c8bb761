package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/dayline-project/dayline/collector"
)

// rewriteSuffix marks the file that is being written; one left over is of a rewrite that was cut short.
const rewriteSuffix = ".rewrite"

func (s *Store) rewritePath() string { return s.path() + rewriteSuffix }

// spareBytes must be free beside the new file.
const spareBytes = 64 << 20

// Rewrite writes all that is stored into a new file and puts it in the old one's place, so that nothing deleted is left
// in the directory save in files set aside. Until the rename the old file is whole and in place, from then on the new
// one. Reports and writers go on meanwhile; they wait for what came in since, and the exchange. A disk without room for
// a second file is NoSpace.
//
// DuckDB's own COPY would need the open file to let others be attached; a second instance needs nothing of the sort.
func (s *Store) Rewrite(ctx context.Context) error {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	if err := s.dropOrphans(ctx); err != nil {
		return err
	}
	err := s.rewrite(ctx)
	if err != nil {
		err = errors.Join(err, removeAll(s.rewritePath()))
	}
	return err
}

func (s *Store) rewrite(ctx context.Context) error {
	var c *fileCopy
	err := s.read("rewrite", func(from *file) (err error) {
		if err := s.checkRoom(); err != nil {
			return err
		}
		c, err = s.copyFrom(ctx, from)
		return err
	})
	if err != nil {
		return refusal(err)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	err = s.read("rewrite", func(from *file) error { return c.catchUp(ctx, from) })
	if err = errors.Join(err, c.to.close()); err != nil {
		return refusal(err)
	}
	if err := s.exchange(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("duckdb: rewrite: %w", refusal(err))
	}
	s.written.titles.forget(c.titles.gone)
	s.written.activities.forget(c.activities.gone)
	return nil
}

// copyFrom begins a copy: it holds what was stored when it began.
func (s *Store) copyFrom(ctx context.Context, from *file) (*fileCopy, error) {
	if err := removeAll(s.rewritePath()); err != nil {
		return nil, err
	}
	options := s.options
	options.MemoryBytes /= 8 // beside the open file's
	to, err := openFile(ctx, s.rewritePath(), options)
	if err != nil {
		return nil, err
	}
	c := &fileCopy{to: to}
	if err := c.begin(ctx, from); err != nil {
		return nil, errors.Join(err, to.close())
	}
	return c, nil
}

func (s *Store) checkRoom() error {
	needed, err := s.bytes()
	if err != nil {
		return err
	}
	needed += spareBytes
	var disk unix.Statfs_t
	if err := unix.Statfs(s.dir, &disk); err != nil {
		return err
	}
	if free := int64(disk.Bavail) * int64(disk.Bsize); free < needed {
		return collector.Refuse(collector.NoSpace, "", "rewriting the episodes needs %d MB of free disk; %d MB are free",
			needed>>20, free>>20)
	}
	return nil
}

// exchange puts the written file in the open one's place.
func (s *Store) exchange(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return errClosed
	}
	// A log of the old file must not be found beside the new one.
	_, err := s.file.db.ExecContext(ctx, "CHECKPOINT")
	if err = errors.Join(err, s.file.close()); err == nil {
		err = errors.Join(foldedIn(s.path()), foldedIn(s.rewritePath()))
	}
	s.file = nil
	if err == nil {
		err = syncFile(s.rewritePath())
	}
	if err == nil {
		err = os.Rename(s.rewritePath(), s.path())
	}
	if err == nil {
		err = errors.Join(syncDir(s.dir), os.RemoveAll(s.path()+".tmp"))
	}
	opened, again := openFile(ctx, s.path(), s.options)
	if again != nil {
		return errors.Join(err, again) // the next writer tries again
	}
	s.file = opened
	return err
}

// foldedIn is an error where a log of the file still holds something.
func foldedIn(path string) error {
	logs, err := filepath.Glob(path + ".wal*")
	for _, log := range logs {
		if info, err := os.Stat(log); err != nil || info.Size() > 0 {
			return errors.Join(fmt.Errorf("%s was not folded in", filepath.Base(log)), err)
		}
		err = errors.Join(err, os.Remove(log))
	}
	return err
}

// removeAll removes a DuckDB file and what DuckDB may have left beside it.
func removeAll(path string) error {
	logs, err := filepath.Glob(path + ".wal*")
	for _, leftover := range append(logs, path, path+".tmp") {
		err = errors.Join(err, os.RemoveAll(leftover))
	}
	return err
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
