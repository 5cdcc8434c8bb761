package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// Buffer is what the former release finds in a buffer.
type Buffer struct {
	// Titles of the episodes, in order, and of what is open by run.
	Titles []string          `json:"titles"`
	Open   map[string]string `json:"open"`
	// Streams with episodes.
	Streams int `json:"streams"`
	// Runs and the last number of each; those that ended are Ended.
	Runs  map[string]uint64 `json:"runs"`
	Ended []string          `json:"ended"`
	// Spans by kind and whether they wait to be sent: "pause", "pause sent".
	Spans       map[string]int `json:"spans"`
	Paused      []string       `json:"paused"`
	Quarantined int            `json:"quarantined"`
	Lost        int64          `json:"lost"`
}

var bucketNames = []string{"meta", "streams", "episodes", "runs", "checkpoints", "spans", "quarantine", "pauses"}

// ReadBuffer reads the file as the former release opens it. What that would set aside, or drop as damaged, is an error.
func ReadBuffer(path string) (*Buffer, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if _, err := checkPages(file, info.Size()); err != nil {
		return nil, fmt.Errorf("it would be set aside: %w", err)
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	b := &Buffer{Open: map[string]string{}, Runs: map[string]uint64{}, Spans: map[string]int{}}
	return b, db.View(b.read)
}

func (b *Buffer) read(tx *bolt.Tx) error {
	for _, name := range bucketNames {
		bucket := tx.Bucket([]byte(name))
		if bucket == nil {
			return fmt.Errorf("there is no %s", name)
		}
		if err := bucket.ForEach(func(key, value []byte) error {
			payload, sound := unseal(name, key, value)
			if !sound {
				return fmt.Errorf("%s %x: the checksum does not fit", name, key)
			}
			if err := b.row(tx, name, key, payload); err != nil {
				return fmt.Errorf("%s %x: %w", name, key, err)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

var errLength = errors.New("it is of another length")

func (b *Buffer) row(tx *bolt.Tx, bucket string, key, payload []byte) error {
	switch bucket {
	case "meta":
		if len(payload) != 8 {
			return errLength
		}
		if string(key) == "lost" {
			b.Lost = int64(binary.BigEndian.Uint64(payload))
		}
	case "streams":
		if len(key) != 4 || len(payload) != 40 {
			return errLength
		}
		b.Streams++
	case "episodes":
		if len(key) != 12 || len(payload) < 16 {
			return errLength
		}
		if tx.Bucket([]byte("streams")).Get(key[:4]) == nil {
			return errors.New("it is of no stream")
		}
		record, err := decodeRecord(payload[16:])
		b.Titles = append(b.Titles, record.title)
		return err
	case "runs":
		if len(payload) != 17 {
			return errLength
		}
		b.Runs[string(key)] = binary.BigEndian.Uint64(payload)
		if payload[8] == 1 {
			b.Ended = append(b.Ended, string(key))
		}
	case "checkpoints":
		if len(payload) < 8 {
			return errLength
		}
		record, err := decodeRecord(payload[8:])
		b.Open[string(key)] = record.title
		return err
	case "spans":
		return b.span(payload)
	case "quarantine":
		b.Quarantined++
		var kept struct {
			Reason string `json:"reason"`
			Record []byte `json:"record"`
		}
		return json.Unmarshal(payload, &kept)
	case "pauses":
		if len(payload) != 12 {
			return errLength
		}
		b.Paused = append(b.Paused, string(key))
	}
	return nil
}

// span is the contract's, which only ever grows (buf breaking): its present code reads it as the former did.
func (b *Buffer) span(payload []byte) error {
	if len(payload) == 0 {
		return errLength
	}
	var span agentv1.Span
	if err := proto.Unmarshal(payload[1:], &span); err != nil {
		return err
	}
	kind := span.Kind
	if payload[0] != 1 {
		kind += " sent"
	}
	b.Spans[kind]++
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func unseal(bucket string, key, value []byte) ([]byte, bool) {
	if len(value) < 4 {
		return nil, false
	}
	sum := crc32.Checksum([]byte(bucket), castagnoli)
	sum = crc32.Update(sum, castagnoli, key)
	return value[4:], crc32.Update(sum, castagnoli, value[4:]) == binary.BigEndian.Uint32(value)
}
