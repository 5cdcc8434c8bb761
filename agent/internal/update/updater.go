package update

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/dayline-project/dayline/shared/release"
)

// Config of an Updater; every field is needed.
type Config struct {
	// State is the state folder.
	State string
	// Version, System, Arch and OSVersion are what runs, and on what: as the contract names them.
	Version, System, Arch, OSVersion string
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
	Log       *slog.Logger
}

// State is how updating stands.
type State struct {
	// Off is why this device does not update itself; empty: it does.
	Off string
	// Version it is on its way to, the Step that is done, and what that Waits for; empty: none, nothing.
	Version, Step, Waits string
	// Failed releases, newest first.
	Failed []Failed
	// Channel is the version of the one that it goes by, with its end; 0: it knows none. Newest is what that names for this system.
	Channel          int
	ChannelExpiresAt time.Time
	Newest           string
	// Problem with the channel or the keys: nothing is installed before it is mended.
	Problem string
}

// Updater is the actor that prepares updates. Make it with New.
type Updater struct {
	Config
	changed chan struct{}

	mu    sync.Mutex
	order *Order
	state State
}

// New makes an updater; Run starts it.
func New(config Config) *Updater {
	return &Updater{Config: config, changed: make(chan struct{}, 1)}
}

// Order tells what the collector's last answer asks for; nil: nothing. One that is repeated is the same.
func (u *Updater) Order(o *Order) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.order = o
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

// Run prepares what is ordered until ctx ends.
func (u *Updater) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
