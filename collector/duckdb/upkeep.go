package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// Delete removes episodes and whatever text only they had. It gives how many episodes were removed.
func (s *Store) Delete(ctx context.Context, device, loginKey string, before time.Time) (int64, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	var deleted int64
	err := s.write(ctx, "delete", func(tx *transaction) (err error) {
		deleted, err = tx.delete(device, loginKey, before)
		return err
	})
	if err != nil || deleted == 0 {
		return deleted, err
	}
	return deleted, s.relearn(ctx)
}

// relearn reads the dictionaries anew, for they remember numbers that may be gone.
func (s *Store) relearn(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return errClosed
	}
	written, err := loadDictionaries(ctx, s.file.db)
	if err != nil {
		return fmt.Errorf("duckdb: delete: %w", err)
	}
	s.written = written
	_, err = s.file.db.ExecContext(ctx, "CHECKPOINT")
	return refusal(err)
}

func (tx *transaction) delete(device, loginKey string, before time.Time) (int64, error) {
	whose, args := "device = ?", []any{device}
	if loginKey != "" {
		whose, args = "key = ?", []any{loginKey}
	}
	result, err := tx.conn.ExecContext(tx.ctx, fmt.Sprintf(`
		DELETE FROM episode USING segment g
		WHERE episode.segment = g.id AND g.login IN (SELECT id FROM login WHERE %s)
			AND g.day * %d::BIGINT + episode.finish - episode.length - g.offset_minutes * 60000 < ?`, whose, dayMillis),
		append(args, before.UnixMilli())...)
	if err != nil {
		return 0, err
	}
	deleted, err := result.RowsAffected()
	if err != nil || deleted == 0 {
		return deleted, err
	}
	for _, orphans := range []string{
		`DELETE FROM title WHERE id <> 0 AND id NOT IN (SELECT title FROM episode)`,
		`DELETE FROM activity WHERE id NOT IN (SELECT activity FROM episode)`,
		`DELETE FROM segment WHERE id NOT IN (SELECT segment FROM episode)`,
		`DELETE FROM login WHERE id NOT IN (SELECT login FROM segment)`,
	} {
		if _, err := tx.conn.ExecContext(tx.ctx, orphans); err != nil {
			return 0, err
		}
	}
	return deleted, nil
}

// Stats counts episodes, bytes on disk, and names the files set aside.
func (s *Store) Stats(ctx context.Context) (collector.StoreStats, error) {
	var stats collector.StoreStats
	err := s.read("stats", func(f *file) error {
		if err := f.db.QueryRowContext(ctx, `SELECT count(*) FROM episode`).Scan(&stats.Episodes); err != nil {
			return err
		}
		for _, path := range []string{s.path(), s.walPath()} {
			info, err := os.Stat(path)
			if err == nil {
				stats.Bytes += info.Size()
			} else if !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		aside, err := filepath.Glob(s.path() + ".unreadable-*[Z]")
		for _, path := range aside {
			stats.SetAside = append(stats.SetAside, filepath.Base(path))
		}
		return err
	})
	return stats, err
}

// BackupTo writes a consistent copy to a new file: with the log folded in and no writer at work, the file is the copy.
// Writers wait meanwhile, a second for some hundred megabytes; reports go on.
func (s *Store) BackupTo(ctx context.Context, to string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return refusal(s.read("backup", func(f *file) error {
		if _, err := f.db.ExecContext(ctx, "CHECKPOINT"); err != nil {
			return err
		}
		if info, err := os.Stat(s.walPath()); err == nil && info.Size() > 0 {
			return errors.New("the log could not be folded in: a report holds it")
		}
		return copyFile(ctx, s.path(), to)
	}))
}

// copyFile copies to a new file that is whole and durable, or is not there.
func copyFile(ctx context.Context, from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, target.Close()); err != nil {
			err = errors.Join(err, os.Remove(to))
		}
	}()
	if _, err := io.Copy(target, contextReader{ctx, source}); err != nil {
		return err
	}
	if err := target.Sync(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// contextReader ends a copy with its context.
type contextReader struct {
	ctx  context.Context
	from io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}
