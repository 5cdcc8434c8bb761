// Package mactest is a Mac that tests script: applications with windows, notices, clocks, programs that hang, a
// permission that is given and taken. It goes by the clock of package time, so in a bubble of synctest a day takes no
// time.
package mactest

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// Mac is a mac.System. Its methods may be called by any goroutine. What a test changes is told before the method that
// changes it returns, save while Silent.
type Mac struct {
	began time.Time
	// main and ax are the threads that notices and changes in programs are told on: one at a time each.
	main, ax sync.Mutex

	mu        sync.Mutex
	silent    bool
	followers []*follower
	programs  []*Program
	front     *Program
	session   mac.Session
	graphical bool
	trusted   bool
	refuses   bool
	slept     time.Duration
	// session's and hardware's last input, on the clock that stops in sleep.
	input, hardware time.Duration
	observers       []*observer
	lastID          uint64
	held, questions int
	askedAt         time.Time
	moments         int
}

type follower struct{ told func(mac.Notice) }

// New gives a Mac whose session is on the console and unlocked, with nothing in front, an input just now, and
// accessibility permitted.
func New() *Mac {
	return &Mac{began: time.Now(), session: mac.Session{ID: 100001, OnConsole: true}, graphical: true, trusted: true, input: started, hardware: started}
}

// Silent has changes told to nobody from now on, or told again: what a safety poll has to find.
func (m *Mac) Silent(silent bool) { m.change(func() { m.silent = silent }) }

// Permit gives or takes the permission.
func (m *Mac) Permit(trusted bool) { m.change(func() { m.trusted = trusted }) }

// Refuse has programs not answer for want of the permission, whatever Trusted says.
func (m *Mac) Refuse(refuse bool) { m.change(func() { m.refuses = refuse }) }

// SetSession changes the session's dictionary without a notice.
func (m *Mac) SetSession(change func(*mac.Session)) { m.change(func() { change(&m.session) }) }

// SetGraphical: the session has a window server.
func (m *Mac) SetGraphical(graphical bool) { m.change(func() { m.graphical = graphical }) }

// Input is one of the person's, by the computer's own keyboard; Remote one by a remote desktop.
func (m *Mac) Input()  { m.change(func() { m.input, m.hardware = m.up(), m.up() }) }
func (m *Mac) Remote() { m.change(func() { m.input = m.up() }) }

// Untouched: there was no input yet.
func (m *Mac) Untouched() { m.change(func() { m.input, m.hardware = never, never }) }

// Sleep lets the computer have slept for a time, without a notice.
func (m *Mac) Sleep(length time.Duration) { m.change(func() { m.slept += length }) }

// Clocks are the one that runs on in sleep and the one that does not.
func (m *Mac) Clocks() (boot, mono time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked()
	return m.up() + m.slept, m.up(), nil
}

// Held are the elements and observers that were not released or closed.
func (m *Mac) Held() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held + len(m.observers)
}

// Questions is how many were asked of programs.
func (m *Mac) Questions() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.questions
}

// Moments is at how many moments anything was asked of the Mac or of a program: how often who asks woke up.
func (m *Mac) Moments() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.moments
}

// asked counts a question, with the lock held.
func (m *Mac) asked() {
	if now := time.Now(); !now.Equal(m.askedAt) {
		m.askedAt = now
		m.moments++
	}
}

// Followers is how many follow the notices.
func (m *Mac) Followers() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.followers)
}

// Tell gives notice; it returns when all who follow have.
func (m *Mac) Tell(n mac.Notice) {
	m.main.Lock()
	defer m.main.Unlock()
	m.mu.Lock()
	followers := slices.Clone(m.followers)
	if m.silent {
		followers = nil
	}
	m.mu.Unlock()
	for _, f := range followers {
		f.told(n)
	}
}

// Lock locks or unlocks the session, with its notice.
func (m *Mac) Lock(locked bool) {
	m.SetSession(func(s *mac.Session) { s.Locked = locked })
	m.tellOne(locked, mac.Locked, mac.Unlocked)
}

// Switch brings another session to the front, or this one back.
func (m *Mac) Switch(away bool) {
	m.SetSession(func(s *mac.Session) { s.OnConsole = !away })
	m.tellOne(away, mac.LeftConsole, mac.OnConsole)
}

// Darken has the displays sleep or wake.
func (m *Mac) Darken(asleep bool) {
	m.SetSession(func(s *mac.Session) { s.DisplayAsleep = asleep })
	m.tellOne(asleep, mac.DisplaysSlept, mac.DisplaysWoke)
}

func (m *Mac) tellOne(first bool, one, other mac.Kind) {
	if !first {
		one = other
	}
	m.Tell(mac.Notice{Kind: one})
}

func (m *Mac) change(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

// started is how long the computer has been on when a test begins; never is when an input came that did not.
const (
	started = time.Hour
	never   = -1
)

// up is the time on the clock that stops in sleep.
func (m *Mac) up() time.Duration { return started + time.Since(m.began) }

// Front is of mac.Workspace.
func (m *Mac) Front() (app mac.App, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked()
	if m.front == nil {
		return mac.App{}, false
	}
	return m.front.App, true
}

// Follow is of mac.Workspace.
func (m *Mac) Follow(told func(mac.Notice)) (stop func()) {
	f := &follower{told}
	m.change(func() { m.followers = append(m.followers, f) })
	return func() {
		// As on a Mac's main thread, nothing is told after it returned.
		m.main.Lock()
		defer m.main.Unlock()
		m.change(func() { m.followers = slices.DeleteFunc(m.followers, func(one *follower) bool { return one == f }) })
	}
}

// Idle is of mac.Workspace.
func (m *Mac) Idle() (session, hardware time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked()
	since := func(input time.Duration) time.Duration {
		if input == never {
			return math.MaxInt64
		}
		return m.up() - input
	}
	return since(m.input), since(m.hardware)
}

// Session is of mac.Workspace.
func (m *Mac) Session() (state mac.Session, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked()
	return m.session, m.graphical
}

// Trusted is of mac.Accessibility.
func (m *Mac) Trusted() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked()
	return m.trusted
}

var _ mac.System = (*Mac)(nil)
