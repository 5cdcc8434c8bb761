package update

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/stream"
)

// What this test program is, besides itself: a device, in a folder, from its power switch on; and the service of a program there.
const (
	liveIn     = "DAYLINE_TEST_LIVE_IN"
	shopAt     = "DAYLINE_TEST_SHOP_AT"
	serveIn    = "DAYLINE_TEST_SERVE_IN"
	serveHow   = "DAYLINE_TEST_SERVE_HOW"
	becomes    = "1.4.0"
	tortured   = "500ms"
	appendEach = 10 * time.Millisecond
)

func TestMain(m *testing.M) {
	var err error
	switch {
	case os.Getenv(serveIn) != "":
		err = serve(os.Getenv(serveIn), os.Getenv(serveHow))
	case os.Getenv(watchIn) != "":
		err = watch(os.Getenv(watchIn), os.Stdin)
	case os.Getenv(liveIn) != "":
		err = live(os.Getenv(liveIn), os.Getenv(shopAt))
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve is a service: it appends to the buffer until it is killed, and says what is stored. how is "VERSION KIND".
func serve(folder, how string) error {
	dieSometime(service)
	version, kind, _ := strings.Cut(how, " ")
	state := filepath.Join(folder, "state")
	path := filepath.Join(state, "buffer.db")
	if kind == "spoils" {
		if err := os.WriteFile(path, []byte("spoilt"), 0o600); err != nil {
			return err
		}
	}
	b, err := buffer.Open(path, buffer.DefaultLimits)
	if err != nil {
		return err
	}
	NoteStart(state)
	said, err := os.OpenFile(filepath.Join(folder, "said-"+version), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	report, err := json.Marshal(Report{Version: version, Buffer: true, Accepted: kind != "deaf"})
	if err != nil {
		return err
	}
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	for n := uint64(1); ; n++ {
		title := run + "/" + strconv.FormatUint(n, 10)
		record := stream.Record{Login: paused, Session: "00000000000000aa", Episode: episode.Episode{
			State: episode.Active, Start: time.Now().Truncate(time.Millisecond), For: time.Millisecond, EndedBy: episode.ByFocus,
			Identity: episode.Identity{App: "card", Title: title}, Revision: "r-1",
		}}
		if err := b.Append("1000/"+run, n, &record, time.Now()); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(said, title); err != nil {
			return err
		}
		if n == 1 {
			if err := errors.Join(os.WriteFile(filepath.Join(folder, "saying"), report, 0o600), os.Rename(filepath.Join(folder, "saying"), filepath.Join(folder, "report"))); err != nil {
				return err
			}
		}
		<-time.After(appendEach)
	}
}

// machine is a computer whose watcher is run by live.
type machine struct{ *computer }

func (d machine) Watch(context.Context) error {
	if _, err := os.Lstat(d.Aside()); err == nil {
		return nil
	}
	return CopyAside(d.Target(), d.Aside())
}

func (d machine) Unwatch(context.Context) error {
	return removeIfThere(d.Aside())
}

func removeIfThere(name string) error {
	if err := os.Remove(name); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// trustedIn gives the keys that are trusted there.
func trustedIn(folder string) func() (release.Trusted, error) {
	return func() (release.Trusted, error) {
		text, err := os.ReadFile(filepath.Join(folder, "trusted"))
		if err != nil {
			return release.Trusted{}, err
		}
		return release.ParseTrusted(text)
	}
}

// live is a device from its power switch on, until it runs the version that it is asked to become, or has given that up.
func live(folder, shop string) error {
	probation = tortured
	ctx := context.Background()
	d := machine{&computer{folder: folder, reached: true}}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	built := trustedIn(folder)
	get := func(ctx context.Context, path string, from int64) (*http.Response, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, shop+path, nil)
		if err != nil {
			return nil, err
		}
		if from > 0 {
			request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		}
		return http.DefaultTransport.RoundTrip(request)
	}
	wanted, err := release.ParseVersion(becomes)
	if err != nil {
		return err
	}
	if err := errors.Join(removeIfThere(filepath.Join(folder, "report")), d.Start(ctx)); err != nil {
		return err
	}
	for {
		said, _ := exec.Command(d.Target(), "version").Output() // between two renames there is none
		version := strings.TrimSpace(string(said))
		if version != "" {
			u := New(Config{
				Folder: d.state(), Version: version, System: release.Linux, Arch: release.AMD64, OSVersion: func() string { return "debian 12" },
				Device: "d-1", Built: built, Host: d, Get: get, Time: time.Now, Connected: func() bool { return true }, Soon: func() {}, Log: log,
			})
			u.settleFor, u.splayFor, u.power = 0, 0, func() power { return power{percent: 100} }
			if err := u.begin(ctx); err != nil {
				return err
			}
			u.Order(&Order{Version: wanted})
			u.step(ctx)
		}
		if _, err := os.Lstat(d.Aside()); err == nil {
			w := &Watcher{Folder: d.state(), Buffer: d.buffer(), Host: d, System: release.Linux, Built: built, Log: log}
			run := w.Run
			if os.Getenv(dies) != "" {
				run = d.apart
			}
			if err := run(ctx); err != nil {
				log.Error("watcher ended", "error", err)
			}
			continue // by a version that may be another
		}
		m, err := LoadMarker(d.state())
		if err != nil {
			return err
		}
		if m.Step == "" && (version == becomes || len(m.Failed) > 0) {
			return nil
		}
	}
}

// soak is how many times as long the tests are.
func soak() int {
	times, _ := strconv.Atoi(os.Getenv("DAYLINE_SOAK"))
	return max(times, 1)
}

// life is a device that is cut off again and again.
type life struct {
	*testing.T
	*computer
	shop string
	// dies is who does, with the power on; empty: nobody.
	dies string
	log  strings.Builder
}

func newLife(t *testing.T, kind string) *life {
	t.Helper()
	s := openShop(t)
	l := &life{T: t, computer: &computer{t: t, folder: t.TempDir(), signer: s.signer}}
	program := func(version, kind string) []byte {
		return []byte(fmt.Sprintf("#!/bin/sh\nif [ $1 = version ]; then echo %s; exit; fi\n%s=$3 %s='%s %s' exec %s\n", version, serveIn, serveHow, version, kind, os.Args[0]))
	}
	s.program = program(becomes, kind)
	s.release(becomes, func(*release.Manifest) {})
	server := httptest.NewServer(http.HandlerFunc(s.hand))
	t.Cleanup(server.Close)
	l.shop = server.URL
	trusted, err := s.trusted(1).Encode()
	l.must(err)
	l.must(errors.Join(os.MkdirAll(filepath.Join(l.state(), Folder), 0o700), os.WriteFile(filepath.Join(l.folder, "trusted"), trusted, 0o600)))
	l.write(l.Target(), string(program("1.0.0", "works")))
	return l
}

// on switches the device on, and off again where the cut says so; it tells whether it came to its end before.
func (l *life) on(cut func(events int, since time.Duration) bool) (ended bool) {
	l.T.Helper()
	events, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	l.must(err)
	defer unix.Close(events)
	for _, folder := range []string{l.folder, l.state(), filepath.Join(l.state(), Folder)} {
		_, err := unix.InotifyAddWatch(events, folder, unix.IN_CREATE|unix.IN_DELETE|unix.IN_MOVE|unix.IN_CLOSE_WRITE)
		l.must(err)
	}
	device := exec.Command(os.Args[0])
	device.Env = append(os.Environ(), liveIn+"="+l.folder, shopAt+"="+l.shop, dies+"="+l.dies)
	device.Stderr = &l.log
	// All that runs there goes with it, as with a computer's power.
	device.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	l.must(device.Start())
	over := make(chan error, 1)
	go func() { over <- device.Wait() }() // ends with the device
	began, seen := time.Now(), 0
	for {
		seen += happened(events)
		if cut(seen, time.Since(began)) {
			killed := device.Process.Kill() // or it had come to its end just then
			if err := <-over; killed != nil && err != nil {
				l.T.Fatalf("the device: %v\n%s", err, l.log.String())
			} else {
				return err == nil
			}
		}
		select {
		case err := <-over:
			if err != nil {
				l.T.Fatalf("the device: %v\n%s", err, l.log.String())
			}
			return true
		case <-time.After(200 * time.Microsecond):
		}
		if time.Since(began) > 2*time.Minute {
			l.must(device.Process.Kill())
			l.T.Fatalf("it does not end\n%s", l.log.String())
		}
	}
}

// happened counts what changed in the folders.
func happened(events int) (count int) {
	var raw [16 << 10]byte
	n, err := unix.Read(events, raw[:])
	for at := 0; err == nil && at+unix.SizeofInotifyEvent <= n; count++ {
		// wd, mask, cookie, len: inotify(7).
		at += unix.SizeofInotifyEvent + int(uint32(raw[at+12])|uint32(raw[at+13])<<8)
	}
	return count
}

// settled looks at what is there in the end: one program whole, nothing of the update, and every episode once.
func (l *life) settled(kind string) {
	l.T.Helper()
	m, err := LoadMarker(l.state())
	l.must(err)
	said, err := exec.Command(l.Target(), "version").Output()
	l.must(err)
	version := strings.TrimSpace(string(said))
	stayed := version == becomes
	// A service that was cut off again and again is taken for one that crashes.
	cutOff := len(m.Failed) == 1 && strings.HasPrefix(m.Failed[0].Reason, "it was started again and again")
	if stayed != (len(m.Failed) == 0) || stayed != (kind == "works") && !cutOff || m.Step != "" {
		l.T.Errorf("%s runs, marker %+v", version, m)
	}
	if left := append(Beside(l.Target()), matching(filepath.Join(l.state(), Folder), passing...)...); len(left) > 0 && !(len(left) == 1 && filepath.Base(left[0]) == startsFile) {
		l.T.Errorf("left: %q", left)
	}
	b, err := buffer.Open(l.buffer(), buffer.DefaultLimits)
	l.must(err)
	defer b.Close()
	times := map[string]int{}
	for {
		pending, err := b.Peek(1000)
		l.must(err)
		if pending == nil {
			break
		}
		opened, err := stream.Open(pending.Batch)
		l.must(err)
		for _, entry := range opened.Entries {
			times[entry.Title]++
		}
		l.must(b.Delete(pending, pending.Last, nil))
	}
	for title, n := range times {
		if n != 1 {
			l.T.Errorf("%s is there %d times", title, n)
		}
	}
	for _, version := range []string{"1.0.0", becomes} {
		text, err := os.ReadFile(filepath.Join(l.folder, "said-"+version))
		if errors.Is(err, os.ErrNotExist) || kind == "spoils" && version == becomes {
			continue // what the one that spoils stored is its own loss
		}
		l.must(err)
		for title := range strings.Lines(string(text)) {
			if times[strings.TrimSpace(title)] == 0 {
				l.T.Errorf("%s stored %s, which is gone", version, strings.TrimSpace(title))
			}
		}
	}
}

// A power cut at any moment leaves a device that comes to its end: the old program or the new one whole, the marker settled and the
// buffer as it was, whichever version it is that came.
func TestNoPowerCutLosesAnAgent(t *testing.T) {
	const cuts = 50
	for _, kind := range []string{"works", "deaf", "spoils", "works"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for range soak() {
				l, at, done := newLife(t, kind), map[string]int{}, 0
				for n := 0; n < cuts; n++ {
					events, within := 1+rand.IntN(12), time.Hour
					if n%3 == 0 {
						events, within = 1<<30, time.Duration(rand.IntN(400))*time.Millisecond
					}
					if l.on(func(seen int, since time.Duration) bool { return seen >= events || since >= within }) {
						l.settled(kind)
						done++
						l = newLife(t, kind)
						continue
					}
					if m, err := LoadMarker(l.state()); err != nil {
						t.Fatal(err)
					} else if m.Wanting != "" {
						at["rollback"]++
					} else {
						at[m.Step]++
					}
				}
				l.on(func(int, time.Duration) bool { return false })
				l.settled(kind)
				t.Logf("cut off at %v; %d came to their end meanwhile", at, done)
			}
		})
	}
}
