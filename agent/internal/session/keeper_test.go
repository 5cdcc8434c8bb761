package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// house is a computer whose login sessions the test opens and closes, and the launcher of helpers in them.
type house struct {
	mu       sync.Mutex
	sessions []LoginSession
	// blind: sessions are not listed; full: no helper starts.
	blind, full bool
	// busy are the helpers that live, by session; launches all that were started, with when.
	busy     map[string]*tenant
	launches []string
	began    time.Time
	fault    error
}

// tenant is a helper that lives until the test, or the end of its pipe, ends it.
type tenant struct {
	house   *house
	session LoginSession
	here    net.Conn
	there   net.Conn
	dead    chan struct{}
	once    sync.Once
	going   bool
	told    bool
	// deaf: the end of the pipe does not end it.
	deaf bool
}

func (h *house) Sessions() ([]LoginSession, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.blind {
		return nil, errors.New("nobody answers")
	}
	return slices.Clone(h.sessions), nil
}

func (h *house) Launch(session LoginSession) (Launched, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.launches = append(h.launches, fmt.Sprintf("%s@%s %s", session.User, session.ID, time.Since(h.began)))
	if h.full {
		return nil, errors.New("no room")
	}
	if h.busy[session.ID] != nil {
		h.fault = errors.New("two helpers in session " + session.ID)
	}
	one := &tenant{house: h, session: session, dead: make(chan struct{})}
	one.here, one.there = net.Pipe()
	h.busy[session.ID] = one
	go func() { // ends with the pipe
		_, _ = one.there.Read(make([]byte, 1))
		if !one.deaf {
			one.die()
		}
	}()
	return one, nil
}

func (t *tenant) Conn() net.Conn { return t.here }
func (t *tenant) Peer() Peer     { return Peer{User: t.session.User, PID: 7, OSSession: t.session.ID} }

func (t *tenant) die() {
	t.once.Do(func() {
		t.house.mu.Lock()
		delete(t.house.busy, t.session.ID)
		t.house.mu.Unlock()
		close(t.dead)
		t.there.Close()
	})
}

func (t *tenant) End(within time.Duration) (bool, error) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-t.dead:
		if t.told {
			return false, nil
		}
		return t.going, errors.New("status 1")
	case <-timer.C:
		t.die()
		return false, errors.New("ended by force")
	}
}

// open sets the sessions, as "user@id".
func (h *house) open(sessions ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sessions = nil
	for _, s := range sessions {
		user, id, _ := strings.Cut(s, "@")
		h.sessions = append(h.sessions, LoginSession{ID: id, User: user})
	}
}

// set changes the house as the launcher sees it.
func (h *house) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

func (h *house) in(id string) *tenant {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.busy[id]
}

// launched gives and forgets what was started since the last time it was asked.
func (h *house) launched() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	launched := h.launches
	h.launches = nil
	return launched
}

// keep runs a keeper of the house's in a world where waiting takes no time; stop ends it and gives how long that took.
func keep(t *testing.T, test func(t *testing.T, h *house, look func(), stop func() time.Duration)) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{busy: map[string]*tenant{}, began: time.Now()}
		serve := func(helper Launched) { _, _ = helper.Conn().Read(make([]byte, 1)) }
		keeper := NewKeeper(h, serve, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- keeper.Run(ctx) }()
		stopped := false
		stop := func() time.Duration {
			stopped = true
			began := time.Now()
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			return time.Since(began)
		}
		test(t, h, func() { keeper.Look(); synctest.Wait() }, stop)
		if !stopped {
			stop()
		}
		synctest.Wait()
		if h.fault != nil || len(h.busy) > 0 {
			t.Errorf("%v; %d helpers are left", h.fault, len(h.busy))
		}
	})
}

func wantLaunched(t *testing.T, h *house, want ...string) {
	t.Helper()
	synctest.Wait()
	if got := h.launched(); !slices.Equal(got, want) {
		t.Errorf("launched %q, want %q", got, want)
	}
}

func TestEachSessionGetsOneHelper(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		h.open("ada@1", "ada@2", "bob@3", "bob@3")
		look()
		look()
		wantLaunched(t, h, "ada@1 0s", "ada@2 0s", "bob@3 0s")
		// A notice for nothing, two at once, and many safety looks.
		for range 3 {
			look()
		}
		time.Sleep(time.Hour)
		wantLaunched(t, h)
		h.open("ada@1", "ada@2", "bob@3", "cyd@4")
		look()
		wantLaunched(t, h, "cyd@4 1h0m0s")
	})
}

func TestASessionNobodyToldOfIsFound(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		wantLaunched(t, h)
		h.open("ada@1")
		time.Sleep(lookEvery)
		wantLaunched(t, h, "ada@1 1m0s")
	})
}

func TestASessionThatIsNotCompleteAtItsNoticeIsFoundSoon(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		look()
		h.open("ada@1")
		time.Sleep(lookAgain)
		wantLaunched(t, h, "ada@1 5s")
	})
}

func TestAHelperThatDiesIsStartedAgainEverMoreSlowly(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		h.open("ada@1")
		look()
		wantLaunched(t, h, "ada@1 0s")
		var at time.Duration
		for _, wait := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			h.in("1").die()
			synctest.Wait()
			look() // a notice does not make it faster
			at += wait * time.Second
			time.Sleep(wait*time.Second - 1)
			wantLaunched(t, h)
			time.Sleep(time.Nanosecond)
			wantLaunched(t, h, fmt.Sprintf("ada@1 %s", at))
		}
		// After a healthy minute all is forgotten.
		time.Sleep(healthyFor)
		h.in("1").die()
		time.Sleep(time.Second)
		wantLaunched(t, h, fmt.Sprintf("ada@1 %s", at+healthyFor+time.Second))
	})
}

func TestOneThatDiesAllTheTimeCostsTheOthersNothing(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		h.open("ada@1", "bob@2")
		look()
		wantLaunched(t, h, "ada@1 0s", "bob@2 0s")
		storm := time.NewTicker(100 * time.Millisecond)
		defer storm.Stop()
		for began := time.Now(); time.Since(began) < time.Hour; <-storm.C {
			if one := h.in("1"); one != nil {
				one.die()
			}
		}
		synctest.Wait()
		launched := h.launched()
		if len(launched) < 60 || len(launched) > 70 || slices.ContainsFunc(launched, func(s string) bool { return !strings.HasPrefix(s, "ada@1 ") }) {
			t.Errorf("%d launches in an hour: %q", len(launched), launched)
		}
	})
}

func TestAHelperThatDoesNotStartIsTriedAgain(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		h.full = true
		h.open("ada@1")
		look()
		time.Sleep(3 * time.Second)
		wantLaunched(t, h, "ada@1 0s", "ada@1 1s", "ada@1 3s")
		h.set(func() { h.full = false })
		time.Sleep(4 * time.Second)
		wantLaunched(t, h, "ada@1 7s")
		if h.in("1") == nil {
			t.Error("there is none")
		}
	})
}

func TestWhileSessionsAreNotListedHelpersStay(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		h.open("ada@1")
		look()
		wantLaunched(t, h, "ada@1 0s")
		h.set(func() { h.blind = true })
		look()
		time.Sleep(10 * time.Minute)
		if h.in("1") == nil {
			t.Fatal("it was ended")
		}
		h.in("1").die()
		time.Sleep(10 * time.Minute)
		wantLaunched(t, h)
		h.set(func() { h.blind = false })
		time.Sleep(relaunchMax)
		wantLaunched(t, h, "ada@1 21m0s")
	})
}

func TestTheHelperOfASessionThatIsGoneEnds(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		h.open("ada@1", "bob@2")
		look()
		wantLaunched(t, h, "ada@1 0s", "bob@2 0s")
		h.open("bob@2")
		look()
		time.Sleep(leaveFor - 1)
		if h.in("1") == nil {
			t.Error("it was not left the time to close its episodes")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if h.in("1") != nil || h.in("2") == nil {
			t.Error("the wrong ones are there")
		}
		// Who logs in at the same place is not put off for it.
		h.open("ada@1", "bob@2")
		look()
		wantLaunched(t, h, "ada@1 2.5s")
	})
}

func TestASessionThatWasMissedForAMomentKeepsItsHelper(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		h.open("ada@1")
		look()
		h.open()
		look()
		time.Sleep(leaveFor / 2)
		h.open("ada@1")
		look()
		time.Sleep(time.Hour)
		wantLaunched(t, h, "ada@1 0s")
		// The next time is a time of its own.
		h.open()
		look()
		h.open("ada@1")
		look()
		wantLaunched(t, h)
	})
}

func TestTheNextPersonInASessionGetsAnotherHelper(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		h.open("ada@1")
		look()
		h.open("bob@1")
		look()
		wantLaunched(t, h, "ada@1 0s")
		time.Sleep(leaveFor)
		synctest.Wait()
		look()
		wantLaunched(t, h, "bob@1 2.5s")
		if one := h.in("1"); one == nil || one.session.User != "bob" {
			t.Errorf("there is %+v", one)
		}
	})
}

func TestAHelperThatItsSessionTookAlongIsNoCrash(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		h.open("ada@1")
		look()
		h.in("1").going = true
		h.in("1").die()
		synctest.Wait()
		look()
		time.Sleep(relaunchMax - 1)
		wantLaunched(t, h, "ada@1 0s")
		// It stays after all, and nothing is held against it.
		time.Sleep(time.Nanosecond)
		wantLaunched(t, h, "ada@1 1m0s")
		h.in("1").die()
		time.Sleep(relaunchMin)
		wantLaunched(t, h, "ada@1 1m1s")

		h.in("1").going = true
		h.in("1").die()
		synctest.Wait()
		h.open()
		look()
		h.open("bob@1")
		look()
		wantLaunched(t, h, "bob@1 1m1s")
	})
}

func TestAHelperThatItsSessionToldToEndIsNotStartedInItsMidst(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		h.open("ada@1")
		look()
		h.in("1").told = true
		h.in("1").die()
		time.Sleep(relaunchMax - 1)
		wantLaunched(t, h, "ada@1 0s")
		time.Sleep(time.Nanosecond)
		wantLaunched(t, h, "ada@1 1m0s")
	})
}

func TestOnStopHelpersHaveTimeToEnd(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		h.open("ada@1", "bob@2")
		look()
		closed := time.AfterFunc(2*time.Second, func() {
			h.in("1").die()
			h.in("2").die()
		})
		defer closed.Stop()
		if took := stop(); took != 2*time.Second {
			t.Errorf("stopped after %s", took)
		}
		wantLaunched(t, h, "ada@1 0s", "bob@2 0s")
	})
}

func TestOnStopHelpersThatStayAreEnded(t *testing.T) {
	keep(t, func(t *testing.T, h *house, look func(), stop func() time.Duration) {
		h.open("ada@1", "bob@2", "cyd@3")
		look()
		h.in("2").deaf = true
		h.in("3").die()
		synctest.Wait()
		if took := stop(); took != 2*leaveFor {
			t.Errorf("stopped after %s", took)
		}
		time.Sleep(time.Hour)
		wantLaunched(t, h, "ada@1 0s", "bob@2 0s", "cyd@3 0s")
	})
}
