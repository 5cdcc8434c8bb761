// Package update has the agent become another release of itself, signed by whom its build trusts, and go back where that one does
// not do its work. Each step has a file of its own.
//
// The service checks, fetches, verifies and stages. Then the watcher, which is the program that ran till then, kept aside and run by
// the system's service manager beside the service, swaps the two, starts the service, judges it for ten minutes and puts the old one
// back where it is found wanting. A marker on the disk says how far they are, and after a kill or a power cut each goes on from there.
package update

import (
	"errors"
	"time"

	"github.com/dayline-project/dayline/shared/release"
)

// The steps, as the contract and people name them.
const (
	Check     = "check"
	Fetch     = "fetch"
	Verify    = "verify"
	Stage     = "stage"
	Swap      = "swap"
	Probation = "probation"
)

// Order is what the collector asks for.
type Order struct {
	Version release.Version
	// Pinned: it is meant also where it is older than what runs.
	Pinned bool
	// Now: it waits for no turn, and what failed before is tried again.
	Now bool
}

// RetryAfter is how long a release that failed here is not tried again, save by an Order's Now.
const RetryAfter = 7 * 24 * time.Hour

// What keeps an agent from updating itself wherever it is; each is in people's words.
var (
	ErrPackaged   = errors.New("a package manager updates this installation")
	ErrForeground = errors.New("it runs in the foreground, as no service")
)
