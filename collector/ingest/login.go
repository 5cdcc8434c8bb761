package ingest

import (
	"context"
	"sync"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/stream"
)

// maxKnownLogins are remembered, so that a sync of a known login asks the registry nothing.
const maxKnownLogins = 50_000

type login struct{ key string }

type logins struct {
	mu    sync.Mutex
	known map[loginID]*login
}

type loginID struct {
	device string
	login  stream.Login
}

// login makes a login known to the registry, with a person.
func (i *Ingest) login(ctx context.Context, device string, who stream.Login) (*login, error) {
	id := loginID{device, who}
	i.logins.mu.Lock()
	known := i.logins.known[id]
	i.logins.mu.Unlock()
	if known != nil {
		return known, nil
	}
	shown := who
	shown.Name = stream.Printable(who.Name)
	if _, err := i.registry.LoginPeople(ctx, device, []stream.Login{shown}); err != nil {
		return nil, err
	}
	known = &login{key: collector.LoginKey(device, who)}
	i.logins.mu.Lock()
	defer i.logins.mu.Unlock()
	if i.logins.known == nil || len(i.logins.known) >= maxKnownLogins {
		i.logins.known = map[loginID]*login{}
	}
	i.logins.known[id] = known
	return known, nil
}
