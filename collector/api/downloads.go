package api

import (
	"net/http"
	"path"
	"strconv"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/shared/release"
)

// Bounds of what agents fetch to update themselves. Who is turned away comes back, and who is cut off goes on from there (Range).
const (
	// maxDownloads of packages at once, so that a roll-out never takes the processors from syncs for long.
	maxDownloads = 32
	// fetchedWithin is how long one may take in all, and takenWithin a piece of it: no slow reader keeps a place.
	fetchedWithin = 10 * time.Minute
	// backIn is when who was turned away is asked to come back.
	backIn = time.Minute
)

// downloads counts what is fetched at once.
type downloads struct {
	places *semaphore.Weighted
	// within is fetchedWithin.
	within time.Duration
}

func newDownloads() *downloads {
	return &downloads{places: semaphore.NewWeighted(maxDownloads), within: fetchedWithin}
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
		counted := &fetchWriter{ResponseWriter: w, control: http.NewResponseController(w), until: started.Add(a.downloads.within)}
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

// fetchWriter gives each piece its time, and the whole.
type fetchWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	until   time.Time
	bytes   int64
}

// Write of http.ResponseWriter.
func (f *fetchWriter) Write(piece []byte) (int, error) {
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
