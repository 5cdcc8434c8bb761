package buffer

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/dayline-project/dayline/shared/stream"
)

// Rows. Each value is the CRC-32C of bucket, key and payload, 4 bytes, and the payload:
//
//	meta         name                          → a number
//	streams      ordinal (4)                   → id (16), next sequence (8), digest (16)
//	episodes     ordinal (4), sequence (8)     → digest of the stream before (16), canonical record
//	runs         run                           → last number (8), ended (1), at ms (8)
//	checkpoints  run                           → at ms (8), canonical record ended by crash
//	spans        id (8)                        → to send (1), protobuf Span
//	quarantine   number (8)                    → JSON
//	pauses       login key                     → at ms (8), offset in minutes (4)
//
// Numbers are big-endian, so that rows lie in their order. Ordinals count streams in the order of their beginning.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sealBytes = 4

func sumOf(bucket, key, payload []byte) uint32 {
	sum := crc32.Checksum(bucket, castagnoli)
	sum = crc32.Update(sum, castagnoli, key)
	return crc32.Update(sum, castagnoli, payload)
}

// put writes a row with its checksum.
func put(tx *bolt.Tx, bucket, key, payload []byte) error {
	value := make([]byte, sealBytes, sealBytes+len(payload))
	binary.BigEndian.PutUint32(value, sumOf(bucket, key, payload))
	b := tx.Bucket(bucket)
	b.FillPercent = 0.95 // rows come in order: half-empty pages would stay half empty
	return b.Put(key, append(value, payload...))
}

// unseal gives a row's payload; false for a missing or damaged one.
func unseal(bucket, key, value []byte) ([]byte, bool) {
	if len(value) < sealBytes {
		return nil, false
	}
	payload := value[sealBytes:]
	return payload, sumOf(bucket, key, payload) == binary.BigEndian.Uint32(value)
}

func get(tx *bolt.Tx, bucket, key []byte) ([]byte, bool) {
	return unseal(bucket, key, tx.Bucket(bucket).Get(key))
}

func getNumber(tx *bolt.Tx, name string) int64 {
	payload, found := get(tx, metaBucket, []byte(name))
	if !found || len(payload) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(payload))
}

func putNumber(tx *bolt.Tx, name string, number int64) error {
	return put(tx, metaBucket, []byte(name), binary.BigEndian.AppendUint64(nil, uint64(number)))
}

func episodeKey(ordinal uint32, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(make([]byte, 0, 12), ordinal), sequence)
}

func splitEpisodeKey(key []byte) (ordinal uint32, sequence uint64, ok bool) {
	if len(key) != 12 {
		return 0, 0, false
	}
	return binary.BigEndian.Uint32(key), binary.BigEndian.Uint64(key[4:]), true
}

// episodeRow opens an episode's row; canonical points into the transaction's memory.
func episodeRow(key, value []byte) (digest stream.Digest, canonical []byte, ok bool) {
	payload, ok := unseal(episodesBucket, key, value)
	if !ok || len(payload) < len(digest) {
		return digest, nil, false
	}
	return stream.Digest(payload[:len(digest)]), payload[len(digest):], true
}

// rowBytes is what a row takes in its page.
func rowBytes(key, value []byte) int64 { return int64(len(key)+len(value)) + 16 }

func putHead(tx *bolt.Tx, h head) error {
	payload := append(make([]byte, 0, 40), h.id[:]...)
	payload = binary.BigEndian.AppendUint64(payload, h.next)
	payload = append(payload, h.digest[:]...)
	return put(tx, streamsBucket, binary.BigEndian.AppendUint32(nil, h.ordinal), payload)
}

func getHead(tx *bolt.Tx, ordinal uint32) (head, bool) {
	payload, ok := get(tx, streamsBucket, binary.BigEndian.AppendUint32(nil, ordinal))
	if !ok || len(payload) != 40 {
		return head{}, false
	}
	return head{
		ordinal: ordinal, id: stream.ID(payload[:16]), next: binary.BigEndian.Uint64(payload[16:]), digest: stream.Digest(payload[24:]),
	}, true
}

// newOrdinal counts streams.
func newOrdinal(tx *bolt.Tx) (uint32, error) {
	ordinal, err := tx.Bucket(streamsBucket).NextSequence()
	if err == nil && ordinal > math.MaxUint32 {
		err = errors.New("too many streams")
	}
	return uint32(ordinal), err
}

// loginKey compares accounts without case.
func loginKey(login stream.Login) string {
	return strings.ToLower(login.Authority + `\\` + login.Account)
}

func appendMillis(dst []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(t.UnixMilli()))
}

func millis(payload []byte) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(payload)))
}
