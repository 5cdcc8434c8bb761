// Package link issues installer links: who may enrol, how many and until when (security.md 2).
package link

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/token"
)

// Bounds of what may be asked of a link.
const (
	MinExpiry = time.Hour
	MaxExpiry = 168 * time.Hour
)

// Limits are the account's: what holds where a link does not say, and the most devices it may say.
type Limits struct {
	Expiry       time.Duration
	MaxDevices   int
	MaxPerMinute int
}

// Request is a wish for a link. Zero values mean the account's limits.
type Request struct {
	// OS is windows, macos or linux.
	OS         string
	Expiry     time.Duration
	MaxDevices int
	CreatedBy  string
}

// New makes a link and the token for its installers, neither kept yet; the registry keeps only the secret's SHA-256.
// base says how the collector is found and recognised.
func New(request Request, limits Limits, base token.Token, now time.Time) (collector.Link, token.Token, error) {
	switch request.OS {
	case "windows", "macos", "linux":
	default:
		return collector.Link{}, base, collector.Refuse(collector.BadRequest, "os", "%q is not one of windows, macos, linux", request.OS)
	}
	if request.Expiry == 0 {
		request.Expiry = limits.Expiry
	}
	if request.Expiry < MinExpiry || request.Expiry > MaxExpiry {
		return collector.Link{}, base, collector.Refuse(collector.BadRequest, "expires_seconds",
			"%s is not within %s and %s", request.Expiry, hours(MinExpiry), hours(MaxExpiry))
	}
	if request.MaxDevices == 0 {
		request.MaxDevices = limits.MaxDevices
	}
	if request.MaxDevices < 1 || request.MaxDevices > limits.MaxDevices {
		return collector.Link{}, base, collector.Refuse(collector.BadRequest, "max_devices",
			"%d is not within 1 and the account's installers.max_devices of %d", request.MaxDevices, limits.MaxDevices)
	}
	base.Secret = token.NewSecret()
	if err := base.Check(); err != nil {
		return collector.Link{}, base, collector.Refuse(collector.BadRequest, "public_url", "no enrolment string: %v", err)
	}
	id := make([]byte, 6)
	rand.Read(id) // never fails: crypto/rand ends the program instead
	return collector.Link{
		ID: "l-" + hex.EncodeToString(id), OS: request.OS, CreatedAt: now, ExpiresAt: now.Add(request.Expiry),
		CreatedBy: request.CreatedBy, MaxDevices: request.MaxDevices, MaxPerMinute: limits.MaxPerMinute,
	}, base, nil
}

func hours(d time.Duration) string { return fmt.Sprintf("%d h", int(d.Hours())) }

// Issue makes a link and keeps it.
func Issue(ctx context.Context, registry collector.Registry, request Request, limits Limits, base token.Token, now time.Time) (collector.Link, string, error) {
	made, installer, err := New(request, limits, base, now)
	if err != nil {
		return made, "", err
	}
	if err := registry.CreateLink(ctx, made, token.SecretHash(installer.Secret)); err != nil {
		return made, "", err
	}
	return made, installer.Encode(), nil
}

// State of a link: valid, expired, revoked or used_up.
func State(l collector.Link, now time.Time) string {
	switch {
	case !l.RevokedAt.IsZero():
		return "revoked"
	case !now.Before(l.ExpiresAt):
		return "expired"
	case l.Devices >= l.MaxDevices:
		return "used_up"
	}
	return "valid"
}
