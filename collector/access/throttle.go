package access

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// What failures to sign in are bounded by. Somebody who hammers at an account from elsewhere must not keep its owner
// out, so an account is never locked as a whole: a bound on it alone only makes each network wait between attempts, and
// from where the owner signed in before, nothing but that network's own failures with this account counts.
const (
	// failuresPerPair of one account from one network, in pairWindow.
	failuresPerPair = 10
	pairWindow      = 15 * time.Minute
	// failuresPerNetwork with whatever accounts, in networkWindow.
	failuresPerNetwork = 30
	networkWindow      = time.Minute
	// After failuresPerAccount in accountWindow, from wherever, each network may fail with it once every accountPause.
	failuresPerAccount = 30
	accountWindow      = time.Hour
	accountPause       = time.Minute
	// codesPerAccount: wrong codes after right passwords, in accountWindow; then codes are taken only from where the
	// owner signed in before. Who gets here has the password, so this keeps nobody out who could not.
	codesPerAccount = 10
	// homeFor is how long a network is remembered from which somebody signed in.
	homeFor = 30 * 24 * time.Hour
	// beginsPerNetwork: sign-ins with a passkey or at the provider begun, in networkWindow.
	beginsPerNetwork = 300
)

// throttle decides who may try to sign in.
type throttle struct {
	now func() time.Time

	mu sync.Mutex
	// Failures: of pairs of an account and a network, of networks and of accounts; wrong codes of accounts; and, by network,
	// failures that are of no account.
	pairs, networks, accounts, codes, strange *tally
	// homes are the successes of pairs; begun the sign-ins of nobody known that a network began.
	homes, begun *tally
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{
		now: now, pairs: newTally(pairWindow), networks: newTally(networkWindow), accounts: newTally(accountWindow),
		codes: newTally(accountWindow), strange: newTally(networkWindow), begun: newTally(networkWindow), homes: newTally(homeFor),
	}
}

// attempt is one try at an account from a network. It counts as failed until it is said to be something else.
type attempt struct {
	t                      *throttle
	account, network, pair string
}

// begin counts an attempt, or refuses it: TooMany.
func (t *throttle) begin(email string, from From) (attempt, error) {
	account := strings.ToLower(email)
	a := attempt{t: t, account: account, network: from.Address, pair: account + " from " + from.Address}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	pair, home := t.pairs.of(a.pair, now), t.homes.of(a.pair, now).n > 0
	everywhere, network := t.accounts.of(a.account, now), t.networks.of(a.network, now)
	switch {
	case pair.n >= failuresPerPair:
		return a, tooMany(pair.since.Add(pairWindow).Sub(now))
	case !home && network.n >= failuresPerNetwork:
		return a, tooMany(network.since.Add(networkWindow).Sub(now))
	case !home && everywhere.n >= failuresPerAccount && now.Sub(pair.last) < accountPause:
		return a, tooMany(pair.last.Add(accountPause).Sub(now))
	}
	t.pairs.add(a.pair, now, 1)
	t.networks.add(a.network, now, 1)
	t.accounts.add(a.account, now, 1)
	return a, nil
}

func tooMany(wait time.Duration) error {
	return collector.Refuse(collector.TooMany, "", "too many attempts; try again in %s", inWords(wait))
}

// inWords is a length of up to an hour, rounded up.
func inWords(wait time.Duration) string {
	if wait <= time.Minute {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", int((wait+time.Minute-1)/time.Minute))
}

// undone says that an attempt neither failed nor let anybody in.
func (a attempt) undone() {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	a.forgive()
}

func (a attempt) forgive() {
	now := a.t.now()
	a.t.pairs.add(a.pair, now, -1)
	a.t.networks.add(a.network, now, -1)
	a.t.accounts.add(a.account, now, -1)
}

// succeeded says that an attempt let its owner in: the network is one of the owner's from now on.
func (a attempt) succeeded() {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	a.forgive()
	a.t.pairs.drop(a.pair)
	a.t.homes.drop(a.pair) // remembered from now
	a.t.homes.add(a.pair, a.t.now(), 1)
}

// code counts a code, given with the right password, as wrong until the attempt succeeds.
func (a attempt) code() error {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	now := a.t.now()
	codes := a.t.codes.of(a.account, now)
	if codes.n >= codesPerAccount && a.t.homes.of(a.pair, now).n == 0 {
		return tooMany(codes.since.Add(accountWindow).Sub(now))
	}
	a.t.codes.add(a.account, now, 1)
	return nil
}

// rightCode takes back what code counted.
func (a attempt) rightCode() {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	a.t.codes.add(a.account, a.t.now(), -1)
}

// beginUnknown bounds how many sign-ins a network begins of which it is not known whose they are.
func (t *throttle) beginUnknown(from From) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if begun := t.begun.of(from.Address, now); begun.n >= beginsPerNetwork {
		return tooMany(begun.since.Add(networkWindow).Sub(now))
	}
	t.begun.add(from.Address, now, 1)
	return nil
}

// failStrange counts a failure that is of no account: with a passkey, a one-time code or at the provider. Nobody guesses
// those, but each failure is written down: TooMany where a network's are not any more. Who has the right one is let in
// however many others failed there.
func (t *throttle) failStrange(from From) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if strange := t.strange.of(from.Address, now); strange.n >= failuresPerNetwork {
		return tooMany(strange.since.Add(networkWindow).Sub(now))
	}
	t.strange.add(from.Address, now, 1)
	return nil
}

// maxTallied bounds how many names one tally tells apart: who comes with ever new ones only makes it forget the oldest,
// and keeps nobody out.
const maxTallied = 10000

// tally counts by name, each name for a window from its first.
type tally struct {
	window time.Duration
	counts map[string]count
}

type count struct {
	n           int
	since, last time.Time
}

func newTally(window time.Duration) *tally {
	return &tally{window: window, counts: map[string]count{}}
}

// of gives what is counted of a name now.
func (t *tally) of(name string, now time.Time) count {
	c := t.counts[name]
	if now.Sub(c.since) >= t.window || now.Before(c.since) {
		return count{}
	}
	return c
}

func (t *tally) add(name string, now time.Time, n int) {
	c := t.of(name, now)
	if c.n+n <= 0 {
		delete(t.counts, name)
		return
	}
	if c.n == 0 {
		c.since = now
		if len(t.counts) >= maxTallied {
			t.forget(now)
		}
	}
	if n > 0 {
		c.last = now
	}
	c.n += n
	t.counts[name] = c
}

func (t *tally) drop(name string) { delete(t.counts, name) }

// forget makes room: what is over, or else the name counted longest ago.
func (t *tally) forget(now time.Time) {
	oldest, at := "", now
	for name, c := range t.counts {
		if t.of(name, now).n == 0 {
			delete(t.counts, name)
		} else if !c.last.After(at) {
			oldest, at = name, c.last
		}
	}
	if len(t.counts) >= maxTallied {
		delete(t.counts, oldest)
	}
}
