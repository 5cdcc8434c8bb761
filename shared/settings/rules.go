package settings

import "github.com/dayline-project/dayline/shared/episode"

// Rules are the account's values that may be overridden per device or group. A nil value says nothing: what is below
// holds. The account's own rules say everything.
type Rules struct {
	Passive      PassiveRules      `json:"passive,omitzero"`
	Active       ActiveRules       `json:"active,omitzero"`
	Settle       *episode.Duration `json:"settle,omitempty"`
	AlwaysActive *[]string         `json:"always_active,omitempty"`
	Privacy      PrivacyRules      `json:"privacy,omitzero"`
	Browsers     BrowserRules      `json:"browsers,omitzero"`
	Notice       *Notice           `json:"notice,omitempty"`
	Agents       AgentRules        `json:"agents,omitzero"`
}

// PassiveRules are time.md's `passive`.
type PassiveRules struct {
	Start *episode.Duration `json:"start,omitempty"`
	Stop  *episode.Duration `json:"stop,omitempty"`
}

// ActiveRules are time.md's `active`.
type ActiveRules struct {
	Limit *episode.Duration `json:"limit,omitempty"`
}

// PrivacyRules are time.md's `privacy`, and whether people may pause collection.
type PrivacyRules struct {
	Titles *bool         `json:"titles,omitempty"`
	URLs   *episode.URLs `json:"urls,omitempty"`
	Redact *[]string     `json:"redact,omitempty"`
	Pause  *bool         `json:"pause,omitempty"`
	// MinPeople: viewers see no total over fewer people. It holds for the whole account, so no override may say it.
	MinPeople *int `json:"min_people,omitempty"`
}

// BrowserRules are about browser windows of unknown privacy, "blank" or "title", and about reading page addresses through
// the system's accessibility interface.
type BrowserRules struct {
	UnknownPrivate *string `json:"unknown_private,omitempty"`
	Accessibility  *bool   `json:"accessibility,omitempty"`
}

// AgentRules are how agents buffer and send.
type AgentRules struct {
	SyncEvery *episode.Duration `json:"sync_every,omitempty"`
	Buffer    BufferRules       `json:"buffer,omitzero"`
}

// BufferRules cap an agent's buffer.
type BufferRules struct {
	Size *Bytes `json:"size,omitempty"`
	Days *int   `json:"days,omitempty"`
}

// over takes each value the upper rules say, and tells took of its key.
func (r *Rules) over(upper *Rules, took func(key string)) {
	take("passive.start", &r.Passive.Start, upper.Passive.Start, took)
	take("passive.stop", &r.Passive.Stop, upper.Passive.Stop, took)
	take("active.limit", &r.Active.Limit, upper.Active.Limit, took)
	take("settle", &r.Settle, upper.Settle, took)
	take("always_active", &r.AlwaysActive, upper.AlwaysActive, took)
	take("privacy.titles", &r.Privacy.Titles, upper.Privacy.Titles, took)
	take("privacy.urls", &r.Privacy.URLs, upper.Privacy.URLs, took)
	take("privacy.redact", &r.Privacy.Redact, upper.Privacy.Redact, took)
	take("privacy.pause", &r.Privacy.Pause, upper.Privacy.Pause, took)
	take("browsers.unknown_private", &r.Browsers.UnknownPrivate, upper.Browsers.UnknownPrivate, took)
	take("browsers.accessibility", &r.Browsers.Accessibility, upper.Browsers.Accessibility, took)
	take("notice", &r.Notice, upper.Notice, took)
	take("agents.sync_every", &r.Agents.SyncEvery, upper.Agents.SyncEvery, took)
	take("agents.buffer.size", &r.Agents.Buffer.Size, upper.Agents.Buffer.Size, took)
	take("agents.buffer.days", &r.Agents.Buffer.Days, upper.Agents.Buffer.Days, took)
}

func take[T any](key string, lower **T, upper *T, took func(key string)) {
	if upper != nil {
		*lower = upper
		took(key)
	}
}

// Overridable are the keys that an override may say.
func Overridable() (keys []string) {
	all := Default().Rules
	all.Notice = &Notice{}
	new(Rules).over(&all, func(key string) { keys = append(keys, key) })
	return keys
}

// timeRules gives what the time engine reads, without a schedule. All values must be said.
func (r *Rules) timeRules() episode.Settings {
	return episode.Settings{
		Passive:      episode.PassiveSettings{Start: *r.Passive.Start, Stop: *r.Passive.Stop},
		Active:       episode.ActiveSettings{Limit: *r.Active.Limit},
		Settle:       *r.Settle,
		AlwaysActive: *r.AlwaysActive,
		Privacy:      episode.Privacy{Titles: *r.Privacy.Titles, URLs: *r.Privacy.URLs, Redact: *r.Privacy.Redact},
	}
}
