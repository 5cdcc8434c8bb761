package update

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/release"
)

const (
	// againAfter is how long an Order's Now leaves alone what failed: it is repeated until the collector has heard of that.
	againAfter = 15 * time.Minute
	// lowBattery is the share, in per cent, below which nothing is begun on battery.
	lowBattery = 30
)

// device is what a release has to fit.
type device struct {
	version                 release.Version
	system, arch, osVersion string
	failed                  []Failed
}

// mayBecome tells why a device does not become a version, by what the channel says and what was tried before; now is by the clock
// that the failures are dated by.
func (d device) mayBecome(o Order, channel release.Channel, now time.Time) error {
	if err := channel.Allows(d.system, o.Version); err != nil {
		return err
	}
	if _, named := channel.Systems[d.system]; !named {
		return fmt.Errorf("the channel names no releases for %s", d.system)
	}
	if o.Version.Compare(d.version) < 0 && !o.Pinned {
		return fmt.Errorf("%s is older than %s, which runs, and is not pinned", o.Version, d.version)
	}
	after := RetryAfter
	if o.Now {
		after = againAfter
	}
	for _, one := range d.failed {
		until := one.At.Add(after)
		set := one.At.After(now.Add(aheadBy)) // the clock, meanwhile
		if one.Version == o.Version.String() && now.Before(until) && !set {
			return fmt.Errorf("%s failed here at %s, on %s; it is tried again after %s", one.Version, one.Step, moment(one.At), moment(until))
		}
	}
	return nil
}

// takes gives the package of a release for a device; an error where the release is none for it.
func (d device) takes(o Order, m release.Manifest) (release.Package, error) {
	if m.Version != o.Version.String() {
		return release.Package{}, fmt.Errorf("%s: it is of %s, not of %s", release.ManifestName, m.Version, o.Version)
	}
	if least, err := release.ParseVersion(m.MinVersion); err == nil && d.version.Compare(least) < 0 {
		return release.Package{}, fmt.Errorf("%s is too old to become %s: that takes %s, or later", d.version, m.Version, least)
	}
	if least := m.MinOS[d.system]; least != "" && !atLeast(d.osVersion, least) {
		return release.Package{}, fmt.Errorf("%s needs %s %s, or later; this is %q", m.Version, d.system, least, d.osVersion)
	}
	kind := release.UpdateKind(d.system)
	for _, p := range m.Packages {
		if p.OS == d.system && p.Kind == kind && (p.Arch == d.arch || p.Arch == release.Universal) {
			return p, nil
		}
	}
	return release.Package{}, fmt.Errorf("%s has no update for %s on %s", m.Version, d.system, d.arch)
}

// atLeast tells whether a system's version, whose numbers are what it ends in ("11 Pro 10.0.22631.3007", "14.5"), is not below the
// least. One that has no numbers is.
func atLeast(version, least string) bool {
	fields := strings.Fields(version)
	if len(fields) == 0 {
		return false
	}
	given, known := numbers(fields[len(fields)-1])
	wanted, _ := numbers(least)
	return known && slices.Compare(given[:], wanted[:]) >= 0
}

func numbers(text string) (all [4]int, known bool) {
	for i, part := range strings.Split(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || i >= len(all) {
			return all, false
		}
		all[i] = n
	}
	return all, true
}

// power is what a device runs on.
type power struct {
	battery bool
	percent int
}

// suffices tells why nothing may be begun on it.
func (p power) suffices() error {
	if p.battery && p.percent < lowBattery {
		return fmt.Errorf("it runs on battery, which is below %d %%", lowBattery)
	}
	return nil
}

// splayed is when in so long it is a device's turn, the same each time: all devices hear of a release at once.
func splayed(device, what string, within time.Duration) time.Duration {
	if within <= 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(device + "\n" + what))
	return time.Duration(binary.BigEndian.Uint64(sum[:8]) % uint64(within))
}

// waking counts how long the computer has been awake, by ticks.
type waking struct {
	at    time.Time
	awake time.Duration
}

const (
	// tick is the time between two looks.
	tick = 30 * time.Second
	// lateBy is how late a look is, by the wall clock, that the computer slept before.
	lateBy = 90 * time.Second
)

// look counts on. A tick that was late begins anew: the computer slept, or its clock was set, which costs two minutes.
func (w *waking) look(now time.Time) {
	if w.at.IsZero() {
		w.at = now
		return
	}
	// Round strips the clock that stands still while the computer sleeps.
	if now.Round(0).Sub(w.at.Round(0)) > lateBy {
		w.awake = 0
	} else {
		w.awake += max(now.Sub(w.at), 0)
	}
	w.at = now
}

// moment is a time as people read it.
func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// check finds the package that the device may have now.
func (u *Updater) check(ctx context.Context, m *Marker) (p release.Package, err error) {
	u.say(func(s *State) { s.Version, s.Step, s.Failed = u.work.Version.String(), Check, m.Failed })
	u.device.failed = m.Failed
	every := newsOfOrder
	if u.mayBecome() != nil {
		every = newsEvery // nothing else is asked for what is forbidden already
	} else if err := u.ready(); err != nil {
		return p, err
	} else if !u.work.Now && time.Now().Before(u.work.turnAt) {
		return p, waiting{errors.New("its turn comes at " + moment(u.work.turnAt))}
	}
	u.learn(ctx, every)
	if u.news.counts(u.Time()) != nil {
		return p, waiting{u.problem()}
	}
	if err := u.mayBecome(); err != nil {
		return p, waiting{err}
	}
	if u.work.manifest == nil {
		if u.work.manifest, err = u.fetchManifest(ctx); err != nil {
			return p, err
		}
	}
	if u.work.manifest.MinOS[u.System] != "" {
		u.device.osVersion = u.OSVersion()
	}
	if p, err = u.device.takes(u.work.Order, *u.work.manifest); err != nil {
		return p, waiting{err}
	}
	return p, nil
}

func (u *Updater) mayBecome() error {
	if u.news.channel.Version == 0 {
		return nil // what may be is not known yet
	}
	return u.device.mayBecome(u.work.Order, u.news.channel, time.Now())
}

// ready tells why nothing is begun now.
func (u *Updater) ready() error {
	if u.waking.awake < u.settleFor {
		return waiting{fmt.Errorf("the computer woke, or it or the service was started, less than %s ago", u.settleFor)}
	}
	if err := u.power().suffices(); err != nil {
		return waiting{err}
	}
	return nil
}

func (u *Updater) fetchManifest(ctx context.Context) (*release.Manifest, error) {
	text, signatures, err := getSigned(func(name string, most int64) ([]byte, error) {
		return u.get(ctx, u.work.Version.String()+"/"+name, most)
	}, release.ManifestName, release.MaxManifestBytes)
	if err != nil {
		return nil, err
	}
	manifest, err := u.news.keys.VerifyManifest(text, signatures)
	if err == nil {
		err = ahead(release.ManifestName, manifest.IssuedAt, u.Time())
	}
	return &manifest, err
}
