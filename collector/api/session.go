package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
)

// caller is who makes a call: the device signed in and whether the key it signed in with was replaced since, or, before
// sign-in, only the address.
type caller struct {
	device   *device
	replaced bool
	address  string
	// here: it is a program on the collector's own computer.
	here bool
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// signedIn lets Sync and MyDay through only with a session token, before a byte of their bodies is read, and one call of
// a device at a time; so nobody unknown can make the collector hold a large body.
func (a *Agents) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := caller{address: a.proxies.caller(r), here: a.proxies.here(r)}
		switch r.URL.Path {
		case agentv1connect.AgentServiceSyncProcedure, agentv1connect.AgentServiceMyDayProcedure:
			var err error
			if c.device, c.replaced, err = a.session(r.Header.Get("Authorization")); err == nil {
				err = c.device.begin()
			}
			if err != nil {
				a.limits.refuse(w, r, err)
				return
			}
			defer c.device.end()
		}
		a.limits.whole(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)), next)
	})
}

func (a *Agents) session(authorization string) (one *device, replaced bool, err error) {
	token, ok := strings.CutPrefix(authorization, "Bearer ")
	if !ok {
		return nil, false, collector.Refuse(collector.SignedOut, "authorization", "sign in first")
	}
	s, err := a.proofs.checkToken(token)
	if err != nil {
		return nil, false, err
	}
	if one = a.devices.find(s.device); one == nil {
		return nil, false, collector.Refuse(collector.UnknownDevice, "", "this device is not known; sign in again")
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	if !one.RevokedAt.IsZero() {
		return nil, false, errRevoked
	}
	return one, s.key != one.key, nil
}

var errRevoked = collector.Refuse(collector.Revoked, "", "this device was revoked")
