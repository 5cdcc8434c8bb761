package ingest

import (
	"context"
	"sync"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/stream"
)

// maxKnownLogins are remembered, so that a sync of a known login asks the registry nothing.
const maxKnownLogins = 50_000

type logins struct {
	mu    sync.Mutex
	known map[loginID]string
	// forgotten counts how often all were: what the registry said before is not remembered after.
	forgotten int
}

func (l *logins) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = nil
	l.forgotten++
}

type loginID struct {
	device string
	login  stream.Login
}

// cleaned is a login without what could act on a screen.
func cleaned(who stream.Login) stream.Login {
	return stream.Login{
		Authority: stream.Printable(who.Authority), Account: stream.Printable(who.Account), Name: stream.Printable(who.Name),
	}
}

// buried tells whether what a login began on a device was deleted before it came; such a thing makes no login known.
func buried(tombstones []collector.Tombstone, device string, who stream.Login, start time.Time) bool {
	return len(tombstones) > 0 && covered(tombstones, device, collector.LoginKey(device, cleaned(who)), start)
}

// login makes a login known to the registry, with a person, and gives its key.
func (i *Ingest) login(ctx context.Context, device string, who stream.Login) (key string, err error) {
	id := loginID{device, who}
	i.logins.mu.Lock()
	key = i.logins.known[id]
	forgotten := i.logins.forgotten
	i.logins.mu.Unlock()
	if key != "" {
		return key, nil
	}
	clean := cleaned(who)
	if _, err := i.registry.LoginPeople(ctx, device, []stream.Login{clean}); err != nil {
		return "", err
	}
	key = collector.LoginKey(device, clean)
	i.logins.mu.Lock()
	defer i.logins.mu.Unlock()
	if i.logins.forgotten != forgotten {
		return key, nil
	}
	if i.logins.known == nil || len(i.logins.known) >= maxKnownLogins {
		i.logins.known = map[loginID]string{}
	}
	i.logins.known[id] = key
	return key, nil
}
