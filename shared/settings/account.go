package settings

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
)

// Account is the content of account.yaml. Keys a file leaves out have the values of Default.
type Account struct {
	Rules
	Schedules map[string]Days `json:"schedules,omitempty"`
	Schedule  ScheduleUse     `json:"schedule"`
	Overrides []Override      `json:"overrides,omitempty"`

	Installers Installers `json:"installers"`
	Updates    Updates    `json:"updates"`
	Reports    Reports    `json:"reports"`
	Storage    Storage    `json:"storage"`
	Retention  Retention  `json:"retention"`
}

// ScheduleUse says which of the named schedules holds: the first group that fits, else the default. "always" is the
// schedule without borders.
type ScheduleUse struct {
	Default string          `json:"default"`
	Groups  []ScheduleGroup `json:"groups,omitempty"`
}

// ScheduleGroup puts a group's people and devices under a schedule.
type ScheduleGroup struct {
	Group string `json:"group"`
	Use   string `json:"use"`
}

// Override holds rules for some devices, by id or unique unchanged name, and for groups of devices.
type Override struct {
	Devices []string `json:"devices,omitempty"`
	Groups  []string `json:"groups,omitempty"`
	Rules
}

// Installers bounds installer links.
type Installers struct {
	LinkExpiry episode.Duration `json:"link_expiry"`
	MaxDevices int              `json:"max_devices"`
	// MaxPerMinute enrolments of one link.
	MaxPerMinute int  `json:"max_per_minute"`
	NonAdmins    bool `json:"non_admins"`
}

// Updates says which version agents run.
type Updates struct {
	Windows UpdatePolicy `json:"windows"`
	MacOS   UpdatePolicy `json:"macos"`
	Linux   UpdatePolicy `json:"linux"`
	Rollout Rollout      `json:"rollout"`
}

// Of gives the policy of a system: windows, macos or linux.
func (u *Updates) Of(os string) UpdatePolicy {
	return map[string]UpdatePolicy{"windows": u.Windows, "macos": u.MacOS, "linux": u.Linux}[os]
}

// UpdatePolicy is "latest", "paused" or "off"; a pinned version, where there is one, goes before the mode.
type UpdatePolicy struct {
	Mode   string `json:"-"`
	Pinned string `json:"pinned,omitempty"`
}

// String is the policy as the file writes it.
func (p UpdatePolicy) String() string {
	if p.Pinned != "" {
		return "{pinned: " + p.Pinned + "}"
	}
	return p.Mode
}

// UnmarshalText reads the words; a pinned version is an object {pinned: VERSION}.
func (p *UpdatePolicy) UnmarshalText(text []byte) error {
	if !slices.Contains(updateModes, string(text)) {
		return fmt.Errorf("%q is none of %s or {pinned: VERSION}", text, strings.Join(updateModes, ", "))
	}
	*p = UpdatePolicy{Mode: string(text)}
	return nil
}

// MarshalJSON gives what the file says as JSON.
func (p UpdatePolicy) MarshalJSON() ([]byte, error) {
	if p.Pinned != "" {
		return json.Marshal(map[string]string{"pinned": p.Pinned})
	}
	return json.Marshal(p.Mode)
}

// Rollout raises the share of devices that update, in per cent, step by step.
type Rollout struct {
	Plan  []int            `json:"plan"`
	Every episode.Duration `json:"every"`
	// Halt: the roll-out halts where more than so many per cent of the devices that tried the version are lost by it.
	Halt int `json:"halt"`
}

// Reports is how reports are drawn.
type Reports struct {
	// TimeZone is "device" or an IANA zone.
	TimeZone     string `json:"time_zone"`
	WeekStart    string `json:"week_start"`
	Clock        string `json:"clock"`
	LandingPage  string `json:"landing_page"`
	ExcludeToday bool   `json:"exclude_today"`
}

// Storage limits the episodes kept in view.
type Storage struct {
	Limit Limit `json:"limit"`
}

// Limit is a size, or 0 for "none".
type Limit Bytes

// UnmarshalText reads "none" or a size.
func (l *Limit) UnmarshalText(text []byte) error {
	if string(text) == none {
		*l = 0
		return nil
	}
	size, err := ParseBytes(string(text))
	if err == nil && size == 0 {
		err = fmt.Errorf("%q is not a limit: say none or a size such as 3GB", text)
	}
	*l = Limit(size)
	return err
}

// MarshalText writes what UnmarshalText reads.
func (l Limit) MarshalText() ([]byte, error) {
	if l == 0 {
		return []byte(none), nil
	}
	return Bytes(l).MarshalText()
}

// Retention is how long episodes are kept: whole local days, 0 for ever.
type Retention struct {
	Days int `json:"days"`
}

// Default is the account without a file.
func Default() *Account {
	minutes := func(n int) *episode.Duration { return new(episode.Duration(time.Duration(n) * time.Minute)) }
	return &Account{
		Rules: Rules{
			Passive:      PassiveRules{Start: minutes(2), Stop: minutes(5)},
			Active:       ActiveRules{Limit: minutes(60)},
			Settle:       new(episode.Duration(2 * time.Second)),
			AlwaysActive: &[]string{},
			Privacy:      PrivacyRules{Titles: new(true), URLs: new(episode.URLsHost), Redact: &[]string{}, Pause: new(false), MinPeople: new(1)},
			Browsers:     BrowserRules{UnknownPrivate: new("blank"), Accessibility: new(true)},
			Agents: AgentRules{
				SyncEvery: new(episode.Duration(48 * time.Second)),
				Buffer:    BufferRules{Size: new(Bytes(64e6)), Days: new(60)},
			},
		},
		Schedule:   ScheduleUse{Default: "always"},
		Installers: Installers{LinkExpiry: episode.Duration(72 * time.Hour), MaxDevices: 500, MaxPerMinute: 10},
		Updates: Updates{
			Windows: UpdatePolicy{Mode: "latest"}, MacOS: UpdatePolicy{Mode: "latest"}, Linux: UpdatePolicy{Mode: "latest"},
			Rollout: Rollout{Plan: []int{1, 10, 50, 100}, Every: episode.Duration(24 * time.Hour), Halt: 5},
		},
		Reports:   Reports{TimeZone: "device", WeekStart: "mon", Clock: "24h", LandingPage: "dashboard"},
		Retention: Retention{Days: 180},
	}
}
