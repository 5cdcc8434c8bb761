package collector

import (
	"context"
	"time"

	"github.com/dayline-project/dayline/shared/stream"
)

// StreamKey names one stream of one device.
type StreamKey struct {
	Device string
	Stream stream.ID
}

// Upload is one admitted batch: what ingest lets into the store. Episodes keep the order and the sequences of the
// stream; those refused or covered by a tombstone are left out, and the head still moves past them.
type Upload struct {
	StreamKey
	First, Last  uint64
	DigestBefore stream.Digest
	DigestAfter  stream.Digest
	Rows         []Row
}

// Row is one stored episode.
type Row struct {
	Sequence uint64
	// LoginKey as by LoginKey; Person its id at ingest (reports join anew).
	LoginKey string
	stream.Record
	// Day is the local day of the start, counted in days since 1970-01-01; fixed at ingest.
	Day int32
	// ClockCorrected: the start was moved by the device's clock offset.
	ClockCorrected bool
}

// StreamBatch is what the store remembers of a stored batch, to tell repeats from forks.
type StreamBatch struct {
	First, Last  uint64
	DigestBefore stream.Digest
	DigestAfter  stream.Digest
}

// Mark is what tells one stored episode from another that claims its place in a stream.
type Mark struct {
	Sequence       uint64
	Start          time.Time
	For            time.Duration
	ClockCorrected bool
}

// EpisodeStore keeps episodes. A conformance test holds for every engine.
type EpisodeStore interface {
	// Append stores all uploads in one durable transaction, or none. Disk full is an *Error with code NoSpace.
	Append(ctx context.Context, uploads []Upload) error
	// Batches gives the newest stored batches of a stream, oldest first (at most 128); empty for an unknown stream.
	Batches(ctx context.Context, key StreamKey) ([]StreamBatch, error)
	// Marks gives the episodes stored of a stream from first to last, both included, in no order.
	Marks(ctx context.Context, key StreamKey, first, last uint64) ([]Mark, error)
	// Delete removes episodes that started before a time, of a login (key) or, with an empty key, of a device.
	Delete(ctx context.Context, device, loginKey string, before time.Time) (int64, error)

	Stats(ctx context.Context) (StoreStats, error)
	// BackupTo writes a consistent copy to a new file while others go on.
	BackupTo(ctx context.Context, file string) error
	Close() error
}

// OpenRow is an episode going on, as of the device's last contact.
type OpenRow struct {
	Device string
	Row
}

// LocalDay gives the local day of a start, counted in days since 1970-01-01, by the start's own offset.
func LocalDay(start time.Time) int32 {
	_, offset := start.Zone()
	seconds := start.Unix() + int64(offset)
	day := seconds / 86400
	if seconds < 0 && seconds%86400 != 0 {
		day--
	}
	return int32(day)
}

// Began is when a local day began anywhere: what ended before it is on no calendar part of that day.
func Began(day int32) time.Time { return time.Unix(int64(day)*86400, 0).Add(-14 * time.Hour) }

// StoreStats describes the episode store.
type StoreStats struct {
	Episodes int64
	Bytes    int64
	// SetAside names episode files that could not be read.
	SetAside []string
}
