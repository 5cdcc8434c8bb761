package access

import (
	"fmt"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// clock is a throttle with a clock of the test's own.
func clocked() (*throttle, *time.Time) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	return newThrottle(func() time.Time { return now }), &now
}

func at(n int) From { return From{Address: fmt.Sprintf("198.51.100.%d", n)} }

// fails tries until it is refused, at most n times, and tells how often it was let.
func (t *throttle) fails(email string, from From, n int) (let int) {
	for range n {
		if _, err := t.begin(email, from); err != nil {
			break
		}
		let++
	}
	return let
}

// Somebody hammers at Ada's account: Ada comes in from where she did before, whatever the attacker does, and from
// elsewhere at her first attempt.
func TestNobodyLocksAnotherOut(t *testing.T) {
	guard, now := clocked()
	in, err := guard.begin("ada@example.com", home)
	if err != nil {
		t.Fatal(err)
	}
	in.succeeded()
	for n := range 100 {
		if let := guard.fails("ada@example.com", at(n), 100); let > failuresPerPair || n > 10 && let != 1 {
			t.Fatalf("attacker %d tried %d times", n, let)
		}
	}
	if let := guard.fails("ada@example.com", home, 100); let != failuresPerPair {
		t.Errorf("Ada tried %d times from her own address", let)
	}
	if _, err := guard.begin("Ada@example.com", From{Address: "192.0.2.1"}); err != nil {
		t.Errorf("Ada, away: %v", err)
	}
	if _, err := guard.begin("ada@example.com", From{Address: "192.0.2.1"}); collector.CodeOf(err) != collector.TooMany {
		t.Errorf("Ada, away, at once after a failure: %v", err)
	}
	*now = now.Add(accountPause)
	if _, err := guard.begin("ada@example.com", From{Address: "192.0.2.1"}); err != nil {
		t.Errorf("Ada, away, a minute later: %v", err)
	}
	*now = now.Add(pairWindow)
	if _, err := guard.begin("ada@example.com", home); err != nil {
		t.Errorf("Ada, a quarter of an hour later: %v", err)
	}
}

// One network tries many accounts: those of the people who work there come in.
func TestOneNetwork(t *testing.T) {
	guard, now := clocked()
	in, err := guard.begin("ada@example.com", home)
	if err != nil {
		t.Fatal(err)
	}
	in.succeeded()
	let := 0
	for n := range 100 {
		let += guard.fails(fmt.Sprint(n, "@example.com"), home, 1)
	}
	if let != failuresPerNetwork {
		t.Errorf("%d were let", let)
	}
	if _, err := guard.begin("ada@example.com", home); err != nil {
		t.Errorf("Ada: %v", err)
	}
	*now = now.Add(networkWindow)
	if _, err := guard.begin("max@example.com", home); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

// What succeeds or is undone does not count, however often.
func TestOnlyFailuresCount(t *testing.T) {
	guard, _ := clocked()
	for n := range 100 {
		try, err := guard.begin("ada@example.com", home)
		if err != nil {
			t.Fatal(n, err)
		}
		if n%2 == 0 {
			try.undone()
		} else {
			try.succeeded()
		}
	}
	// Undoing one takes back one: who knows the password does not wipe out wrong codes.
	if guard.fails("ada@example.com", home, failuresPerPair-1); guard.fails("ada@example.com", home, 1) != 1 {
		t.Error("one more is let")
	}
}

// Ever new names take no more memory, and keep nobody out.
func TestTallyIsBounded(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	counts := newTally(time.Hour)
	for n := range maxTallied + 100 {
		now = now.Add(time.Millisecond)
		counts.add(fmt.Sprint(n), now, 1)
	}
	if len(counts.counts) != maxTallied || counts.of("99", now).n != 0 || counts.of("100", now).n != 1 || counts.of(fmt.Sprint(maxTallied), now).n != 1 {
		t.Errorf("%d are told apart; %v, %v", len(counts.counts), counts.of("99", now), counts.of("100", now))
	}
	counts.add("later", now.Add(2*time.Hour), 1)
	if len(counts.counts) != 1 {
		t.Errorf("%d after all are over", len(counts.counts))
	}
}
