package buffer

import (
	"sort"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/stream"
)

// keptRuns bounds what is remembered of runs that ended.
const keptRuns = 500

// Checkpoint keeps what a run has open, as long as it is so far; nil removes it. Should the run never come to close
// it, EndRun makes it an episode of exactly that length (time.md, "What the live agent adds"). ErrRunEnded where the
// run was closed already.
func (b *Buffer) Checkpoint(run string, open *stream.Record, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if open == nil {
		return b.update("checkpoint", func(tx *bolt.Tx) error {
			return tx.Bucket(checkpointsBucket).Delete([]byte(run))
		})
	}
	record := *open
	record.EndedBy = episode.ByCrash
	if err := record.Check(); err != nil {
		return err
	}
	return b.update("checkpoint", func(tx *bolt.Tx) error {
		progress := getRun(tx, run)
		if progress.ended {
			return ErrRunEnded
		}
		progress.at = now
		if err := putRun(tx, run, progress); err != nil {
			return err
		}
		return put(tx, checkpointsBucket, []byte(run), stream.AppendRecord(appendMillis(nil, now), &record))
	})
}

// EndRun closes a run: what it left open becomes an episode ended by crash, as long as its last checkpoint says. From
// then the run is refused (ErrRunEnded). Ending it again changes nothing.
func (b *Buffer) EndRun(run string, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.change("end run", func(tx *bolt.Tx) error {
		progress := getRun(tx, run)
		if progress.ended {
			return nil
		}
		if payload, found := get(tx, checkpointsBucket, []byte(run)); found && len(payload) > 8 {
			if record, err := stream.DecodeRecord(payload[8:]); err == nil && record.Check() == nil {
				if err := b.add(tx, &record); err != nil {
					return err
				}
				progress.last++
			}
		}
		if err := tx.Bucket(checkpointsBucket).Delete([]byte(run)); err != nil {
			return err
		}
		progress.ended, progress.at = true, now
		if err := putRun(tx, run, progress); err != nil {
			return err
		}
		return forgetRuns(tx)
	})
}

// Ended tells whether a run was closed.
func (b *Buffer) Ended(run string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ended bool
	err := b.view("look up run", func(tx *bolt.Tx) error {
		ended = getRun(tx, run).ended
		return nil
	})
	return ended, err
}

// Unended lists the runs that were not closed, with when each was last heard of: after a start of the service those
// of an earlier one.
func (b *Buffer) Unended() (map[string]time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	runs := map[string]time.Time{}
	err := b.view("list runs", func(tx *bolt.Tx) error {
		return tx.Bucket(runsBucket).ForEach(func(key, _ []byte) error {
			if progress := getRun(tx, string(key)); !progress.ended {
				runs[string(key)] = progress.at
			}
			return nil
		})
	})
	return runs, err
}

// BeginRun notes that a run exists, so that a crash before its first episode is known too.
func (b *Buffer) BeginRun(run string, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.update("begin run", func(tx *bolt.Tx) error {
		progress := getRun(tx, run)
		if progress.ended {
			return ErrRunEnded
		}
		progress.at = now
		return putRun(tx, run, progress)
	})
}

// forgetRuns keeps the newest of the runs that ended.
func forgetRuns(tx *bolt.Tx) error {
	type ended struct {
		run string
		at  time.Time
	}
	var runs []ended
	if err := tx.Bucket(runsBucket).ForEach(func(key, _ []byte) error {
		if progress := getRun(tx, string(key)); progress.ended {
			runs = append(runs, ended{string(key), progress.at})
		}
		return nil
	}); err != nil || len(runs) <= keptRuns {
		return err
	}
	sort.Slice(runs, func(i, j int) bool { return runs[i].at.Before(runs[j].at) })
	for _, run := range runs[:len(runs)-keptRuns] {
		if err := tx.Bucket(runsBucket).Delete([]byte(run.run)); err != nil {
			return err
		}
	}
	return nil
}
