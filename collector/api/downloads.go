package api

import (
	"context"
	"net/http"
	"path"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/shared/release"
)

// Bounds of what agents fetch to update themselves. Who is turned away comes back, and who is cut off goes on from there (Range).
const (
	// maxDownloads of packages at once; an office behind a slow line fills many for long.
	maxDownloads = 128
	// fetchPace is how many bytes a second all of them together get: 1,000 devices are through in three minutes, and syncs beside
	// them find the processors and the line free.
	fetchPace = 32 << 20
	// fetchedWithin is how long one may take in all, and takenWithin a piece of it: no slow reader keeps a place.
	fetchedWithin = 10 * time.Minute
	// leastWait is worth a timer.
	leastWait = time.Millisecond
	// backIn is when who was turned away is asked to come back.
	backIn = time.Minute
)

// downloads bounds what is fetched at once.
type downloads struct {
	places *semaphore.Weighted
	// within is fetchedWithin.
	within time.Duration
	mu     sync.Mutex
	// freeAt is when what was let go so far is through.
	freeAt time.Time
}

func newDownloads() *downloads {
	return &downloads{places: semaphore.NewWeighted(maxDownloads), within: fetchedWithin}
}

// turn waits until so many bytes may go, after those that came before.
func (d *downloads) turn(ctx context.Context, bytes int) error {
	d.mu.Lock()
	now := time.Now()
	if d.freeAt.Before(now) {
		d.freeAt = now
	}
	wait := d.freeAt.Sub(now)
	d.freeAt = d.freeAt.Add(time.Duration(bytes) * time.Second / fetchPace)
	d.mu.Unlock()
	if wait < leastWait {
		return nil
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fetched lets signed-in devices have what lies below release.Path, one file at a time each. Packages have places of their own: they
// keep neither a sync waiting nor the channel that withdraws them.
func (a *Agents) fetched(files http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one, replaced, err := a.session(r.Header.Get("Authorization"))
		if err == nil && replaced {
			err = collector.Refuse(collector.SignedOut, "authorization", "the key was replaced; sign in with the new one")
		}
		if err != nil {
			a.limits.refuseFile(w, r, err)
			return
		}
		if !one.beginFetch() {
			a.notNow(w, "another download of this device is under way")
			return
		}
		defer one.endFetch()
		if !shelf.IsLetter(path.Base(r.URL.Path)) {
			if !a.downloads.places.TryAcquire(1) {
				a.notNow(w, "as many devices fetch an update as may at once")
				return
			}
			defer a.downloads.places.Release(1)
		}
		started := time.Now()
		counted := &fetchWriter{
			ResponseWriter: w, ctx: r.Context(), downloads: a.downloads,
			control: http.NewResponseController(w), until: started.Add(a.downloads.within),
		}
		files.ServeHTTP(counted, r)
		a.metrics.fetched(counted.bytes)
		a.metrics.called(release.Path, "", time.Since(started))
	})
}

func (a *Agents) notNow(w http.ResponseWriter, why string) {
	a.metrics.refused(string(collector.TooMany))
	w.Header().Set("Retry-After", strconv.Itoa(int(backIn/time.Second)))
	http.Error(w, why+"; come back in a minute", http.StatusServiceUnavailable)
}

// fetchWriter gives each piece its turn and its time, and the whole.
type fetchWriter struct {
	http.ResponseWriter
	ctx       context.Context
	downloads *downloads
	control   *http.ResponseController
	until     time.Time
	bytes     int64
}

// Write of http.ResponseWriter.
func (f *fetchWriter) Write(piece []byte) (int, error) {
	if err := f.downloads.turn(f.ctx, len(piece)); err != nil {
		return 0, err
	}
	deadline := time.Now().Add(takenWithin)
	if deadline.After(f.until) {
		deadline = f.until
	}
	if err := f.control.SetWriteDeadline(deadline); err != nil {
		return 0, err
	}
	n, err := f.ResponseWriter.Write(piece)
	f.bytes += int64(n)
	return n, err
}
