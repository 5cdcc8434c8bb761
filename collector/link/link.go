// Package link issues installer links, who may enrol, how many and until when, and opens them: the page for a system, its
// packages with an enrolment string in them, and the lines that install by them (security.md 2).
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

// Fresh is a link just made, with the secrets that nobody is shown again: the registry keeps only their SHA-256.
type Fresh struct {
	collector.Link
	// Secret is the one in the address of its page.
	Secret string
	// Installer enrols by a secret of its own.
	Installer token.Token
}

// New makes a link that is not kept yet. base says how the collector is found and recognised.
func New(request Request, limits Limits, base token.Token, now time.Time) (Fresh, error) {
	switch request.OS {
	case "windows", "macos", "linux":
	default:
		return Fresh{}, collector.Refuse(collector.BadRequest, "os", "%q is not one of windows, macos, linux", request.OS)
	}
	if request.Expiry == 0 {
		request.Expiry = limits.Expiry
	}
	if request.Expiry < MinExpiry || request.Expiry > MaxExpiry {
		return Fresh{}, collector.Refuse(collector.BadRequest, "expires_seconds",
			"%s is not within %s and %s", request.Expiry, hours(MinExpiry), hours(MaxExpiry))
	}
	if request.MaxDevices == 0 {
		request.MaxDevices = limits.MaxDevices
	}
	if request.MaxDevices < 1 || request.MaxDevices > limits.MaxDevices {
		return Fresh{}, collector.Refuse(collector.BadRequest, "max_devices",
			"%d is not within 1 and the account's installers.max_devices of %d", request.MaxDevices, limits.MaxDevices)
	}
	base.Secret = token.NewSecret()
	if err := base.Check(); err != nil {
		return Fresh{}, collector.Refuse(collector.BadRequest, "public_url", "no enrolment string: %v", err)
	}
	id := make([]byte, 6)
	rand.Read(id) // never fails: crypto/rand ends the program instead
	secret := token.NewSecret()
	return Fresh{Link: collector.Link{
		ID: "l-" + hex.EncodeToString(id), AddressHash: token.SecretHash(secret), OS: request.OS,
		CreatedAt: now, ExpiresAt: now.Add(request.Expiry),
		CreatedBy: request.CreatedBy, MaxDevices: request.MaxDevices, MaxPerMinute: limits.MaxPerMinute,
	}, Secret: secret, Installer: base}, nil
}

func hours(d time.Duration) string { return fmt.Sprintf("%d h", int(d.Hours())) }

// Issue makes a link and keeps it.
func Issue(ctx context.Context, registry collector.Registry, request Request, limits Limits, base token.Token, now time.Time) (Fresh, error) {
	made, err := New(request, limits, base, now)
	if err != nil {
		return made, err
	}
	return made, registry.CreateLink(ctx, made.Link, token.SecretHash(made.Installer.Secret))
}

// The states of a link.
const (
	Valid   = "valid"
	Expired = "expired"
	Revoked = "revoked"
	UsedUp  = "used_up"
)

// State of a link.
func State(l collector.Link, now time.Time) string {
	switch {
	case !l.RevokedAt.IsZero():
		return Revoked
	case !now.Before(l.ExpiresAt):
		return Expired
	case l.Devices >= l.MaxDevices || l.Downloads >= l.MaxDownloads():
		return UsedUp
	}
	return Valid
}
