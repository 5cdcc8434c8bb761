package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
)

var _ collector.Upkeep = (*Store)(nil)

// upkeepSegments are changed in one transaction, some 600,000 episodes: writers wait no longer than that takes.
const upkeepSegments = 1000

// Delete removes episodes that started before a time, and then whatever text only they had. Cut short, it has removed a
// part of them, and may be asked again.
func (s *Store) Delete(ctx context.Context, device, loginKey string, before time.Time) (int64, error) {
	if device == "" && loginKey == "" {
		return 0, errors.New("duckdb: delete: neither a device nor a login")
	}
	const whose = `SELECT id FROM segment WHERE login IN (
		SELECT id FROM login WHERE ($1 = '' OR device = $1) AND ($2 = '' OR key = $2)) ORDER BY id`
	started := fmt.Sprintf(`DELETE FROM episode USING segment g WHERE episode.segment = g.id AND g.%%s
		AND g.day * %d::BIGINT + episode.finish - episode.length - g.offset_minutes * 60000 < %d`, dayMillis, before.UnixMilli())
	return s.upkeep(ctx, "delete", whose, []string{device, loginKey}, func(tx *transaction, among string) (int64, error) {
		return tx.exec(fmt.Sprintf(started, among))
	})
}

// DropDays removes the episodes of all local days before one, as Delete does.
func (s *Store) DropDays(ctx context.Context, before int32) (int64, error) {
	return s.upkeep(ctx, "drop days", segmentsBefore(before), nil, func(tx *transaction, among string) (int64, error) {
		return tx.exec(`DELETE FROM episode WHERE segment IN (SELECT id FROM segment WHERE ` + among + `)`)
	})
}

// Strip clears titles or addresses of the episodes of all local days before one: an episode without its address is of
// the same application, product, bundle and privacy. Cut short, it has stripped a part of them, and may be asked again.
func (s *Store) Strip(ctx context.Context, before int32, titles, addresses bool) (int64, error) {
	return s.upkeep(ctx, "strip", segmentsBefore(before), nil, func(tx *transaction, among string) (stripped int64, err error) {
		episodes := ` segment IN (SELECT id FROM segment WHERE ` + among + `)`
		if err := tx.conn.QueryRowContext(tx.ctx, `SELECT count(*) FROM episode WHERE`+episodes+` AND ($1 AND title <> 0
			OR $2 AND activity IN (SELECT id FROM activity WHERE `+addressed+`))`, titles, addresses).Scan(&stripped); err != nil {
			return 0, err
		}
		if titles {
			if _, err := tx.exec(`UPDATE episode SET title = 0 WHERE title <> 0 AND` + episodes); err != nil {
				return 0, err
			}
		}
		if addresses {
			err = tx.clearAddresses(episodes)
		}
		return stripped, err
	})
}

func segmentsBefore(day int32) string {
	return fmt.Sprintf(`SELECT id FROM segment WHERE day < %d ORDER BY id`, day)
}

// addressed holds for activities with something to strip.
const addressed = `(site <> '' OR url <> '')`

// clearAddresses has some episodes point at the same activities without an address, which it writes where there is none.
func (tx *transaction) clearAddresses(episodes string) error {
	bare, err := tx.bareActivities(episodes)
	if err != nil || len(bare) == 0 {
		return err
	}
	if err := tx.writeDictionary(tx.written.activities); err != nil {
		return err
	}
	_, err = tx.conn.ExecContext(tx.ctx, `UPDATE episode SET activity = bare.id FROM activity a JOIN activity bare
		ON bare.app = a.app AND bare.product = a.product AND bare.bundle = a.bundle AND bare.private = a.private AND bare.`+listed+`
		WHERE a.id = episode.activity AND (a.site <> '' OR a.url <> '') AND`+episodes, listOf(bare))
	return err
}

// bareActivities numbers what is left of the addressed activities of some episodes.
func (tx *transaction) bareActivities(episodes string) ([]int32, error) {
	rows, err := tx.conn.QueryContext(tx.ctx, `SELECT DISTINCT app, product, bundle, private FROM activity WHERE `+addressed+`
		AND id IN (SELECT activity FROM episode WHERE`+episodes+`)`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var bare []int32
	for rows.Next() {
		var entry activityEntry
		if err := rows.Scan(&entry.app, &entry.product, &entry.bundle, &entry.private); err != nil {
			return nil, err
		}
		bare = append(bare, tx.written.activities.number(entry, entry))
	}
	return bare, rows.Err()
}

// exec runs a statement and gives how many rows it was about.
func (tx *transaction) exec(statement string) (int64, error) {
	result, err := tx.conn.ExecContext(tx.ctx, statement)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// upkeep changes the episodes of chosen segments, some segments to a transaction so that writers get in between; among
// is a condition on the columns of segment. Then it removes what no episode needs any more, even where none was changed:
// it may have been cut short before.
func (s *Store) upkeep(
	ctx context.Context, what, chosen string, texts []string, change func(tx *transaction, among string) (int64, error),
) (changed int64, err error) {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	var segments []int32
	if err := s.read(what, func(f *file) error {
		return f.chunks.scan(ctx, chosen, func(c chunk) { segments = append(segments, column[int32](c, 0)...) }, texts...)
	}); err != nil {
		return 0, err
	}
	for some := range slices.Chunk(segments, upkeepSegments) {
		var now int64
		if err := s.writeAlone(ctx, what, func(tx *transaction) (err error) {
			now, err = change(tx, fmt.Sprintf("id IN (%s)", listOf(some)))
			return err
		}); err != nil {
			return changed, err
		}
		changed += now
	}
	return changed, s.dropOrphans(ctx)
}

// writeAlone is write for those that do not hold writing. What was changed is folded into the file at once: until then
// DuckDB holds it in memory that it cannot give back.
func (s *Store) writeAlone(ctx context.Context, what string, act func(*transaction) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.write(ctx, what, act); err != nil {
		return err
	}
	return refusal(s.read(what, func(f *file) error {
		_, err := f.db.ExecContext(ctx, "CHECKPOINT")
		return err
	}))
}

// Stats counts episodes, bytes on disk, and names the files set aside.
func (s *Store) Stats(ctx context.Context) (collector.StoreStats, error) {
	var stats collector.StoreStats
	err := s.read("stats", func(f *file) error {
		if err := f.db.QueryRowContext(ctx, `SELECT count(*) FROM episode`).Scan(&stats.Episodes); err != nil {
			return err
		}
		var err error
		if stats.Bytes, err = s.bytes(); err != nil {
			return err
		}
		aside, err := filepath.Glob(s.path() + ".unreadable-*[Z]")
		for _, path := range aside {
			stats.SetAside = append(stats.SetAside, filepath.Base(path))
		}
		return err
	})
	return stats, err
}

// bytes of the file and its log.
func (s *Store) bytes() (bytes int64, err error) {
	for _, path := range []string{s.path(), s.walPath()} {
		info, err := os.Stat(path)
		if err == nil {
			bytes += info.Size()
		} else if !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
	}
	return bytes, nil
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
