package buffer

import (
	"encoding/binary"
	"encoding/json"

	bolt "go.etcd.io/bbolt"

	"github.com/dayline-project/dayline/shared/stream"
)

// keptQuarantined bounds the refused episodes; the oldest go first.
const keptQuarantined = 1000

// Quarantined is an episode that was refused by itself, kept for a look at why.
type Quarantined struct {
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	// Record is its canonical bytes.
	Record []byte `json:"record"`
}

// Quarantined lists the refused episodes, oldest first.
func (b *Buffer) Quarantined() ([]Quarantined, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var kept []Quarantined
	err := b.view("list quarantine", func(tx *bolt.Tx) error {
		return tx.Bucket(quarantineBucket).ForEach(func(key, value []byte) error {
			var row Quarantined
			if payload, ok := unseal(quarantineBucket, key, value); ok && json.Unmarshal(payload, &row) == nil {
				kept = append(kept, row)
			}
			return nil
		})
	})
	return kept, err
}

// quarantine moves an episode out of the way, with the reason.
func (b *Buffer) quarantine(tx *bolt.Tx, key []byte, field, reason string) error {
	value := tx.Bucket(episodesBucket).Get(key)
	if value == nil {
		return nil
	}
	_, canonical, _ := episodeRow(key, value)
	row, err := json.Marshal(Quarantined{Field: limited(field), Reason: limited(reason), Record: canonical})
	if err != nil {
		return err
	}
	if err := b.remove(tx, key); err != nil {
		return err
	}
	bucket := tx.Bucket(quarantineBucket)
	number, err := bucket.NextSequence()
	if err != nil {
		return err
	}
	b.stats.Quarantined++
	if b.stats.Quarantined > keptQuarantined {
		if oldest, _ := bucket.Cursor().First(); oldest != nil {
			if err := bucket.Delete(append([]byte(nil), oldest...)); err != nil {
				return err
			}
			b.stats.Quarantined--
		}
	}
	return put(tx, quarantineBucket, binary.BigEndian.AppendUint64(nil, number), row)
}

func (b *Buffer) eraseQuarantined(tx *bolt.Tx, covered func(*stream.Record) bool) error {
	bucket := tx.Bucket(quarantineBucket)
	var gone [][]byte
	if err := bucket.ForEach(func(key, value []byte) error {
		var row Quarantined
		payload, ok := unseal(quarantineBucket, key, value)
		if !ok || json.Unmarshal(payload, &row) != nil {
			return nil
		}
		if record, err := stream.DecodeRecord(row.Record); err != nil || covered(&record) {
			gone = append(gone, append([]byte(nil), key...))
		}
		return nil
	}); err != nil {
		return err
	}
	for _, key := range gone {
		if err := bucket.Delete(key); err != nil {
			return err
		}
		b.stats.Quarantined--
	}
	return nil
}

// limited keeps what a collector says from filling the disk.
func limited(text string) string {
	if len(text) > 200 {
		return text[:200]
	}
	return text
}

func beUint32(key []byte) uint32 { return binary.BigEndian.Uint32(key) }
