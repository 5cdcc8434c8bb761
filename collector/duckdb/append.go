package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
)

const (
	dayMillis = 24 * 60 * 60 * 1000
	// maxOffsetMillis is how far a local day can lie from the same day in UTC.
	maxOffsetMillis = 18 * 60 * 60 * 1000
)

// Append stores all uploads in one transaction. DuckDB has the log on disk (fdatasync) when a commit returns.
func (s *Store) Append(ctx context.Context, uploads []collector.Upload) error {
	if len(uploads) == 0 {
		return nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	var newest int64
	err := s.write(ctx, "append", func(tx *transaction) error {
		newest = tx.written.nextBatch + int64(len(uploads)) - 1
		return tx.append(uploads)
	})
	if err != nil && newest > 0 && s.holds(ctx, newest) {
		s.log.Warn("episodes are stored, but the log could not be folded in", "error", err)
		return nil
	}
	if err == nil {
		s.written.sincePruned += len(uploads)
		if s.written.sincePruned >= pruneEvery {
			err = s.prune(ctx)
		}
	}
	return err
}

// holds tells whether a batch is stored. A commit also fails when the log grew long and could not be folded into a full
// disk; the transaction is in the log by then, and durable.
func (s *Store) holds(ctx context.Context, batch int64) bool {
	var found bool
	err := s.read("holds", func(f *file) error {
		return f.db.QueryRowContext(context.WithoutCancel(ctx), `SELECT count(*) > 0 FROM batch WHERE id = ?`, batch).Scan(&found)
	})
	return err == nil && found
}

// transaction is one of the writer's, on a connection of its own.
type transaction struct {
	ctx     context.Context
	conn    *sql.Conn
	written *dictionaries
}

// write runs act in a transaction that is durable when write returns, or leaves no trace. The caller holds writing.
func (s *Store) write(ctx context.Context, what string, act func(*transaction) error) error {
	if err := s.recover(ctx); err != nil {
		return refusal(err)
	}
	err := s.read(what, func(f *file) (err error) {
		conn, err := f.db.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		return inTransaction(&transaction{ctx: ctx, conn: conn, written: s.written}, act)
	})
	if err != nil && invalidated(err) {
		// A failed write to a full disk makes DuckDB refuse everything from then on; the file itself is sound.
		if again := s.reopen(context.WithoutCancel(ctx)); again != nil {
			return errors.Join(refusal(err), again)
		}
	}
	return refusal(err)
}

func inTransaction(tx *transaction, act func(*transaction) error) error {
	if _, err := tx.conn.ExecContext(tx.ctx, "BEGIN"); err != nil {
		return err
	}
	err := act(tx)
	if err == nil {
		// Once begun, it is not given up half-way: whether it holds must be known.
		_, err = tx.conn.ExecContext(context.WithoutCancel(tx.ctx), "COMMIT")
	}
	if err == nil {
		for _, dictionary := range tx.written.all() {
			dictionary.committed()
		}
		return nil
	}
	for _, dictionary := range tx.written.all() {
		dictionary.rolledBack()
	}
	if _, again := tx.conn.ExecContext(context.WithoutCancel(tx.ctx), "ROLLBACK"); again != nil {
		// The connection may still be inside: it must not serve another.
		_ = tx.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return err
}

// invalidated tells whether DuckDB refuses to go on with the opened file.
func invalidated(err error) bool {
	text := err.Error()
	return strings.Contains(text, "database has been invalidated") || strings.Contains(text, "FATAL Error") ||
		strings.Contains(text, "restarted prior to being used again")
}

func (tx *transaction) append(uploads []collector.Upload) error {
	if err := tx.into("episode", func(appender *duckdb.Appender) error {
		for i := range uploads {
			if err := tx.appendRows(appender, &uploads[i]); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := tx.into("batch", func(appender *duckdb.Appender) error {
		for i := range uploads {
			if err := tx.appendBatch(appender, &uploads[i]); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for _, dictionary := range tx.written.all() {
		if err := tx.writeDictionary(dictionary); err != nil {
			return err
		}
	}
	return nil
}

// into fills a table through an appender.
func (tx *transaction) into(table string, fill func(*duckdb.Appender) error) error {
	return tx.conn.Raw(func(raw any) error {
		conn, ok := raw.(driver.Conn)
		if !ok {
			return fmt.Errorf("%T is no connection", raw)
		}
		appender, err := duckdb.NewAppenderFromConn(conn, "", table)
		if err != nil {
			return err
		}
		if err := fill(appender); err != nil {
			return errors.Join(err, appender.Clear(), appender.Close())
		}
		return appender.CloseWithCancel(tx.ctx)
	})
}

func (tx *transaction) writeDictionary(dictionary writer) error {
	if dictionary.empty() {
		return nil
	}
	return tx.into(dictionary.name(), dictionary.write)
}

func (tx *transaction) appendRows(appender *duckdb.Appender, upload *collector.Upload) error {
	stream := tx.written.streams.number(upload.StreamKey, upload.StreamKey)
	var last segmentOf
	for i := range upload.Rows {
		row := &upload.Rows[i]
		if !last.holds(row) {
			last = tx.segment(upload, stream, row)
		}
		began, length := row.Start.UnixMilli()-last.midnightMillis, row.For.Milliseconds()
		if began < 0 || began >= dayMillis {
			return fmt.Errorf("row %d starts outside its day", row.Sequence)
		}
		if err := appender.AppendRow(
			last.number, int16(int64(row.Sequence)-last.base), int32(began+length), int32(length),
			stateNumber(row.State), packEnded(row), tx.written.activity(&row.Record),
			tx.written.title(row.Title), int32(row.ObservedFor.Milliseconds()),
		); err != nil {
			return err
		}
	}
	return nil
}

// segmentOf is the segment of the row before: neighbours nearly always share it.
type segmentOf struct {
	number                  int32
	loginKey, name, session string
	day                     int32
	offsetSeconds           int
	midnightMillis          int64
	base                    int64
}

func (s *segmentOf) holds(row *collector.Row) bool {
	_, offset := row.Start.Zone()
	return s.number != 0 && s.day == row.Day && s.offsetSeconds == offset &&
		s.base == baseOf(row.Sequence) && s.loginKey == row.LoginKey && s.session == row.Session && s.name == row.Login.Name
}

func (tx *transaction) segment(upload *collector.Upload, stream int32, row *collector.Row) segmentOf {
	_, offset := row.Start.Zone()
	whose := loginEntry{device: upload.Device, key: row.LoginKey, name: row.Login.Name}
	entry := segmentEntry{
		login: tx.written.logins.number(whose, whose), stream: stream, session: row.Session, day: row.Day, offsetMinutes: int16(offset / 60),
		base: baseOf(row.Sequence),
	}
	return segmentOf{
		number: tx.written.segments.number(entry, entry), loginKey: row.LoginKey, name: row.Login.Name, session: row.Session,
		day: row.Day, offsetSeconds: offset,
		base:           baseOf(row.Sequence),
		midnightMillis: int64(row.Day)*dayMillis - int64(offset)*1000,
	}
}

// segmentSequences of a stream share a segment at most: what is left of a sequence takes 12 bits, however long the
// stream is.
const segmentSequences = 1 << 12

func baseOf(sequence uint64) int64 { return int64(sequence &^ (segmentSequences - 1)) }

// The numbers of words in the file; they are part of its format.
var (
	states  = [...]episode.State{1: episode.Active, 2: episode.Passive, 3: episode.Locked}
	endings = [...]episode.EndedBy{
		1: episode.ByFocus, episode.ByIdle, episode.ByInput, episode.ByLimit, episode.ByLock, episode.BySleep,
		episode.ByUnlock, episode.ByWake, episode.BySchedule, episode.ByPause, episode.BySettings, episode.ByClock,
		episode.ByLogoff, episode.ByShutdown, episode.ByEnd, episode.ByCrash,
	}
	reasons = [...]episode.Reason{1: episode.ReasonLock, episode.ReasonSleep}
)

const (
	active     = 1
	passive    = 2
	locked     = 3
	byLimit    = 4
	byClock    = 12
	endedBits  = 0x1f
	reasonBits = 0x3
	reasonAt   = 5
	clockBit   = 0x80
)

func numberOf[W ~string](word W, words []W) uint8 {
	for n, known := range words {
		if n > 0 && known == word {
			return uint8(n)
		}
	}
	return 0
}

func stateNumber(state episode.State) uint8 { return numberOf(state, states[:]) }

// packEnded puts ending (5 bits), reason (2 bits) and the mark of a corrected clock (1 bit) into one column.
func packEnded(row *collector.Row) uint8 {
	packed := numberOf(row.EndedBy, endings[:]) | numberOf(row.Reason, reasons[:])<<reasonAt
	if row.ClockCorrected {
		packed |= clockBit
	}
	return packed
}

func unpackEnded(packed uint8) (endedBy episode.EndedBy, reason episode.Reason) {
	if n := packed & endedBits; int(n) < len(endings) {
		endedBy = endings[n]
	}
	if n := packed >> reasonAt & reasonBits; int(n) < len(reasons) {
		reason = reasons[n]
	}
	return endedBy, reason
}
