package release

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ChannelName is the channel's file.
const ChannelName = "channel.json"

// Bounds of a channel.
const (
	MaxChannelBytes = 64 << 10
	MaxWithdrawn    = 1024
	// ChannelLasts is how long one counts. Who keeps newer ones from computers cannot do so for longer without being noticed.
	ChannelLasts = 90 * 24 * time.Hour
	// ChannelsOfKeys more versions may be issued with each version of the trusted keys. So a key that was stolen cannot use up all
	// there are: once it is replaced, a channel follows whatever it signed.
	ChannelsOfKeys = 1_000_000
)

// What is never installed, even where it is pinned.
var (
	ErrWithdrawn  = errors.New("it was withdrawn")
	ErrBelowFloor = errors.New("it is below the oldest version that may be installed")
)

// Channel says which of the releases are meant to run. Unlike theirs its word expires.
type Channel struct {
	Product string `json:"product"`
	// Version rises with every one that is issued, from 1; it is below the version of the keys times ChannelsOfKeys.
	Version   int       `json:"version"`
	IssuedAt  time.Time `json:"issued"`
	ExpiresAt time.Time `json:"expires"`
	// Systems are windows, macos and linux, those that there are releases for.
	Systems map[string]Aim `json:"systems"`
	// Withdrawn versions, of all systems.
	Withdrawn []string `json:"withdrawn,omitempty"`
}

// Aim is what computers of one system should run.
type Aim struct {
	Newest string `json:"newest"`
	// Floor is the oldest that may be installed; empty: any.
	Floor string `json:"floor,omitempty"`
}

// ParseChannel reads a channel and checks all of it, save who signed it.
func ParseChannel(text []byte) (Channel, error) {
	var c Channel
	err := decode(text, MaxChannelBytes, &c)
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return Channel{}, fmt.Errorf("%s: %w", ChannelName, err)
	}
	return c, nil
}

func (c Channel) check() error {
	switch lasts := c.ExpiresAt.Sub(c.IssuedAt); {
	case c.Product != Product:
		return fmt.Errorf("product: %q is not %s", c.Product, Product)
	case c.Version < 1:
		return fmt.Errorf("version: %d is less than 1", c.Version)
	case c.IssuedAt.IsZero():
		return errors.New("issued: it is missing")
	case lasts <= 0 || lasts > ChannelLasts:
		return fmt.Errorf("expires: that is %s after it was issued; it must be later, by %s at most", lasts, ChannelLasts)
	case len(c.Systems) == 0:
		return errors.New("systems: there is none")
	case len(c.Withdrawn) > MaxWithdrawn:
		return fmt.Errorf("withdrawn: %d; there may be %d", len(c.Withdrawn), MaxWithdrawn)
	}
	for i, text := range c.Withdrawn {
		if _, err := ParseVersion(text); err != nil {
			return fmt.Errorf("withdrawn[%d]: %w", i, err)
		}
	}
	for _, system := range slices.Sorted(maps.Keys(c.Systems)) {
		if kinds[system] == nil {
			return fmt.Errorf("systems: there is no %q", system)
		}
		if err := c.Systems[system].check(); err != nil {
			return fmt.Errorf("systems.%s.%w", system, err)
		}
		newest, _ := ParseVersion(c.Systems[system].Newest)
		if err := c.Allows(system, newest); err != nil {
			return fmt.Errorf("systems.%s.newest: %w", system, err)
		}
	}
	return nil
}

func (a Aim) check() error {
	if _, err := ParseVersion(a.Newest); err != nil {
		return fmt.Errorf("newest: %w", err)
	}
	if a.Floor != "" {
		if _, err := ParseVersion(a.Floor); err != nil {
			return fmt.Errorf("floor: %w", err)
		}
	}
	return nil
}

// Encode gives the channel's file; withdrawn versions in order, each once.
func (c Channel) Encode() ([]byte, error) {
	c.Withdrawn = slices.Compact(slices.Sorted(slices.Values(c.Withdrawn)))
	c.IssuedAt, c.ExpiresAt = c.IssuedAt.UTC(), c.ExpiresAt.UTC()
	return encode(c)
}

// Allows tells why a version may never be installed on a system: ErrWithdrawn or ErrBelowFloor.
func (c Channel) Allows(system string, version Version) error {
	if slices.Contains(c.Withdrawn, version.String()) {
		return fmt.Errorf("%s: %w", version, ErrWithdrawn)
	}
	// What is no version here was refused when the channel was read.
	if floor, err := ParseVersion(c.Systems[system].Floor); err == nil && version.Compare(floor) < 0 {
		return fmt.Errorf("%s: %w for %s, %s", version, ErrBelowFloor, system, floor)
	}
	return nil
}

// Expired tells whether its word no longer counts.
func (c Channel) Expired(now time.Time) bool { return !now.Before(c.ExpiresAt) }

// Follows tells why it is not newer than another.
func (c Channel) Follows(former Channel) error {
	if c.Version <= former.Version {
		return fmt.Errorf("%s: version %d is not newer than %d, which is there", ChannelName, c.Version, former.Version)
	}
	return nil
}
