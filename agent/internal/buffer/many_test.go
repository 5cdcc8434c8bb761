package buffer

import (
	bolt "go.etcd.io/bbolt"

	"github.com/dayline-project/dayline/shared/stream"
)

// appendMany stores a record so many times in one transaction, after number first of the run.
func (b *Buffer) appendMany(run string, first, count uint64, record *stream.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.change("append many", func(tx *bolt.Tx) error {
		for range count {
			if err := b.add(tx, record); err != nil {
				return err
			}
		}
		return putRun(tx, run, runProgress{last: first + count, at: record.Start})
	})
}
