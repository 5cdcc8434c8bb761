package episode

import (
	"errors"
	"strings"
	"time"
)

// Settings are the rules for one login, resolved: time.md's table. As JSON they read and write with plain
// encoding/json (lengths are texts such as "2m" or "indefinitely"); ParseSettings is the strict reader that also fills
// in defaults. A zero value forbids more than the default does: an unset Privacy collects neither titles nor addresses.
type Settings struct {
	// Revision is carried into the episodes recorded under these settings; it has no effect.
	Revision string          `json:"revision,omitempty"`
	Passive  PassiveSettings `json:"passive"`
	Active   ActiveSettings  `json:"active"`
	// Settle is how long a window must stay in front to count as a new focus.
	Settle Duration `json:"settle"`
	// AlwaysActive names applications, or sites, whose being in front counts as continuous input.
	AlwaysActive []string `json:"always_active,omitempty"`
	Privacy      Privacy  `json:"privacy"`
	// Schedule: nil is always; empty, but not nil, is never.
	Schedule Schedule `json:"schedule,omitzero"`
	// DoNotTrack are logins for which nothing is collected.
	DoNotTrack []Account `json:"do_not_track,omitempty"`
}

// PassiveSettings say when idle time turns passive, and for how long.
type PassiveSettings struct {
	// Start (S) is the idle time that still belongs to the active episode.
	Start Duration `json:"start"`
	// Stop (P) is the longest passive episode, counted from its own start; 0 records none.
	Stop Duration `json:"stop"`
}

// ActiveSettings cap active episodes.
type ActiveSettings struct {
	// Limit (C) is the longest duration one active episode is credited with.
	Limit Duration `json:"limit"`
}

// Privacy says how much of a focus is collected.
type Privacy struct {
	Titles bool `json:"titles"`
	URLs   URLs `json:"urls"`
	// Redact are RE2 patterns; each match in a title, a path and a query becomes ***.
	Redact []string `json:"redact,omitempty"`
}

// URLs is how much of a page address is collected.
type URLs string

// The levels of page addresses, each allowing more than the one before.
const (
	URLsNone URLs = "none"
	URLsHost URLs = "host"
	URLsPath URLs = "path"
	URLsFull URLs = "full"
)

// Account names logins: a user name and a domain, compared without case; "*" or nothing is any.
type Account struct {
	User   string `json:"user,omitempty"`
	Domain string `json:"domain,omitempty"`
}

// Matches tells whether the account names a login as it is shown, `DOMAIN\name`.
func (a Account) Matches(login string) bool {
	domain, user, ok := strings.Cut(login, `\`)
	if !ok {
		domain, user = "", login
	}
	fits := func(pattern, name string) bool {
		return pattern == "" || pattern == "*" || strings.EqualFold(pattern, name)
	}
	return fits(a.User, user) && fits(a.Domain, domain)
}

// Bounds on redaction (security.md 4).
const (
	MaxPatterns     = 32
	MaxPatternBytes = 256
)

// DefaultSettings are those of time.md's table.
func DefaultSettings() *Settings {
	return &Settings{
		Passive: PassiveSettings{Start: Duration(2 * time.Minute), Stop: Duration(5 * time.Minute)},
		Active:  ActiveSettings{Limit: Duration(60 * time.Minute)},
		Settle:  Duration(2 * time.Second),
		Privacy: Privacy{Titles: true, URLs: URLsHost},
	}
}

// SettingError is a refused setting.
type SettingError struct {
	// Key is its dotted path: "passive.start", "privacy.redact[2]".
	Key string
	// Value as it was given; empty where it is too large to repeat, or missing.
	Value string
	// Want says what is allowed.
	Want string
}

func (e *SettingError) Error() string { return e.Key + ": " + e.reason() }

func (e *SettingError) reason() string {
	if e.Value == "" {
		return "want " + e.Want
	}
	return e.Value + ": want " + e.Want
}

// CheckRanges refuses what lies outside the ranges that hold for collecting (replay allows any length): each refusal
// is a *SettingError, all of them joined in the table's order.
func (s *Settings) CheckRanges() error {
	minutes := func(d Duration, least, most int) bool {
		n := time.Duration(d) / time.Minute
		return time.Duration(d)%time.Minute == 0 && n >= time.Duration(least) && n <= time.Duration(most)
	}
	var refused []error
	check := func(key string, d Duration, ok bool, want string) {
		if !ok {
			refused = append(refused, &SettingError{Key: key, Value: d.String(), Want: want})
		}
	}
	start, stop, limit, settle := s.Passive.Start, s.Passive.Stop, s.Active.Limit, s.Settle
	check("passive.start", start, minutes(start, 1, 10), "1m–10m in whole minutes")
	check("passive.stop", stop, stop == Indefinitely || minutes(stop, 0, 30), "0m–30m in whole minutes, or indefinitely")
	check("active.limit", limit, limit == Indefinitely || minutes(limit, 30, 120), "30m–120m in whole minutes, or indefinitely")
	check("settle", settle, settle >= 0 && settle <= Duration(10*time.Second), "0s–10s")
	return errors.Join(refused...)
}
