package update

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// filling is a computer whose disks somebody else fills from the watcher's so manieth call on, as often as room comes, for a while.
type filling struct {
	*computer
	disks []string
	from  int

	mu    sync.Mutex
	calls int
	stops int
	// full: they are, till the end; filled: they were.
	full, filled bool
	end          *time.Timer
}

func (f *filling) fill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls++; f.calls == f.from {
		f.full, f.filled = true, true
		f.t.Cleanup(func() { f.end.Stop() })
		f.end = time.AfterFunc(400*time.Millisecond, f.room)
	}
	for _, folder := range f.disks {
		if !f.full {
			continue
		}
		file, err := os.OpenFile(filepath.Join(folder, rest), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = io.Copy(file, zeros{})
			file.Close()
		}
		if !errors.Is(err, unix.ENOSPC) {
			f.t.Error(err)
		}
	}
}

// room takes away what fills the disks.
func (f *filling) room() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.full = false
	for _, folder := range f.disks {
		if err := removeIfThere(filepath.Join(folder, rest)); err != nil {
			f.t.Error(err)
		}
	}
}

type zeros struct{}

func (zeros) Read(block []byte) (int, error) { clear(block); return len(block), nil }

func (f *filling) Target() string { f.fill(); return f.computer.Target() }
func (f *filling) Aside() string  { f.fill(); return f.computer.Aside() }
func (f *filling) Stop(ctx context.Context) error {
	f.fill()
	f.stops++
	return f.computer.Stop(ctx)
}
func (f *filling) Start(ctx context.Context) error { f.fill(); return f.computer.Start(ctx) }
func (f *filling) Unwatch(ctx context.Context) error {
	f.fill()
	return f.computer.Unwatch(ctx)
}

// goesOn has the service manager run the watcher again whenever it ends with an error. Each time there is a program then, and its
// service runs.
func (f *filling) goesOn() {
	f.t.Helper()
	w := f.watcher()
	w.Host = f
	for {
		err := w.Run(f.t.Context())
		if said, err := exec.Command(f.computer.Target(), "version").Output(); err != nil {
			f.t.Errorf("the program said %q: %v", said, err)
		}
		if f.computer.ends == nil {
			f.t.Error("the service does not run")
		}
		if err == nil {
			f.room()
			return
		}
	}
}

// The disks fill at each moment of the watcher's: there is a program that runs and a whole buffer all the same, and once there is room
// nothing half is left, and the marker says what came of it.
func TestAFullDiskWhileWatching(t *testing.T) {
	shortProbation(t)
	for service, does := range map[string]string{"works": works, "crashes": ends, "spoils": spoils} {
		for _, disks := range []string{"program", "state", "both"} {
			t.Run(service+", full: "+disks, func(t *testing.T) {
				t.Parallel()
				for from, reached := 1, true; reached; from++ {
					t.Run(strconv.Itoa(from), func(t *testing.T) {
						f := newFilling(t, from, disks)
						f.stage(does)
						f.goesOn()
						reached = f.filled
						f.judged(service)
					})
				}
			})
		}
	}
}

func newFilling(t *testing.T, from int, disks string) *filling {
	t.Helper()
	c := &computer{t: t, folder: t.TempDir(), reports: t.TempDir(), signer: newSigner(t), reached: true}
	for _, disk := range []struct{ folder, size string }{{c.folder, "size=1m"}, {c.state(), "size=8m"}} {
		c.must(os.MkdirAll(disk.folder, 0o700))
		c.must(unix.Mount("tmpfs", disk.folder, "tmpfs", 0, disk.size))
		t.Cleanup(func() { c.must(unix.Unmount(disk.folder, unix.MNT_DETACH)) })
	}
	c.setUp()
	return &filling{computer: c, from: from, disks: map[string][]string{
		"program": {c.folder}, "state": {c.state()}, "both": {c.folder, c.state()},
	}[disks]}
}

// judged looks at what came of it: nobody is blamed for anything but what it did, or the disk.
func (f *filling) judged(service string) {
	f.t.Helper()
	m, err := LoadMarker(f.state())
	f.must(err)
	version := "1.0.0"
	if service == "works" && len(m.Failed) == 0 {
		version = "2.0.0"
	}
	failed := f.came(version)
	if f.stops > 4 {
		f.t.Errorf("the service was stopped %d times", f.stops)
	}
	if version == "2.0.0" {
		return
	}
	full := len(failed) == 1 && (strings.Contains(failed[0].Reason, "no space left on device") || strings.Contains(failed[0].Reason, "disk full"))
	wanting := map[string][]string{
		"crashes": {"it was started again and again: its service does not answer"}, "spoils": {"its buffer was damaged"},
	}[service]
	switch {
	case len(failed) != 1:
		f.t.Errorf("failed: %+v", failed)
	case failed[0].Step == Swap && full && !failed[0].RolledBack:
	case failed[0].Step == Probation && slices.Contains(wanting, failed[0].Reason) && failed[0].RolledBack:
	default:
		f.t.Errorf("failed: %+v", failed)
	}
}
