package update

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/release"
)

// cutAfter breaks the connection off after so many bytes of what was asked for.
func cutAfter(s *shop, bytes int) func(http.ResponseWriter, *http.Request) bool {
	return onPackage(func(w http.ResponseWriter, _ *http.Request) {
		whole := s.files[packageFile]
		w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
		w.WriteHeader(http.StatusOK)
		flush(w)
		_, _ = w.Write(whole[:bytes])
		flush(w)
		panic(http.ErrAbortHandler)
	})
}

func TestADownloadGoesOnFromWhereItWasBrokenOff(t *testing.T) {
	size := len(openShop(t).files[packageFile])
	for _, has := range []int{0, 1, 32<<10 - 1, 32 << 10, leastPace, size / 2, size - 1} {
		s := openShop(t)
		s.serve = cutAfter(s, has)
		if state := s.ask("1.4.0"); !strings.Contains(state.Waits, fmt.Sprintf("broken off after %d of %d bytes", has, size)) {
			t.Errorf("after %d: %q", has, state.Waits)
		}
		s.nothing()
		s.serve = nil
		s.again()
		s.handedOver()
		want := ""
		if has > 0 {
			want = fmt.Sprintf("bytes=%d-", has)
		}
		if len(s.ranges) != 2 || s.ranges[1] != want {
			t.Errorf("after %d: asked for %q", has, s.ranges)
		}
		if s.sent > int64(size*12/10) {
			t.Errorf("after %d: %d bytes came for %d", has, s.sent, size)
		}
	}
}

// A collector that orders one release after the other fills no disk with parts of them.
func TestOnePartIsKept(t *testing.T) {
	s := openShop(t)
	s.release("1.3.0", func(*release.Manifest) {})
	s.serve = cutAfter(s, 1000)
	s.ask("1.4.0")
	s.serve = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "."+release.Zst) {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	s.ask("1.3.0")
	if parts := matching(s.folder, "*"+partEnding); len(parts) != 1 || !strings.Contains(parts[0], "1.3.0") {
		t.Errorf("%q", parts)
	}
}

// A collector that knows no ranges hands out all of it.
func TestADownloadBeginsAnewWhereTheCollectorDoes(t *testing.T) {
	s := openShop(t)
	s.serve = cutAfter(s, 1000)
	s.ask("1.4.0")
	s.serve = onPackage(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(s.files[packageFile]) })
	s.again()
	s.handedOver()
}

func TestARangeOfSomethingElseIsRefused(t *testing.T) {
	s := openShop(t)
	s.serve = cutAfter(s, 1000)
	s.ask("1.4.0")
	s.serve = onPackage(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", "bytes 999-1999/2000")
		w.WriteHeader(http.StatusPartialContent)
	})
	if state := s.again(); !strings.Contains(state.Waits, `the collector sends "bytes 999-1999/2000", and not "bytes 1000-`) {
		t.Error(state.Waits)
	}
	s.nothing()
}

// What was there before may be of another package of that name: then all of it comes anew, once.
func TestAPartOfSomethingElseIsThrownAway(t *testing.T) {
	for _, has := range []int{1000, len(openShop(t).files[packageFile]), 1 << 20} {
		s := openShop(t)
		if err := os.WriteFile(filepath.Join(s.folder, filepath.Base(packageFile)+partEnding), make([]byte, has), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := (&Marker{Step: Fetch, To: "1.4.0"}).Save(s.Folder); err != nil {
			t.Fatal(err)
		}
		if state := s.ask("1.4.0"); has < 1<<20 && !strings.Contains(state.Waits, "it is not what was signed: its SHA-256 is ") {
			t.Errorf("%d bytes were there: %+v", has, state)
		}
		if has < 1<<20 {
			s.again()
		}
		s.handedOver()
	}
}

// Bytes that came whole and are not those that were signed come no better the next time.
func TestWhatIsNotWhatWasSignedFails(t *testing.T) {
	s := openShop(t)
	s.files[packageFile] = append([]byte("x"), s.files[packageFile][1:]...)
	s.ask("1.4.0")
	s.nothing()
	failed := s.marker().Failed
	if len(failed) != 1 || failed[0].Version != "1.4.0" || failed[0].Step != Verify || failed[0].RolledBack || !strings.HasPrefix(failed[0].Reason, "it is not what was signed: its SHA-256 is ") {
		t.Fatalf("%+v", failed)
	}
	asked := len(s.ranges)
	if state := s.again(); !strings.Contains(state.Waits, "1.4.0 failed here at verify") || len(s.ranges) != asked {
		t.Errorf("%+v, asked %d times", state, len(s.ranges))
	}
	if found, _ := filepath.Glob(filepath.Join(s.folder, "*"+partEnding)); len(found) > 0 {
		t.Errorf("left: %v", found)
	}
	if said := s.State().Words(time.Now()); !strings.Contains(said, "1.4.0 failed at verify on ") {
		t.Error(said)
	}
}

func TestASlowDripIsBrokenOff(t *testing.T) {
	s := openShop(t)
	s.paceFor = 200 * time.Millisecond
	s.serve = onPackage(func(w http.ResponseWriter, r *http.Request) {
		flush(w)
		for i := 0; i < 1000 && r.Context().Err() == nil; i++ {
			_, _ = w.Write(s.files[packageFile][i : i+1])
			flush(w)
		}
		<-r.Context().Done() // and then a stall
	})
	if state := s.ask("1.4.0"); !strings.Contains(state.Waits, "less than 64 KB came in a minute") {
		t.Error(state.Waits)
	}
	s.nothing()
}

func TestRetriesAreFurtherAndFurtherApart(t *testing.T) {
	s := openShop(t)
	delete(s.files, packageFile)
	s.ask("1.4.0")
	for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		if wait := time.Until(s.work.retryAt); wait > want || wait < want-30*time.Second {
			t.Errorf("it waits %s, not %s", wait, want)
		}
		asked := len(s.ranges)
		if s.step(t.Context()); len(s.ranges) != asked {
			t.Error("it asked before that")
		}
		s.again()
	}
	s.work.failures = 1000
	if s.again(); time.Until(s.work.retryAt) > lastRetry {
		t.Errorf("it waits until %s", s.work.retryAt)
	}
}

func TestABusyCollectorSaysWhenToComeBack(t *testing.T) {
	s := openShop(t)
	for _, test := range []struct {
		header      string
		least, most time.Duration
	}{{"7200", 2 * time.Hour, 150 * time.Minute}, {"9999999", lastRetry, lastRetry * 5 / 4}, {"-3", 0, 5 * time.Minute}, {"tomorrow", 0, 10 * time.Minute}} {
		s.serve = onPackage(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", test.header)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		begun := time.Now()
		s.work.retryAt = time.Time{}
		s.ask("1.4.0")
		if wait := s.work.retryAt.Sub(begun); wait < test.least || wait > test.most+time.Minute {
			t.Errorf("%s: it waits %s", test.header, wait)
		}
	}
}

// A pause of the roll-out ends what is being done.
func TestADownloadEndsWithItsOrder(t *testing.T) {
	s := openShop(t)
	s.serve = onPackage(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(s.files[packageFile][:1000])
		flush(w)
		s.Order(nil)
		<-r.Context().Done()
	})
	s.ask("1.4.0")
	s.nothing()
	s.step(t.Context())
	if m := s.marker(); m.Step != "" || s.State().Version != "" {
		t.Errorf("%+v, %+v", m, s.State())
	}
	if found, _ := filepath.Glob(filepath.Join(s.folder, "*"+partEnding)); len(found) > 0 {
		t.Errorf("left: %v", found)
	}
}

// Until the collector has answered nobody knows what it asks for: what came before the service was started anew is kept.
func TestADownloadOutlivesTheService(t *testing.T) {
	s := openShop(t)
	s.serve = cutAfter(s, 200_000)
	s.ask("1.4.0")
	s.serve = nil
	anew := New(s.Config)
	anew.settleFor, anew.splayFor, anew.power = 0, 0, s.power
	s.Updater = anew
	s.open()
	s.step(t.Context())
	if m := s.marker(); m.Step != Fetch {
		t.Errorf("%+v", m)
	}
	s.ask("1.4.0")
	s.handedOver()
	if s.ranges[len(s.ranges)-1] != "bytes=200000-" {
		t.Errorf("asked for %q", s.ranges)
	}
}

func TestStaged(t *testing.T) {
	s := openShop(t)
	s.open()
	part := filepath.Join(s.folder, "part")
	packed := s.files[packageFile]
	p := release.Package{Size: int64(len(packed)), SHA256: fmt.Sprintf("%x", sha256.Sum256(packed))}
	bomb := s.pack(make([]byte, maxProgram+1))
	for name, test := range map[string]struct {
		content []byte
		p       release.Package
		want    error
	}{
		"whole":                         {packed, p, nil},
		"changed after it was verified": {append(bytes.Clone(packed[:len(packed)-1]), 'x'), p, errChanged},
		"no longer of that kind":        {[]byte("something else"), p, errChanged},
		"grown after it was verified":   {append(bytes.Clone(packed), 'x'), p, errChanged},
		"cut off after it was verified": {packed[:1000], p, errChanged},
	} {
		if err := os.WriteFile(part, test.content, 0o600); err != nil {
			t.Fatal(err)
		}
		name_, _, err := s.stage(part, test.p)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Lstat(filepath.Join(s.folder, stagedName)); (err == nil) != (test.want == nil) || test.want == nil && name_ != stagedName {
			t.Errorf("%s: staged: %v", name, err)
		}
	}
	if err := os.WriteFile(part, bomb, 0o600); err != nil {
		t.Fatal(err)
	}
	p.SHA256 = fmt.Sprintf("%x", sha256.Sum256(bomb))
	if _, _, err := s.stage(part, p); err == nil {
		t.Error("more than 64 MB were unpacked")
	}
	s.nothing()
}
