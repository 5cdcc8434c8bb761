//go:build linux

package service

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/shared/release"
)

const (
	startWatcher = "launchctl bootstrap system " + macWatcherPlist
	endWatcher   = "launchctl bootout system/org.dayline.agent.update"
	macAside     = "/Library/Dayline/.Dayline-watcher.app"
)

// updates of the Mac, as the service sees them, or as the watcher.
func (m *fakeMac) updates(watches bool) macUpdates {
	program := m.program()
	if watches {
		program = inMac(m.at(macAside))
	}
	return macUpdatesOf(m.macInstall, program, m.at(MacState))
}

// installed is a Mac with the service, which was asked for nothing yet.
func installedMac(t *testing.T) *fakeMac {
	m := newFakeMac(t)
	m.must(m.install(m.program(), m.say))
	m.asked()
	return m
}

func (m *fakeMac) gone(paths ...string) {
	m.t.Helper()
	for _, path := range paths {
		if _, err := os.Lstat(m.at(path)); !errors.Is(err, fs.ErrNotExist) {
			m.t.Errorf("%s is left: %v", path, err)
		}
	}
}

func TestAMacsWatcherRunsUntilItIsTakenBack(t *testing.T) {
	m := installedMac(t)
	m.must(os.WriteFile(m.program(), []byte("former"), 0o755))
	u := m.updates(false)
	m.must(u.Able(t.Context()))
	m.must(u.Watch(t.Context()))
	m.wasAsked(startWatcher)
	job := m.job(macWatcherPlist)
	restarts, _ := job["KeepAlive"].(map[string]any)
	if job["Label"] != "org.dayline.agent.update" || job["RunAtLoad"] != true || restarts["SuccessfulExit"] != false || len(restarts) != 1 || len(job) != 6 {
		t.Errorf("the job is %v", job)
	}
	if got, want := job["ProgramArguments"], []any{inMac(m.at(macAside)), "update", "--watch", "--managed"}; !slices.Equal(got.([]any), want) {
		t.Errorf("it runs %v", got)
	}
	// Once more, by the new version: what lies aside stays the former.
	m.must(os.WriteFile(m.program(), []byte("new"), 0o755))
	m.must(u.Watch(t.Context()))
	m.wasAsked("launchctl kickstart system/org.dayline.agent.update")
	if aside, err := os.ReadFile(inMac(m.at(macAside))); err != nil || string(aside) != "former" {
		t.Errorf("aside lies %q, %v", aside, err)
	}
	// After launchd let go of it.
	m.must(m.bootout(watcherTarget))
	m.asked()
	m.must(u.Watch(t.Context()))
	m.wasAsked(startWatcher)
	for range 2 {
		m.must(u.Unwatch(t.Context()))
		m.gone(macWatcherPlist, macAside)
		if m.loaded(watcherTarget) {
			t.Error("launchd has it still")
		}
	}
	m.wasAsked(endWatcher)
	if update.Beside(m.at(MacApp)) != nil {
		t.Error("something is left beside the bundle")
	}
}

// bootout ends the watcher, which is why all else is done before; where launchd did not let go, the next update has it do so.
func TestAMacsWatcherTakesItselfBack(t *testing.T) {
	m := installedMac(t)
	m.must(m.updates(false).Watch(t.Context()))
	m.asked()
	own := m.updates(true)
	if own.Target() != m.at(MacApp) || own.Aside() != m.at(macAside) || !own.watches {
		t.Errorf("%s watches %s", own.Aside(), own.Target())
	}
	m.must(own.Unwatch(t.Context()))
	m.wasAsked(endWatcher)
	m.gone(macWatcherPlist, macAside)

	m.note("loaded", "system.org.dayline.agent.update")
	m.must(m.updates(false).Watch(t.Context()))
	m.wasAsked(endWatcher, startWatcher)
	if !m.loaded(watcherTarget) {
		t.Error("nothing watches")
	}
}

// The helpers become the program that the service is, but for one that is switched off.
func TestExchangingOnAMac(t *testing.T) {
	m := installedMac(t)
	m.must(m.bootout(agentTarget(1000503)))
	m.asked()
	u := m.updates(true)
	for range 2 {
		m.must(u.Stop(t.Context()))
		m.wasAsked(endDaemon)
		m.must(u.Stop(t.Context()))
		m.must(u.Start(t.Context()))
		m.wasAsked(startDaemon, "ps -axwwo uid=,comm=", "launchctl kickstart -k gui/501/org.dayline.session")
		m.must(u.Start(t.Context()))
		m.wasAsked("launchctl kickstart system/org.dayline.service")
	}
	m.must(errors.Join(u.Stop(t.Context()), os.Remove(m.at(MacDaemonPlist))))
	if err := u.Start(t.Context()); err != ErrNotInstalled {
		t.Errorf("without the job: %v", err)
	}
}

func TestWhatIsNotExchangedOnAMac(t *testing.T) {
	m := installedMac(t)
	for program, why := range map[string]string{
		m.at("/usr/local/bin/dayline-agent"):  "not what this computer's service runs",
		inMac(m.at("/Users/eve/Dayline.app")): "not what this computer's service runs",
	} {
		u := macUpdatesOf(m.macInstall, program, m.at(MacState))
		if err := u.Able(t.Context()); err == nil || !strings.Contains(err.Error(), why) || u.watches {
			t.Errorf("%s: %v", program, err)
		}
	}
	if err := macUpdatesOf(m.macInstall, m.program(), m.at("/Users/somebody/state")).Able(t.Context()); err == nil {
		t.Error("with another state than the service's")
	}
	again := openToOthers(t, m.at("/Library/Dayline"))
	if err := m.updates(false).Able(t.Context()); err == nil || !strings.Contains(err.Error(), "others than administrators") {
		t.Errorf("in everybody's folder: %v", err)
	}
	again()
	m.must(m.updates(false).Able(t.Context()))
	// The next version's job may say more.
	daemon, err := os.ReadFile(m.at(MacDaemonPlist))
	m.must(err)
	m.must(os.WriteFile(m.at(MacDaemonPlist), []byte(strings.ReplaceAll(string(daemon), "Standard", "Adaptive")), 0o644))
	m.must(m.updates(false).Able(t.Context()))
}

// updating leaves a Mac in the middle of an update.
func (m *fakeMac) updating() {
	m.must(m.updates(false).Watch(m.t.Context()))
	for _, name := range []string{".Dayline.app.new", ".Dayline.app.old"} {
		m.must(os.CopyFS(m.at("/Library/Dayline/"+name), os.DirFS(m.at(MacApp))))
	}
	folder := filepath.Join(m.at(MacState), update.Folder)
	m.must(os.MkdirAll(filepath.Join(folder, "staged.app"), 0o700))
	m.must((&update.Marker{Step: update.Swap, From: "1.0.0", To: "2.0.0", Staged: "staged.app"}).Save(m.at(MacState)))
	m.asked()
}

func TestInstallingOnAMacEndsAnUpdate(t *testing.T) {
	m := installedMac(t)
	m.updating()
	m.must(m.install(m.program(), m.say))
	asked := m.asked()
	if watcher, service := slices.Index(asked, endWatcher), slices.Index(asked, startDaemon); watcher < 0 || service < watcher {
		t.Errorf("asked %q", asked)
	}
	m.gone(macWatcherPlist, macAside)
}

func TestUninstallingOnAMacEndsAnUpdate(t *testing.T) {
	for _, keep := range []Keep{KeepNothing, KeepData} {
		m := installedMac(t)
		m.updating()
		m.must(m.uninstall(m.at(MacState), keep))
		if asked := m.asked(); asked[0] != endWatcher {
			t.Errorf("asked %q", asked)
		}
		m.gone("/Library/Dayline", macWatcherPlist)
		var kept []string
		if keep == KeepData {
			kept = []string{MacState + "/update/marker.json"}
			if marker, err := update.LoadMarker(m.at(MacState)); err != nil || marker.Step != "" {
				t.Errorf("marker %+v, %v", marker, err)
			}
		}
		if left := m.files(); !slices.Equal(left, kept) {
			t.Errorf("left %v", left)
		}
	}
}

// watchedMac is the watcher's, whose service is asked once and then never answers: judging has tests of its own.
type watchedMac struct {
	macUpdates
	asked func()
}

func (h watchedMac) Ask(context.Context) (update.Report, error) {
	h.asked()
	return update.Report{}, errNotAnswered
}
func (watchedMac) Reached(context.Context) bool { return true }

var errNotAnswered = errors.New("no answer")

// bundleOfVersion makes a bundle, whose program says its version.
func (m *fakeMac) bundleOfVersion(bundle, version string) {
	m.must(errors.Join(os.RemoveAll(bundle), os.MkdirAll(filepath.Dir(inMac(bundle)), 0o755),
		os.WriteFile(inMac(bundle), []byte("#!/bin/sh\necho "+version+"\n"), 0o755),
		os.WriteFile(filepath.Join(bundle, "Contents", "Info.plist"), []byte(version), 0o644)))
}

// sumOf is the hash of a bundle of bundleOfVersion, as update says that it is.
func (m *fakeMac) sumOf(bundle string) string {
	list := ""
	for _, inside := range []string{"Contents/Info.plist", "Contents/MacOS/dayline-agent"} {
		content, err := os.ReadFile(filepath.Join(bundle, inside))
		m.must(err)
		list += fmt.Sprintf("%x  %q\n", sha256.Sum256(content), inside)
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(list)))
}

// placed is the version in the program's place, of all that is there.
func (m *fakeMac) placed() string {
	said, err := exec.Command(m.program(), "version").Output()
	m.must(err)
	info, err := os.ReadFile(m.at(MacApp + "/Contents/Info.plist"))
	m.must(err)
	if version := strings.TrimSpace(string(said)); version == string(info) {
		return version
	}
	return "mixed"
}

func TestAMacBecomesAnotherVersionAndGoesBack(t *testing.T) {
	m := installedMac(t)
	state := m.at(MacState)
	staged := filepath.Join(state, update.Folder, "staged.app")
	m.must(os.MkdirAll(filepath.Dir(staged), 0o700))
	b, err := buffer.Open(BufferIn(state), buffer.DefaultLimits)
	m.must(err)
	m.must(b.Close())
	m.bundleOfVersion(m.at(MacApp), "1.0.0")
	m.bundleOfVersion(staged, "2.0.0")
	marker := &update.Marker{
		Step: update.Swap, From: "1.0.0", To: "2.0.0", Staged: "staged.app", SHA256: m.sumOf(staged), Former: m.sumOf(m.at(MacApp)),
	}
	m.must(errors.Join(marker.Save(state), m.updates(false).Watch(t.Context())))
	m.asked()

	run := func(ctx context.Context, asked func()) error {
		w := update.Watcher{Folder: state, Buffer: BufferIn(state), Host: watchedMac{m.updates(true), asked}, System: release.MacOS,
			Built: func() (release.Trusted, error) { return release.Trusted{}, release.ErrNoKeys }, Log: slog.New(slog.DiscardHandler)}
		return w.Run(ctx)
	}
	ctx, cut := context.WithCancel(t.Context())
	if err := run(ctx, cut); !errors.Is(err, context.Canceled) || m.placed() != "2.0.0" {
		t.Fatalf("%s is in place: %v", m.placed(), err)
	}
	restarted := []string{endDaemon, startDaemon, "ps -axwwo uid=,comm=", "launchctl kickstart -k gui/501/org.dayline.session",
		"launchctl kickstart -k gui/1000503/org.dayline.session"}
	m.wasAsked(append(slices.Clone(restarted), "launchctl kickstart system/org.dayline.service")...)

	marker, err = update.LoadMarker(state)
	m.must(err)
	marker.Wanting = "it hangs"
	m.must(marker.Save(state))
	m.must(run(t.Context(), func() {}))
	if marker, err = update.LoadMarker(state); err != nil || marker.Step != "" || len(marker.Failed) != 1 || !marker.Failed[0].RolledBack || m.placed() != "1.0.0" {
		t.Errorf("%s is in place, marker %+v, %v", m.placed(), marker, err)
	}
	m.wasAsked(append(restarted, endWatcher)...)
	m.gone(macWatcherPlist, macAside, "/Library/Dayline/.Dayline.app.new", "/Library/Dayline/.Dayline.app.old", MacState+"/update/staged.app")
}
