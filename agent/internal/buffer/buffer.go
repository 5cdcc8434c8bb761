// Package buffer keeps closed episodes on disk until the collector has acknowledged them, with the little that has to
// survive a crash beside them: checkpoints of what is open, spans, pauses, refused episodes.
//
// One run of the service is one stream: a random id, sequences from 1, each record with the digest of the stream
// before it. Every row carries a checksum of its key and its bytes, so a damaged row is noticed and left out by itself;
// a file damaged in its structure is set aside and a new one begun. Every write is one durable transaction.
package buffer

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// What can be wrong with the buffer, for errors.Is.
var (
	// ErrLocked: another process has this buffer open.
	ErrLocked = errors.New("buffer: another agent uses it")
	// ErrDiskFull: nothing was written and nothing was damaged; try again later.
	ErrDiskFull = errors.New("disk full")
	// ErrDamaged: the file turned out damaged; it was set aside and a new one begun. The call had no effect.
	ErrDamaged = errors.New("the file was damaged and set aside")
	// ErrRunEnded: this run of a helper was closed already.
	ErrRunEnded = errors.New("buffer: this session's run has ended")
)

// Limits of what is kept without a collector.
type Limits struct {
	Bytes int64
	Days  int
}

// DefaultLimits hold until settings say otherwise.
var DefaultLimits = Limits{Bytes: 64_000_000, Days: 60}

// Stats describe the buffer.
type Stats struct {
	Episodes int64
	// Bytes the episodes take, in rows; FileBytes is the size of the file.
	Bytes     int64
	FileBytes int64
	// Lost counts episodes dropped or damaged since the file was begun.
	Lost        int64
	Quarantined int64
	// SetAside names the damaged files kept, oldest first.
	SetAside []string
}

// Buffer is an open buffer. Its methods may be called from several goroutines.
type Buffer struct {
	mu      sync.Mutex
	path    string
	db      *bolt.DB
	file    *os.File
	limits  Limits
	current head
	// usage by login key, and the rows' bytes of all.
	usage map[string]usage
	total usage
	stats Stats
}

// head is where a stream goes on.
type head struct {
	ordinal uint32
	id      stream.ID
	next    uint64
	digest  stream.Digest
}

type usage struct {
	login    stream.Login
	episodes int64
	bytes    int64
}

// Names of the buckets.
var (
	metaBucket        = []byte("meta")
	streamsBucket     = []byte("streams")
	episodesBucket    = []byte("episodes")
	runsBucket        = []byte("runs")
	checkpointsBucket = []byte("checkpoints")
	spansBucket       = []byte("spans")
	quarantineBucket  = []byte("quarantine")
	pausesBucket      = []byte("pauses")

	buckets = [][]byte{metaBucket, streamsBucket, episodesBucket, runsBucket, checkpointsBucket, spansBucket, quarantineBucket, pausesBucket}
)

// Open opens or begins the buffer in this file and starts a new stream. A damaged file is set aside as
// FILE.corrupt-TIME (the newest two are kept) and a new one begun: Stats names it and a span of kind loss tells.
// ErrLocked where another process has it.
func Open(path string, limits Limits) (*Buffer, error) {
	b := &Buffer{path: path, limits: limits}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.open(); err != nil {
		return nil, fmt.Errorf("buffer: open: %w", err)
	}
	b.keepReserve()
	return b, nil
}

// Close lets go of the file; what was appended stays.
func (b *Buffer) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.db == nil {
		return nil
	}
	err := b.db.Close()
	b.db = nil
	if err != nil {
		return fmt.Errorf("buffer: close: %w", err)
	}
	return nil
}

// SetLimits changes the caps; they act with the next Append and Expire.
func (b *Buffer) SetLimits(limits Limits) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limits = limits
}

// Stats tells what is kept.
func (b *Buffer) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	stats := b.stats
	stats.Episodes, stats.Bytes = b.total.episodes, b.total.bytes
	if info, err := os.Stat(b.path); err == nil {
		stats.FileBytes = info.Size()
	}
	stats.SetAside = setAside(b.path)
	return stats
}

// update runs one durable transaction; what is the word of the caller for errors. A panic or a memory fault inside
// (bbolt's way to tell a damaged page) sets the file aside and gives ErrDamaged. The caller holds the mutex.
func (b *Buffer) update(what string, change func(*bolt.Tx) error) error {
	return b.guarded(what, func() error { return b.db.Update(change) })
}

// view runs one reading transaction, guarded like update.
func (b *Buffer) view(what string, read func(*bolt.Tx) error) error {
	return b.guarded(what, func() error { return b.db.View(read) })
}

func (b *Buffer) guarded(what string, act func() error) error {
	if b.db == nil {
		if err := b.open(); err != nil {
			return fmt.Errorf("buffer: %s: %w", what, err)
		}
	}
	err := recovered(act)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errPanic):
		b.abandon()
		return errors.Join(fmt.Errorf("buffer: %s: %w", what, ErrDamaged), b.begin(err))
	case isDiskFull(err):
		return fmt.Errorf("buffer: %s: %w", what, ErrDiskFull)
	}
	return fmt.Errorf("buffer: %s: %w", what, err)
}

// abandon lets go of a database that panicked. It may have died holding its own locks, and then Close would wait for
// ever: the file, and with it the lock on it, is closed in any case.
func (b *Buffer) abandon() {
	db, file := b.db, b.file
	b.db, b.file = nil, nil
	closed := make(chan struct{})
	go func() { // ends with Close, or stays with the database that is stuck
		defer close(closed)
		_ = recovered(db.Close)
	}()
	select {
	case <-closed:
	case <-time.After(time.Second):
		file.Close()
	}
}

var errPanic = errors.New("damaged")

// recovered turns a panic, and a fault in mapped memory, into an error.
func recovered(act func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", errPanic, cause)
		}
	}()
	return act()
}

func newStreamID() stream.ID {
	var id stream.ID
	rand.Read(id[:]) // never fails
	return id
}

func newSpanID() []byte {
	id := make([]byte, 8)
	rand.Read(id) // never fails
	return id
}

// Login turns a stream's login into the contract's.
func Login(login stream.Login) *agentv1.Login {
	return &agentv1.Login{Authority: login.Authority, Account: login.Account, Name: login.Name}
}

func offsetMinutes(t time.Time) int32 {
	_, seconds := t.Zone()
	return int32(seconds / 60)
}

// Usage tells how many episodes of a login wait, and the bytes of their rows.
func (b *Buffer) Usage(login stream.Login) (episodes, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	used := b.usage[loginKey(login)]
	return used.episodes, used.bytes
}
