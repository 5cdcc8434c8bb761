package buffer

import (
	"encoding/binary"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/dayline-project/dayline/shared/stream"
)

// Append stores a closed episode of a helper's run at the end of the stream and removes the run's checkpoint, in one
// transaction; one longer than a batch may say becomes several. Each number of a run is stored once: a number not above the last is taken as stored. A *stream.Fault is
// a record no collector would take; ErrRunEnded a run that was closed; ErrDiskFull leaves everything as it was.
//
// Where the caps are reached the oldest of the login using most are dropped and recorded as a loss.
func (b *Buffer) Append(run string, number uint64, record *stream.Record, now time.Time) error {
	parts := stream.Split(record)
	for i := range parts {
		if err := parts[i].Check(); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.change("append", func(tx *bolt.Tx) error {
		progress := getRun(tx, run)
		if progress.ended {
			return ErrRunEnded
		}
		if number <= progress.last {
			return nil
		}
		for i := range parts {
			if err := b.add(tx, &parts[i]); err != nil {
				return err
			}
		}
		if err := tx.Bucket(checkpointsBucket).Delete([]byte(run)); err != nil {
			return err
		}
		return putRun(tx, run, runProgress{last: number, at: now})
	})
}

// change is update for what touches the head or the usage: these follow the disk only when it was written.
func (b *Buffer) change(what string, change func(*bolt.Tx) error) error {
	current, total, lost, quarantined := b.current, b.total, b.stats.Lost, b.stats.Quarantined
	touched := make(map[string]usage, len(b.usage))
	for key, used := range b.usage {
		touched[key] = used
	}
	db := b.db
	err := b.update(what, change)
	if err != nil && b.db == db {
		b.current, b.total, b.usage, b.stats.Lost, b.stats.Quarantined = current, total, touched, lost, quarantined
	}
	return err
}

// add puts the record at the end of the current stream and makes room where it has to.
func (b *Buffer) add(tx *bolt.Tx, record *stream.Record) error {
	if b.current.ordinal == 0 {
		ordinal, err := newOrdinal(tx)
		if err != nil {
			return err
		}
		b.current.ordinal = ordinal
	}
	canonical := stream.AppendRecord(nil, record)
	key := episodeKey(b.current.ordinal, b.current.next)
	payload := append(append(make([]byte, 0, 16+len(canonical)), b.current.digest[:]...), canonical...)
	if err := put(tx, episodesBucket, key, payload); err != nil {
		return err
	}
	b.current.next++
	b.current.digest = b.current.digest.Next(canonical)
	b.use(record.Login, 1, rowBytes(key, payload)+sealBytes)
	if err := putHead(tx, b.current); err != nil {
		return err
	}
	return b.makeRoom(tx)
}

// makeRoom drops the oldest of the login using most until a twentieth of the cap is free again, so that a full buffer
// does not walk its rows at each episode.
func (b *Buffer) makeRoom(tx *bolt.Tx) error {
	if b.limits.Bytes <= 0 || b.total.bytes <= b.limits.Bytes {
		return nil
	}
	for b.total.bytes > b.limits.Bytes-b.limits.Bytes/20 && b.total.episodes > 1 {
		var most usage
		for _, used := range b.usage {
			if used.bytes > most.bytes {
				most = used
			}
		}
		// What it uses above the second is taken first; then it is somebody else's turn.
		excess := max(b.total.bytes-(b.limits.Bytes-b.limits.Bytes/20), 1)
		dropped, err := b.drop(tx, func(record *stream.Record, freed int64) verdict {
			switch {
			case freed >= excess:
				return stop
			case loginKey(record.Login) == loginKey(most.login):
				return remove
			}
			return keep
		})
		if err != nil {
			return err
		}
		if err := b.recordLosses(tx, "buffer full", dropped); err != nil {
			return err
		}
		if len(dropped) == 0 {
			return nil
		}
	}
	return nil
}

// Expire drops what started longer ago than the limit's days, as a loss. A clock that leapt by more than that since
// the last call is not believed unless it is confirmed (by a collector's answer). It also renews the reserve.
func (b *Buffer) Expire(now time.Time, confirmed bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keepReserve()
	if b.limits.Days <= 0 {
		return nil
	}
	oldest := now.AddDate(0, 0, -b.limits.Days)
	return b.freeing("expire", func(tx *bolt.Tx) error {
		if seen := getNumber(tx, "seen_ms"); seen != 0 && seen < oldest.UnixMilli() && !confirmed {
			return nil
		}
		if err := putNumber(tx, "seen_ms", now.UnixMilli()); err != nil {
			return err
		}
		dropped, err := b.drop(tx, func(record *stream.Record, _ int64) verdict {
			if record.Start.Before(oldest) {
				return remove
			}
			return keep
		})
		if err != nil {
			return err
		}
		return b.recordLosses(tx, "too old", dropped)
	})
}

// Erase drops what a tombstone covers: of this login (nil: of all) what started before then. Nothing is recorded as
// lost: it was to go. Refused episodes go too.
func (b *Buffer) Erase(login *stream.Login, before time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	covered := func(record *stream.Record) bool {
		return record.Start.Before(before) && (login == nil || loginKey(record.Login) == loginKey(*login))
	}
	return b.freeing("erase", func(tx *bolt.Tx) error {
		if _, err := b.drop(tx, func(record *stream.Record, _ int64) verdict {
			if covered(record) {
				return remove
			}
			return keep
		}); err != nil {
			return err
		}
		return b.eraseQuarantined(tx, covered)
	})
}

type verdict int

const (
	keep verdict = iota
	remove
	stop
)

// loss is what was dropped of one login.
type loss struct {
	login    stream.Login
	count    int64
	from, to time.Time
}

// drop walks the episodes from the oldest and removes those judged so; judge also gets the bytes freed so far.
func (b *Buffer) drop(tx *bolt.Tx, judge func(record *stream.Record, freed int64) verdict) (map[string]loss, error) {
	dropped := map[string]loss{}
	var keys [][]byte
	freed := int64(0)
	cursor := tx.Bucket(episodesBucket).Cursor()
walk:
	for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
		_, canonical, ok := episodeRow(key, value)
		record, err := stream.DecodeRecord(canonical)
		if !ok || err != nil {
			continue // Peek sets it aside
		}
		switch judge(&record, freed) {
		case stop:
			break walk
		case keep:
			continue
		}
		keys = append(keys, append([]byte(nil), key...))
		freed += rowBytes(key, value)
		b.use(record.Login, -1, -rowBytes(key, value))
		gone := dropped[loginKey(record.Login)]
		if gone.count == 0 || record.Start.Before(gone.from) {
			gone.from = record.Start
		}
		if end := record.Start.Add(record.For); end.After(gone.to) {
			gone.to = end
		}
		gone.login = record.Login
		gone.count++
		dropped[loginKey(record.Login)] = gone
	}
	for _, key := range keys {
		if err := tx.Bucket(episodesBucket).Delete(key); err != nil {
			return nil, err
		}
	}
	return dropped, nil
}

// runProgress is how far a helper's run has come.
type runProgress struct {
	last  uint64
	ended bool
	at    time.Time
}

func getRun(tx *bolt.Tx, run string) runProgress {
	payload, ok := get(tx, runsBucket, []byte(run))
	if !ok || len(payload) != 17 {
		return runProgress{}
	}
	return runProgress{last: binary.BigEndian.Uint64(payload), ended: payload[8] == 1, at: millis(payload[9:])}
}

func putRun(tx *bolt.Tx, run string, progress runProgress) error {
	payload := binary.BigEndian.AppendUint64(make([]byte, 0, 17), progress.last)
	ended := byte(0)
	if progress.ended {
		ended = 1
	}
	return put(tx, runsBucket, []byte(run), appendMillis(append(payload, ended), progress.at))
}
