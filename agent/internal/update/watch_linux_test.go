package update

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/stream"
	"github.com/dayline-project/dayline/shared/token"
)

// computer is a Host whose service is a process, started again whenever it ends. Programs are scripts of the shell.
type computer struct {
	t      *testing.T
	folder string
	// bundle is the name of the bundle that programs are in; empty: they are files.
	bundle string
	// reports is where the service's report goes; empty: the folder.
	reports string
	signer
	reached bool
	// ends, of a service that is to run, ends it.
	ends    func()
	watched int
	mu      sync.Mutex
}

var paused = stream.Login{Authority: "vm", Account: "1000", Name: "ada"}

func newComputer(t *testing.T) *computer { return computerWith(t, "") }

func computerWith(t *testing.T, bundle string) *computer {
	t.Helper()
	c := &computer{t: t, folder: t.TempDir(), bundle: bundle, signer: newSigner(t), reached: true}
	c.setUp()
	return c
}

// setUp has the oldest version run, with a watcher aside.
func (c *computer) setUp() {
	c.t.Helper()
	c.t.Cleanup(func() { c.must(c.Stop(context.Background())) })
	c.must(os.MkdirAll(filepath.Join(c.state(), Folder), 0o700))
	c.put(c.Target(), script("1.0.0", works))
	c.must(CopyAside(c.Target(), c.Aside()))
	b, err := buffer.Open(c.buffer(), buffer.DefaultLimits)
	c.must(err)
	c.must(errors.Join(b.Pause(paused, time.Now()), b.Close()))
	c.must(c.Start(c.t.Context()))
}

func (c *computer) report() string { return filepath.Join(cmp.Or(c.reports, c.folder), "report") }

func (c *computer) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *computer) state() string  { return filepath.Join(c.folder, "state") }
func (c *computer) buffer() string { return filepath.Join(c.state(), "buffer.db") }

func (c *computer) write(name, text string) {
	c.t.Helper()
	c.must(os.WriteFile(name, []byte(text), 0o755))
}

// put writes a program, or a bundle with it.
func (c *computer) put(name, text string) {
	c.t.Helper()
	if c.bundle == "" {
		c.write(name, text)
		return
	}
	contents := filepath.Join(name, "Contents")
	c.must(errors.Join(os.RemoveAll(name), os.MkdirAll(filepath.Join(contents, "MacOS"), 0o755)))
	c.write(filepath.Join(contents, "MacOS", "dayline-agent"), text)
	c.must(os.WriteFile(filepath.Join(contents, "Info.plist"), []byte("<plist/>"), 0o644))
}

func (c *computer) Target() string { return filepath.Join(c.folder, cmp.Or(c.bundle, "agent")) }
func (c *computer) Aside() string {
	return filepath.Join(c.folder, "."+filepath.Base(c.Target())+"-watcher")
}
func (c *computer) Able(context.Context) error { return nil }
func (c *computer) Watch(context.Context) error {
	return nil
}
func (c *computer) Unwatch(context.Context) error {
	c.watched++
	return os.RemoveAll(c.Aside())
}

func (c *computer) Stop(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ends != nil {
		c.ends()
		c.ends = nil
	}
	err := os.Remove(c.report())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (c *computer) Start(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ends != nil {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	c.ends = func() { cancel(); <-over }
	go func() { // ends with the service
		defer close(over)
		for ctx.Err() == nil {
			service := exec.CommandContext(ctx, programIn(c.Target()), "service", c.state(), filepath.Dir(c.report()))
			service.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			service.Cancel = func() error { return syscall.Kill(-service.Process.Pid, syscall.SIGKILL) }
			_ = service.Run()
		}
	}()
	return nil
}

func (c *computer) Ask(context.Context) (report Report, err error) {
	text, err := os.ReadFile(c.report())
	if err == nil {
		err = json.Unmarshal(text, &report)
	}
	return report, err
}

func (c *computer) Reached(context.Context) bool { return c.reached }

// script is an agent of a version, whose service does this, given the state folder and where its report goes.
func script(version, service string) string {
	return fmt.Sprintf("#!/bin/sh\nset -e\nversion=%s\nif [ $1 = version ]; then echo $version; exit; fi\nprintf . >>$2/update/starts || true\n%s\n", version, service)
}

const (
	works = `echo '{"version":"'$version'","buffer":true,"accepted":true}' >$3/said; mv $3/said $3/report; exec sleep 1000`
	hangs = `exec sleep 1000`
	ends  = `exit 1`
	deaf  = `echo '{"version":"'$version'","buffer":true}' >$3/said; mv $3/said $3/report; exec sleep 1000`
	blind = `echo '{"version":"'$version'","buffer":true,"accepted":true,"sessions":1}' >$3/said; mv $3/said $3/report; exec sleep 1000`
	// spoils sets the buffer aside as damaged, which it is then, and begins another.
	spoils = `sleep 0.01; echo x >$2/buffer.db; mv $2/buffer.db $2/buffer.db.corrupt-$(date -u +%Y%m%dT%H%M%S.%3NZ); ` + works
)

// stage hands a program over to the watcher, as the service does.
func (c *computer) stage(service string) *Marker {
	c.t.Helper()
	name := stagedName + filepath.Ext(c.bundle)
	staged := c.in(name)
	c.put(staged, script("2.0.0", service))
	sum, err := sumOf(staged)
	c.must(err)
	former, err := sumOf(c.Target())
	c.must(err)
	m := &Marker{Step: Swap, From: "1.0.0", To: "2.0.0", Staged: name, SHA256: sum, Former: former, Connected: true}
	c.must(m.Save(c.state()))
	return m
}

func (c *computer) watcher() *Watcher {
	return &Watcher{
		Folder: c.state(), Buffer: c.buffer(), Host: c, System: release.Linux,
		Built: func() (release.Trusted, error) { return c.trusted(1), nil }, Log: slog.New(slog.DiscardHandler),
	}
}

// watch lets the watcher come to its end, and looks at what is there then: one program that runs, its buffer, the marker and what is
// known; nothing else. It gives what failed.
func (c *computer) watch(version string) []Failed {
	c.t.Helper()
	c.must(c.watcher().Run(c.t.Context()))
	return c.came(version)
}

func (c *computer) came(version string) []Failed {
	c.t.Helper()
	m, err := LoadMarker(c.state())
	c.must(err)
	if m.Step != "" || c.watched != 1 {
		c.t.Errorf("the marker is at %q; taken back %d times", m.Step, c.watched)
	}
	said, err := exec.Command(programIn(c.Target()), "version").Output()
	if err != nil || strings.TrimSpace(string(said)) != version {
		c.t.Errorf("%q is in its place: %v", said, err)
	}
	if c.ends == nil {
		c.t.Error("the service does not run")
	}
	for folder, kept := range map[string][]string{
		c.folder: {filepath.Base(c.Target()), "report", "said", "state"}, filepath.Join(c.state(), Folder): {markerFile, "channel-7.json", "channel-7.json.sig", startsFile},
	} {
		entries, err := os.ReadDir(folder)
		c.must(err)
		for _, entry := range entries {
			if !slices.Contains(kept, entry.Name()) {
				c.t.Errorf("%s is left", entry.Name())
			}
		}
	}
	c.must(c.Stop(c.t.Context()))
	b, err := buffer.Open(c.buffer(), buffer.DefaultLimits)
	c.must(err)
	defer b.Close()
	if is, err := b.Paused(paused, time.Now()); err != nil || !is {
		c.t.Errorf("the buffer lost what was in it: %v", err)
	}
	return m.Failed
}

func shortProbation(t *testing.T) {
	t.Helper()
	former := probation
	probation = "1s"
	t.Cleanup(func() { probation = former })
}

func TestUpdatesAreWatched(t *testing.T) {
	shortProbation(t)
	for name, c := range map[string]struct {
		service string
		prepare func(*computer)
		runs    string
		step    string
		reason  string
	}{
		"works":         {service: works, runs: "2.0.0"},
		"hangs":         {service: hangs, runs: "1.0.0", step: Probation, reason: "its service does not answer"},
		"crashes":       {service: ends, runs: "1.0.0", step: Probation, reason: "it was started again and again: its service does not answer"},
		"is deaf":       {service: deaf, runs: "1.0.0", step: Probation, reason: "the collector, which answers, accepted nothing from it"},
		"in an outage":  {service: deaf, prepare: func(c *computer) { c.reached = false }, runs: "2.0.0"},
		"is blind":      {service: blind, runs: "1.0.0", step: Probation, reason: "no session's helper said hello"},
		"is no blinder": {service: blind, prepare: (*computer).blinded, runs: "2.0.0"},
		"spoils":        {service: spoils, runs: "1.0.0", step: Probation, reason: "its buffer was damaged"},
		"is another":    {service: "version=3", prepare: func(c *computer) { c.restage(script("3.0.0", works)) }, runs: "1.0.0", step: Swap, reason: `it is version "3.0.0" and not 2.0.0`},
		"does not run":  {prepare: func(c *computer) { c.restage("#!/bin/sh\nexit 7\n") }, runs: "1.0.0", step: Swap, reason: "it does not run here: exit status 7"},
		"was exchanged": {service: works, prepare: func(c *computer) { c.write(c.in("staged"), script("2.0.0", hangs)) }, runs: "1.0.0", step: Swap, reason: "it was changed after it was verified"},
		"is gone":       {service: works, prepare: func(c *computer) { c.must(os.Remove(c.in("staged"))) }, runs: "1.0.0", step: Swap, reason: "no such file or directory"},
		"former below the floor": {service: hangs, prepare: func(c *computer) { c.floor("1.5.0") }, runs: "2.0.0", step: Probation,
			reason: "its service does not answer; it stays, since 1.0.0 cannot come back: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			computer := newComputer(t)
			computer.stage(c.service)
			if c.prepare != nil {
				c.prepare(computer)
			}
			failed := computer.watch(c.runs)
			switch {
			case c.reason == "" && len(failed) == 0:
			case len(failed) != 1 || failed[0].Version != "2.0.0" || failed[0].Step != c.step || !strings.Contains(failed[0].Reason, c.reason):
				t.Errorf("failed: %+v", failed)
			case failed[0].RolledBack != (c.step == Probation && c.runs == "1.0.0"):
				t.Errorf("rolled back: %+v", failed)
			}
		})
	}
}

// blinded: there was no helper before the swap.
func (c *computer) blinded() {
	c.t.Helper()
	m, err := LoadMarker(c.state())
	c.must(err)
	m.Blind = true
	c.must(m.Save(c.state()))
}

func (c *computer) in(name string) string { return filepath.Join(c.state(), Folder, name) }

// restage has something else be what was verified.
func (c *computer) restage(text string) {
	c.t.Helper()
	m, err := LoadMarker(c.state())
	c.must(err)
	c.write(c.in("staged"), text)
	m.SHA256, err = sumOf(c.in("staged"))
	c.must(err)
	c.must(m.Save(c.state()))
}

// floor has the service know a channel of version 7.
func (c *computer) floor(version string) {
	c.t.Helper()
	text, err := release.Channel{
		Product: release.Product, Version: 7, IssuedAt: time.Now().Add(-time.Hour), ExpiresAt: time.Now().Add(time.Hour),
		Systems: map[string]release.Aim{release.Linux: {Newest: "2.0.0", Floor: version}},
	}.Encode()
	c.must(err)
	signatures, err := release.Signatures{}.With(token.ChannelStatement(text), c.key).Encode()
	c.must(err)
	c.must(errors.Join(os.WriteFile(c.in(channelName(7)), text, 0o600), os.WriteFile(c.in(channelName(7)+release.SignatureEnding), signatures, 0o600)))
}

// Wherever a power cut falls, the next watcher goes on from there.
func TestAWatcherGoesOnFromWhatItFinds(t *testing.T) {
	shortProbation(t)
	for name, c := range map[string]struct {
		service string
		found   func(*computer, *Marker)
		runs    string
		reason  string
	}{
		"between the two renames": {service: works, runs: "2.0.0", found: func(c *computer, _ *Marker) {
			c.must(errors.Join(c.Stop(c.t.Context()), os.Rename(c.Target(), oldOf(c.Target()))))
		}},
		"with no program at all": {service: works, runs: "2.0.0", found: func(c *computer, _ *Marker) {
			c.must(errors.Join(c.Stop(c.t.Context()), os.Remove(c.Target())))
		}},
		"with half of a program beside it": {service: works, runs: "2.0.0", found: func(c *computer, _ *Marker) {
			c.write(newOf(c.Target()), "#!/bi")
		}},
		"before the exchange was noted": {service: works, runs: "2.0.0", found: func(c *computer, _ *Marker) {
			c.must(errors.Join(c.Stop(c.t.Context()), os.Rename(c.Target(), oldOf(c.Target())), os.Rename(c.in("staged"), c.Target())))
		}},
		"in probation": {service: works, runs: "2.0.0", found: func(c *computer, m *Marker) {
			c.must(errors.Join(c.Stop(c.t.Context()), os.Rename(c.in("staged"), c.Target())))
			m.Step = Probation
		}},
		"at the end of a probation": {service: hangs, runs: "1.0.0", reason: "its service does not answer", found: func(c *computer, m *Marker) {
			c.must(errors.Join(c.Stop(c.t.Context()), os.Rename(c.in("staged"), c.Target())))
			m.Step, m.Watched = Probation, time.Hour
		}},
		"on the way back": {service: works, runs: "1.0.0", reason: "it hangs", found: func(c *computer, m *Marker) {
			c.must(errors.Join(c.Stop(c.t.Context()), os.Rename(c.in("staged"), c.Target())))
			m.Step, m.Wanting = Probation, "it hangs"
		}},
		"on the way back, with no program": {service: works, runs: "1.0.0", reason: "it hangs", found: func(c *computer, m *Marker) {
			c.must(errors.Join(c.Stop(c.t.Context()), os.Remove(c.Target())))
			m.Step, m.Wanting = Probation, "it hangs"
		}},
		"on the way back, between the two renames": {service: hangs, runs: "1.0.0", reason: "it hangs", found: func(c *computer, m *Marker) {
			c.must(errors.Join(c.Stop(c.t.Context()), os.Rename(c.Target(), newOf(c.Target())), os.Rename(c.in("staged"), oldOf(c.Target()))))
			c.must(os.Remove(c.Aside())) // as good as a disk that has no room for a copy of it
			m.Step, m.Wanting = Probation, "it hangs"
		}},
		"before the way back was noted": {service: works, runs: "1.0.0", reason: "it hangs", found: func(c *computer, m *Marker) {
			m.Step, m.Wanting = Probation, "it hangs"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			computer := newComputer(t)
			m := computer.stage(c.service)
			c.found(computer, m)
			computer.must(m.Save(computer.state()))
			failed := computer.watch(c.runs)
			if c.reason == "" && len(failed) > 0 || c.reason != "" && (len(failed) != 1 || failed[0].Reason != c.reason || !failed[0].RolledBack) {
				t.Errorf("failed: %+v", failed)
			}
		})
	}
}

// A watcher that is ended before the exchange, as when the computer shuts down, leaves it to the next; the release is not blamed.
func TestAWatcherThatIsEnded(t *testing.T) {
	shortProbation(t)
	c := newComputer(t)
	c.stage(works)
	ctx, end := context.WithCancel(t.Context())
	end()
	if err := c.watcher().Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if failed := c.watch("2.0.0"); len(failed) > 0 {
		t.Errorf("failed: %+v", failed)
	}
}

// Whatever cannot be cleaned up after the exchange, the service starts.
func TestTheServiceStartsWhateverIsLeft(t *testing.T) {
	t.Parallel()
	c := newComputer(t)
	m := c.stage(works)
	c.must(c.Stop(t.Context()))
	m.Staged = strings.Repeat("x", unix.NAME_MAX+1) // no system can remove that
	if err := c.watcher().begin(t.Context(), m); err != nil || c.ends == nil || m.Step != Probation {
		t.Errorf("at %s, runs: %t, %v", m.Step, c.ends != nil, err)
	}
}

// A copy of the watcher that was cut off, or did not come to its place, goes.
func TestNothingIsLeftOfAHalfCopy(t *testing.T) {
	t.Parallel()
	c := newComputer(t)
	c.must(errors.Join(c.Stop(t.Context()), os.Remove(c.Aside()), os.MkdirAll(filepath.Join(c.Aside(), "taken"), 0o700)))
	if err := CopyAside(c.Target(), c.Aside()); err == nil {
		t.Error("a folder was written over")
	}
	if left := matching(c.folder, "*.new"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	c.write(newOf(c.Target()), "#!/bi")
	c.write(c.in("."+markerFile+".123"), "{") // of disk.Replace
	c.must(Clean(t.Context(), c.state(), c))
	for _, name := range []string{newOf(c.Target()), c.in("." + markerFile + ".123")} {
		if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", name, err)
		}
	}
}

// What an installer put there meanwhile is left alone.
func TestAnInstallersProgramStays(t *testing.T) {
	t.Parallel()
	for _, step := range []string{Swap, Probation} {
		c := newComputer(t)
		m := c.stage(works)
		m.Step = step
		c.must(m.Save(c.state()))
		c.must(os.Remove(c.Target()))
		c.write(c.Target(), script("1.5.0", works))
		if failed := c.watch("1.5.0"); len(failed) > 0 {
			t.Errorf("at %s: %+v", step, failed)
		}
	}
}

// Where the marker is damaged the service runs, which sets that aside, and no watcher judges anything.
func TestADamagedMarker(t *testing.T) {
	t.Parallel()
	c := newComputer(t)
	c.stage(works)
	c.must(errors.Join(c.Stop(t.Context()), os.Remove(c.Target()), os.WriteFile(c.in(markerFile), []byte("{"), 0o600)))
	if err := c.watcher().Run(t.Context()); err == nil {
		t.Error("a damaged marker was read")
	}
	c.must(os.Rename(c.in(markerFile), c.in(markerFile+".corrupt")))
	if _, err := os.Stat(c.Aside()); err != nil {
		t.Error("the watcher was taken back while nobody knew what runs")
	}
	c.must(errors.Join(os.Remove(c.in(markerFile+".corrupt")), os.Remove(c.in("staged"))))
	c.watch("1.0.0")
}

// Who may do what with the program, and what that may do, stays as it was.
func TestAccessIsKept(t *testing.T) {
	t.Parallel()
	c := newComputer(t)
	c.must(os.Chown(c.Target(), 0, 7))
	c.must(os.Chmod(c.Target(), 0o750))
	// CAP_NET_ADMIN, permitted: capability.h, vfs_cap_data of revision 2.
	capabilities := "\x01\x00\x00\x02\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	c.must(unix.Setxattr(c.Target(), "security.capability", []byte(capabilities), 0))
	other := filepath.Join(c.folder, "other")
	c.write(other, "another")
	c.must(keepAccess(other, c.Target()))
	info, err := os.Stat(other)
	c.must(err)
	if of := info.Sys().(*syscall.Stat_t); info.Mode() != 0o750 || of.Uid != 0 || of.Gid != 7 {
		t.Errorf("%v of %d:%d", info.Mode(), of.Uid, of.Gid)
	}
	value := make([]byte, 100)
	if size, err := unix.Getxattr(other, "security.capability", value); err != nil || string(value[:size]) != capabilities {
		t.Errorf("capabilities %q: %v", value[:max(size, 0)], err)
	}
}
