package buffer

import (
	"encoding/binary"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/dayline-project/dayline/shared/stream"
)

// Pause keeps a person's pause from now until Resume or local midnight.
func (b *Buffer) Pause(login stream.Login, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.update("pause", func(tx *bolt.Tx) error {
		payload := binary.BigEndian.AppendUint32(appendMillis(nil, now), uint32(offsetMinutes(now)))
		return put(tx, pausesBucket, []byte(loginKey(login)), payload)
	})
}

// Resume ends a person's pause.
func (b *Buffer) Resume(login stream.Login) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.update("resume", func(tx *bolt.Tx) error {
		return tx.Bucket(pausesBucket).Delete([]byte(loginKey(login)))
	})
}

// Paused tells whether the person paused today, by now's local day. A clock that was set to another day ends a pause:
// it never lasts longer than meant.
func (b *Buffer) Paused(login stream.Login, now time.Time) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var paused bool
	err := b.view("look up pause", func(tx *bolt.Tx) error {
		payload, ok := get(tx, pausesBucket, []byte(loginKey(login)))
		if !ok || len(payload) != 12 {
			return nil
		}
		zone := time.FixedZone("", int(int32(binary.BigEndian.Uint32(payload[8:])))*60)
		paused = millis(payload).In(zone).Format(time.DateOnly) == now.Format(time.DateOnly)
		return nil
	})
	return paused, err
}
