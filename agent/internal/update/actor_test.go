package update

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/shared/release"
)

func TestWhereUpdatingIsOff(t *testing.T) {
	for name, test := range map[string]struct {
		change func(s *shop)
		want   string
	}{
		"without keys": {func(s *shop) {
			s.Built = func() (release.Trusted, error) { return release.Trusted{}, release.ErrNoKeys }
		}, "off: this build has no trusted keys"},
		"in the foreground": {func(s *shop) { s.Host = nil }, "off: it runs in the foreground, as no service"},
		"of a package":      {func(s *shop) { s.host.able = ErrPackaged }, "off: a package manager updates this installation"},
		"of no release":     {func(s *shop) { s.Version = "devel" }, `off: this build is no release: version "devel" is none of`},
	} {
		s := openShop(t)
		test.change(s)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }() // ends with ctx
		for deadline := time.After(time.Minute); s.State().Off == ""; {
			select {
			case <-deadline:
				t.Fatalf("%s: it is not off", name)
			case <-time.After(time.Millisecond):
			}
		}
		stop()
		if err := <-ended; err != nil || !strings.HasPrefix(s.State().Words(time.Now()), test.want) {
			t.Errorf("%s: %q, %v", name, s.State().Words(time.Now()), err)
		}
		if s.sent > 0 || len(s.host.watched) > 0 {
			t.Errorf("%s: it asked the collector", name)
		}
	}
}

// A disk that was mounted to be read only may be so no longer.
func TestWhatKeepsUpdatesOffIsLookedAtAgain(t *testing.T) {
	s := openShop(t)
	synctest.Test(t, func(t *testing.T) {
		s.Updater = New(s.Config)
		s.settleFor = 1000 * time.Hour // nobody is asked
		s.host.able = errors.New("the disk is mounted to be read only")
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }() // ends with ctx
		synctest.Wait()
		if s.State().Off != "the disk is mounted to be read only" {
			t.Errorf("%+v", s.State())
		}
		s.host.able = nil
		time.Sleep(offFor)
		synctest.Wait()
		if s.State().Off != "" {
			t.Errorf("%+v", s.State())
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestTheActorCarriesOutAnOrder(t *testing.T) {
	s := openShop(t)
	s.settleFor = 10 * time.Millisecond
	version, err := release.ParseVersion("1.4.0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }() // ends with ctx
	s.Order(nil)
	s.Order(&Order{Version: version})
	for deadline := time.After(time.Minute); s.State().Step != Swap; {
		s.Order(&Order{Version: version}) // each answer repeats it
		select {
		case <-deadline:
			t.Fatalf("%+v\n%s", s.State(), &s.log)
		case <-time.After(time.Millisecond):
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	s.handedOver()
}

func TestAWatcherThatCannotBeStartedIsAFailure(t *testing.T) {
	s := openShop(t)
	s.host.watch = errors.New("no service manager")
	s.ask("1.4.0")
	m := s.marker()
	if m.Step != "" || len(m.Failed) != 1 || m.Failed[0].Step != Stage || m.Failed[0].Reason != "no watcher could be started: no service manager" {
		t.Errorf("%+v", m)
	}
	if s.host.unwatch < 2 { // at the start, and now
		t.Error("what was begun of the watcher was not taken back")
	}
	if _, err := os.Lstat(filepath.Join(s.folder, stagedName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the program is left: %v", err)
	}
}

// ending is a host whose computer shuts down while the watcher is placed.
type ending struct {
	*stand
	end func()
}

func (e ending) Watch(ctx context.Context) error {
	e.end()
	return ctx.Err()
}

func TestAServiceThatIsEndedBlamesNoRelease(t *testing.T) {
	s := openShop(t)
	version, err := release.ParseVersion("1.4.0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	s.Host = ending{s.host, end}
	s.open()
	s.Order(&Order{Version: version})
	s.step(ctx)
	if m := s.marker(); m.Step != Swap || len(m.Failed) > 0 {
		t.Errorf("%+v", m)
	}
	if _, err := os.Lstat(filepath.Join(s.folder, stagedName)); err != nil {
		t.Error(err)
	}
}

// longNamed is a host whose program has a name that no staged file can have: the disk refuses it.
type longNamed struct{ *stand }

func (l longNamed) Target() string { return filepath.Join(l.folder, "agent."+strings.Repeat("x", 300)) }

func TestADiskThatRefusesBlamesNoRelease(t *testing.T) {
	s := openShop(t)
	s.Host = longNamed{s.host}
	if state := s.ask("1.4.0"); state.Step != Stage || !strings.Contains(state.Waits, "it is tried again at") || len(s.marker().Failed) > 0 {
		t.Errorf("%+v, %+v", state, s.marker())
	}
}

// A package that was installed in the middle of an update ends it: what was kept of the buffer goes.
func TestAPackageEndsAnUpdate(t *testing.T) {
	s := openShop(t)
	kept := filepath.Join(s.folder, FormerBuffer)
	if err := errors.Join((&Marker{Step: Probation, To: "1.4.0"}).Save(s.Folder), os.WriteFile(kept, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	s.host.able = ErrPackaged
	if err := s.begin(t.Context()); !errors.Is(err, ErrPackaged) || s.marker().Step != "" {
		t.Errorf("%+v, %v", s.marker(), err)
	}
	if _, err := os.Lstat(kept); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left: %v", err)
	}
}

// A service that was killed between handing over and the watcher's start has it started.
func TestAWatcherIsStartedAnew(t *testing.T) {
	s := openShop(t)
	if err := (&Marker{Step: Swap, From: "1.0.0", To: "1.4.0"}).Save(s.Folder); err != nil {
		t.Fatal(err)
	}
	s.open()
	s.step(t.Context())
	s.step(t.Context())
	if len(s.host.watched) != 1 || s.host.unwatch > 0 {
		t.Errorf("watched %d times, taken back %d times", len(s.host.watched), s.host.unwatch)
	}
	if state := s.State(); state.Version != "1.4.0" || state.Step != Swap {
		t.Errorf("%+v", state)
	}
}

// The new version never comes to watch itself, and a marker that nobody goes on with does not stay for ever.
func TestAMarkerWithoutAWatcherIsSettled(t *testing.T) {
	s := openShop(t)
	m := Marker{Step: Probation, From: "0.9.0", To: "1.0.0", Failed: []Failed{{Version: "0.8.0", At: time.Now()}}}
	if err := m.Save(s.Folder); err != nil {
		t.Fatal(err)
	}
	s.open()
	for range watcherGone - 1 {
		s.step(t.Context())
	}
	m.Watched = time.Second
	if err := m.Save(s.Folder); err != nil { // it is there after all
		t.Fatal(err)
	}
	for range watcherGone {
		s.step(t.Context())
	}
	if m := s.marker(); m.Step != Probation || len(s.host.watched) > 0 {
		t.Fatalf("%+v, watched %d times", m, len(s.host.watched))
	}
	s.step(t.Context())
	if m := s.marker(); m.Step != "" || len(m.Failed) != 1 || s.host.unwatch == 0 {
		t.Errorf("%+v", m)
	}
	s.ask("1.4.0")
	s.handedOver()
}

// What a watcher could not remove, such as its own program, goes once it has settled its update.
func TestWhatAWatcherLeavesGoes(t *testing.T) {
	s := openShop(t)
	if err := (&Marker{Step: Probation, From: "0.9.0", To: "1.0.0"}).Save(s.Folder); err != nil {
		t.Fatal(err)
	}
	s.open()
	s.step(t.Context())
	if err := (&Marker{}).Save(s.Folder); err != nil {
		t.Fatal(err)
	}
	s.step(t.Context())
	s.step(t.Context())
	if s.host.unwatch != 1 || s.soon != 1 {
		t.Errorf("cleaned up %d times, told %d times", s.host.unwatch, s.soon)
	}
}

func TestADamagedMarkerIsSetAside(t *testing.T) {
	s := openShop(t)
	name := filepath.Join(s.folder, markerFile)
	if err := os.WriteFile(name, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.ask("1.4.0")
	s.handedOver()
	if text, err := os.ReadFile(name + ".corrupt"); err != nil || string(text) != "{" {
		t.Errorf("%q, %v", text, err)
	}
}

// What runs already is what was asked for; what was begun before goes.
func TestAnOrderThatIsCarriedOutIsNone(t *testing.T) {
	s := openShop(t)
	s.serve = cutAfter(s, 1000)
	s.ask("1.4.0")
	if state := s.ask("1.0.0"); state.Version != "" || state.Waits != "" {
		t.Errorf("%+v", state)
	}
	s.nothing()
	if found, _ := filepath.Glob(filepath.Join(s.folder, "*"+partEnding)); len(found) > 0 || s.marker().Step != "" {
		t.Errorf("left: %v, %+v", found, s.marker())
	}
}

// A downgrade is meant where it is pinned.
func TestAPinnedVersionMayBeOlder(t *testing.T) {
	s := openShop(t)
	s.Version = "1.5.0"
	s.ask("1.4.0", func(o *Order) { o.Pinned = true })
	if len(s.host.watched) != 1 || s.host.watched[0].From != "1.5.0" || !s.host.watched[0].Pinned {
		t.Errorf("%+v: %+v", s.State(), s.host.watched)
	}
}

// What failed is tried again after a week, and once for each Now.
func TestWhatFailedIsTriedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		age time.Duration
		now bool
	}{
		"after a week": {RetryAfter + time.Minute, false}, "because it is asked for": {againAfter + time.Minute, true},
		"since the clock was set": {-1000 * time.Hour, false},
	} {
		s := openShop(t)
		m := Marker{Failed: []Failed{{Version: "1.4.0", Step: Probation, At: time.Now().Add(-test.age)}}}
		if err := m.Save(s.Folder); err != nil {
			t.Fatal(err)
		}
		s.ask("1.4.0", func(o *Order) { o.Now = test.now })
		if len(s.host.watched) != 1 {
			t.Errorf("%s: %+v", name, s.State())
		}
	}
}

// The battery and the time awake are looked at again before the program is exchanged.
func TestTheBatteryMayEndWhileItLoads(t *testing.T) {
	s := openShop(t)
	looks := 0
	s.power = func() power {
		looks++
		return power{battery: looks > 1, percent: 10}
	}
	if state := s.ask("1.4.0"); state.Step != Stage || !strings.Contains(state.Waits, "on battery") {
		t.Errorf("%+v", state)
	}
	if len(s.host.watched) > 0 {
		t.Error("handed over")
	}
	s.power = func() power { return power{percent: 100} }
	if s.step(t.Context()); len(s.ranges) != 1 {
		t.Errorf("it came again: %q", s.ranges)
	}
	s.handedOver()
}
