package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

// Once keeps in memory what may be taken once, for a while, and no text that gets at it: codes as their SHA-256. Where
// it holds as many as it may, the oldest makes room, so that nobody is kept out by those who leave theirs lying.
type Once[T any] struct {
	lasts time.Duration
	most  int
	now   func() time.Time

	mu   sync.Mutex
	kept map[[32]byte]onceKept[T]
}

type onceKept[T any] struct {
	value T
	until time.Time
}

// NewOnce keeps at most so many, each that long.
func NewOnce[T any](lasts time.Duration, most int, now func() time.Time) *Once[T] {
	return &Once[T]{lasts: lasts, most: most, now: now, kept: map[[32]byte]onceKept[T]{}}
}

// Keep keeps a value under a new code of 256 random bits.
func (o *Once[T]) Keep(value T) (code string) {
	random := make([]byte, 32)
	rand.Read(random)
	code = base64.RawURLEncoding.EncodeToString(random)
	o.KeepAs(code, value)
	return code
}

// KeepAs keeps a value under a name, in place of the one there.
func (o *Once[T]) KeepAs(name string, value T) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key, now := sha256.Sum256([]byte(name)), o.now()
	if _, replaces := o.kept[key]; !replaces && len(o.kept) >= o.most {
		o.makeRoom(now)
	}
	o.kept[key] = onceKept[T]{value: value, until: now.Add(o.lasts)}
}

// makeRoom forgets what has ended, or else what ends first.
func (o *Once[T]) makeRoom(now time.Time) {
	var first [32]byte
	var firstUntil time.Time
	for key, one := range o.kept {
		if !now.Before(one.until) {
			delete(o.kept, key)
		} else if firstUntil.IsZero() || one.until.Before(firstUntil) {
			first, firstUntil = key, one.until
		}
	}
	if len(o.kept) >= o.most {
		delete(o.kept, first)
	}
}

// Peek gives what is kept under a code and leaves it there.
func (o *Once[T]) Peek(code string) (value T, found bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	one, found := o.kept[sha256.Sum256([]byte(code))]
	if !found || !o.now().Before(one.until) {
		return value, false
	}
	return one.value, true
}

// Take gives what is kept under a code, to the first who asks.
func (o *Once[T]) Take(code string) (value T, found bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := sha256.Sum256([]byte(code))
	one, found := o.kept[key]
	delete(o.kept, key)
	if !found || !o.now().Before(one.until) {
		return value, false
	}
	return one.value, true
}
