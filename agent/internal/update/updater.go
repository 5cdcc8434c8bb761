package update

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/dayline-project/dayline/shared/release"
)

// Lengths that a build for tests has shorter.
var (
	// settle is how long the computer has to be awake before anything is begun: when it has started or woken there is enough to do.
	settle = "2m"
	// splay is how long after one another the devices that hear of a release at once have their turns.
	splay = "10m"
)

const (
	// firstRetry of what failed and may not the next time; each is twice as long after, up to lastRetry.
	firstRetry = time.Minute
	lastRetry  = 6 * time.Hour
	// offFor is how long it is before what keeps updates off is looked at again: a disk may be mounted otherwise.
	offFor = time.Hour
	// watcherGone is how many looks find the marker as it was before its watcher counts as gone.
	watcherGone = 60
)

// Config of an Updater; every field is needed.
type Config struct {
	// Folder is the state folder.
	Folder string
	// Version runs, on System and Arch, as the contract names them; OSVersion asks the system for its own.
	Version, System, Arch string
	OSVersion             func() string
	// Device is its id.
	Device string
	// Built gives the keys of this build; an error: updating is off.
	Built func() (release.Trusted, error)
	// Host exchanges the program; nil where it runs in the foreground.
	Host Host
	// Get asks the collector for what lies below release.Path, from a byte on.
	Get func(ctx context.Context, path string, from int64) (*http.Response, error)
	// Time is the later of the device's and the collector's.
	Time func() time.Time
	// Connected: the collector answered when it was called last.
	Connected func() bool
	// Soon has the collector told what is new.
	Soon func()
	Log  *slog.Logger
}

// Updater is the actor that prepares updates. Make it with New.
type Updater struct {
	Config
	folder  string
	changed chan struct{}
	// The lengths, shorter in tests.
	settleFor, splayFor, paceFor time.Duration
	power                        func() power

	mu sync.Mutex
	// order is nil where nothing is asked for, as far as the collector was heard.
	order *Order
	heard bool
	state State
	// giveUp ends what is done for an order.
	giveUp context.CancelFunc

	// What follows is Run's alone.
	device device
	news   news
	waking waking
	work   work
	// watched is the marker that was the watcher's, and looks how often it was found so.
	watched Marker
	looks   int
}

// work is what is done for one order.
type work struct {
	Order
	turnAt   time.Time
	manifest *release.Manifest
	failures int
	retryAt  time.Time
}

// New makes an updater; Run starts it.
func New(config Config) *Updater {
	return &Updater{
		Config: config, folder: filepath.Join(config.Folder, Folder), changed: make(chan struct{}, 1),
		settleFor: length(settle), splayFor: length(splay), paceFor: paceFor, power: askPower, giveUp: func() {},
	}
}

// length of time as the linker was told; what it was told wrongly takes no time.
func length(text string) time.Duration {
	d, _ := time.ParseDuration(text)
	return d
}

// Order tells what the collector's last answer asks for; nil: nothing. One that is repeated is the same.
func (u *Updater) Order(o *Order) {
	u.mu.Lock()
	defer u.mu.Unlock()
	former := u.order
	if u.heard && (o == former || o != nil && former != nil && *o == *former) {
		return
	}
	if o == nil || former == nil || o.Version != former.Version {
		u.giveUp()
	}
	u.order, u.heard = o, true
	select {
	case u.changed <- struct{}{}:
	default:
	}
}

// State tells how updating stands.
func (u *Updater) State() State {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.state
}

func (u *Updater) say(change func(*State)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	change(&u.state)
}

// Run prepares what is ordered until ctx ends.
func (u *Updater) Run(ctx context.Context) error {
	for err := u.begin(ctx); err != nil; err = u.begin(ctx) {
		if why := off(err); why != u.State().Off {
			u.Log.Info("updates are off", "reason", why)
			u.say(func(s *State) { s.Off = why })
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(offFor):
		}
	}
	u.say(func(s *State) { s.Off = "" })
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-u.changed:
		case <-timer.C:
		}
		u.step(ctx)
		timer.Reset(u.next(time.Now()))
	}
}

// next is the time to the next look.
func (u *Updater) next(now time.Time) time.Duration {
	wait := tick
	if rest := u.settleFor - u.waking.awake; rest > 0 {
		wait = min(wait, rest)
	}
	if rest := u.work.turnAt.Sub(now); rest > 0 {
		wait = min(wait, rest)
	}
	return wait
}

// begin tells why this device does not update itself; nil: it does.
func (u *Updater) begin(ctx context.Context) error {
	if u.Host == nil {
		return ErrForeground
	}
	built, err := u.Built()
	if err != nil {
		return err
	}
	version, err := release.ParseVersion(u.Version)
	if err != nil {
		return fmt.Errorf("this build is no release: %w", err)
	}
	u.device = device{version: version, system: u.System, arch: u.Arch}
	err = u.Host.Able(ctx)
	if m, unread := LoadMarker(u.Folder); errors.Is(err, ErrPackaged) && unread == nil && m.Step != "" {
		u.settle(ctx, m) // the package came in the middle of it
	}
	if err == nil {
		err = os.MkdirAll(u.folder, 0o700)
	}
	if err != nil {
		return err
	}
	if u.news.known, err = openKnown(u.folder, built); err != nil {
		return err
	}
	u.told()
	if m, err := LoadMarker(u.Folder); err == nil && m.Step == "" {
		u.clean(ctx)
	}
	return nil
}

// step does what can be done now.
func (u *Updater) step(ctx context.Context) {
	u.waking.look(time.Now())
	m := u.marker()
	if m.OfWatcher() && !u.watcherGone(ctx, m) {
		u.say(func(s *State) { s.Version, s.Step, s.Waits, s.Failed = m.To, m.Step, "", m.Failed })
		return
	}
	if u.watched.Step != "" {
		defer u.Soon() // whoever follows a roll-out waits for it
		u.watched = Marker{}
		u.clean(ctx) // a watcher cannot remove what it runs on each system
	}
	working, giveUp := context.WithCancel(ctx)
	defer giveUp()
	u.mu.Lock()
	order, heard := u.order, u.heard
	u.giveUp = giveUp
	u.mu.Unlock()
	if order == nil || order.Version == u.device.version {
		u.rest(ctx, m, heard)
		return
	}
	if u.work.Order != *order {
		u.work = work{Order: *order, turnAt: time.Now().Add(splayed(u.Device, order.Version.String(), u.splayFor))}
		u.news.askedAt = time.Time{} // the channel may have come together with the order
		u.Log.Info("update ordered", "version", order.Version.String(), "pinned", order.Pinned, "now", order.Now)
	}
	if time.Now().Before(u.work.retryAt) {
		return
	}
	err := u.advance(working, m)
	if working.Err() != nil {
		return // something else is asked for
	}
	if err == nil {
		err = u.handOver(ctx, m)
	}
	if err != nil && ctx.Err() == nil { // else the service ends: the next goes on
		u.stuck(ctx, m, err)
	}
}

// marker on the disk. One that cannot be read is set aside: whoever watches ends then, and what runs, runs.
func (u *Updater) marker() *Marker {
	m, err := LoadMarker(u.Folder)
	if err == nil {
		return m
	}
	name := filepath.Join(u.folder, markerFile)
	u.Log.Error("marker of updates set aside", "error", errors.Join(err, os.Rename(name, name+".corrupt")))
	return &Marker{}
}

// watcherGone has the watcher run, and tells that there is none all the same: its marker is the service's then.
func (u *Updater) watcherGone(ctx context.Context, m *Marker) bool {
	same := m.Step == u.watched.Step && m.To == u.watched.To && m.Watched == u.watched.Watched && m.Wanting == u.watched.Wanting
	if u.looks++; !same {
		u.watched, u.looks = *m, 0
	}
	if u.looks == 0 {
		// Where nothing lies aside, the version that runs would come to judge itself.
		if _, err := os.Lstat(u.Host.Aside()); err == nil || u.Version == m.From {
			if err := u.Host.Watch(ctx); err != nil {
				u.Log.Error("watcher of the update not started", "error", err)
			}
		}
	}
	if u.looks < watcherGone {
		return false
	}
	u.Log.Error("watcher of the update is gone", "version", m.To)
	u.settle(ctx, m)
	return true
}

// rest is what is done while nothing is ordered: what was begun goes, and now and then the channel is looked at.
func (u *Updater) rest(ctx context.Context, m *Marker, heard bool) {
	u.work = work{}
	if m.Step != "" && heard {
		u.settle(ctx, m)
	}
	u.say(func(s *State) { s.Version, s.Step, s.Waits, s.Failed = "", "", "", m.Failed })
	if u.waking.awake >= u.settleFor+splayed(u.Device, release.ChannelName, u.splayFor) {
		u.learn(ctx, newsEvery)
	}
}

// settle ends an update that the watcher has not: what of it lies about goes.
func (u *Updater) settle(ctx context.Context, m *Marker) {
	u.clean(ctx)
	*m = Marker{Failed: m.Failed}
	if err := m.Save(u.Folder); err != nil {
		u.Log.Error("marker of updates not written", "error", err)
	}
}

func (u *Updater) clean(ctx context.Context) {
	if err := Clean(ctx, u.Folder, u.Host); err != nil {
		u.Log.Warn("update not cleaned up", "error", err)
	}
}

// waiting is an error that is no failure: its words are what is waited for.
type waiting struct{ error }

// final is a failure that another try does not mend.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// stuck says what an update waits for, or tries it again later, or gives it up for a week.
func (u *Updater) stuck(ctx context.Context, m *Marker, err error) {
	step := u.State().Step
	var waits waiting
	var failed final
	var busy busyError
	if !errors.As(err, &waits) {
		u.work.manifest = nil // the next try may be of one that was mended
	}
	switch {
	case errors.As(err, &waits):
	case errors.As(err, &failed):
		u.Log.Error("update failed", "version", u.work.Version.String(), "step", step, "error", err)
		m.fail(Failed{Version: u.work.Version.String(), Step: step, Reason: err.Error(), At: time.Now()})
		u.settle(ctx, m)
	default:
		after := min(firstRetry<<min(u.work.failures, 9), lastRetry)
		if errors.As(err, &busy) && busy.after > 0 {
			after = busy.after + splayed(u.Device, step, busy.after/4)
		}
		u.work.failures++
		u.work.retryAt = time.Now().Add(after)
		u.Log.Warn("update goes on later", "step", step, "after", after, "error", err)
		err = fmt.Errorf("%w; it is tried again at %s", err, moment(u.work.retryAt))
	}
	u.say(func(s *State) { s.Waits, s.Failed = err.Error(), m.Failed })
}

// advance does the service's steps, one after the other, as far as they go; each time from the first on, since what was done before
// costs little.
func (u *Updater) advance(ctx context.Context, m *Marker) error {
	p, err := u.check(ctx, m)
	if err != nil {
		return err
	}
	if err := u.enter(m, Fetch); err != nil {
		return err
	}
	part, whole, err := u.fetch(ctx, u.work.Version, p)
	if err != nil {
		return err
	}
	if err := u.enter(m, Verify); err != nil {
		return err
	}
	if err := verify(part, p); err != nil {
		err = errors.Join(err, os.Remove(part))
		if whole {
			return final{err}
		}
		return err // a part of it may have been another's
	}
	if err := u.enter(m, Stage); err != nil {
		return err
	}
	var ofDisk *fs.PathError // such as that it is full, or the file held
	if m.Staged, m.SHA256, err = u.stage(part, p); err != nil && !errors.As(err, &ofDisk) {
		return final{err}
	} else if err != nil {
		return err
	}
	return u.ready()
}

// enter notes a step.
func (u *Updater) enter(m *Marker, step string) error {
	u.say(func(s *State) { s.Step, s.Waits = step, "" })
	*m = Marker{Step: step, From: u.Version, To: u.work.Version.String(), Pinned: u.work.Pinned, Now: u.work.Now, Failed: m.Failed}
	return m.Save(u.Folder)
}

// handOver leaves the rest to the watcher.
func (u *Updater) handOver(ctx context.Context, m *Marker) error {
	former, err := sumOf(u.Host.Target())
	if err != nil {
		return err
	}
	m.Step, m.Former, m.Connected = Swap, former, u.Connected()
	if report, err := u.Host.Ask(ctx); err == nil {
		m.Blind = report.blind()
	}
	if err := m.Save(u.Folder); err != nil {
		return err
	}
	u.say(func(s *State) { s.Step, s.Waits = Swap, "" })
	u.Log.Info("update handed over to its watcher", "version", m.To)
	if err := u.Host.Watch(ctx); err != nil {
		u.say(func(s *State) { s.Step = Stage }) // nothing of the release has run: that halts no roll-out
		return final{fmt.Errorf("no watcher could be started: %w", err)}
	}
	return nil
}
