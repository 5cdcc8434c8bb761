package settings

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/stream"
)

// Effective is what holds for one login on the agent.
type Effective struct {
	// Known: the document speaks of this login. Otherwise the agent names it in a sync and waits for the answer
	// before it records.
	Known bool
	// Tracked: the login may be recorded once it is known. Reason says in people's words why not.
	Tracked bool
	Reason  string
	// Settings for the time engine, with the document's revision.
	Settings *episode.Settings
	// UnknownPrivate: "blank" (a browser window of unknown privacy counts as private) or "title".
	UnknownPrivate string
	// Accessibility: may the agent read a page's address through the system's accessibility interface?
	Accessibility bool
	// NamesOnly: the settings require what this agent lacks; application names only.
	NamesOnly bool
	// BadRedaction: a pattern does not compile here, so no titles are collected, and no more of addresses than hosts.
	BadRedaction bool
	// Pause: may the person pause collection?
	Pause bool
	// Notice to show; nil where none.
	Notice *Notice
}

// Collect tells whether the login may be recorded now.
func (e *Effective) Collect() bool { return e.Known && e.Tracked }

// ParseDevice reads a settings document on the agent and checks its ranges; the result carries the revision of these
// bytes. A pattern that does not compile is no error here: For then empties all titles.
func ParseDevice(document []byte) (*Device, error) {
	if len(document) > MaxDocument {
		return nil, fmt.Errorf("settings: parse: a document of %d bytes is over %d", len(document), MaxDocument)
	}
	var d Device
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, fmt.Errorf("settings: parse: %w", err)
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("settings: parse: %w", err)
	}
	d.Settings.Revision = Revision(document)
	return &d, nil
}

// For gives what holds for a login, on an agent with these features, under the device's own ceiling (nil for none).
func (d *Device) For(login stream.Login, features []string, ceiling *Ceiling) *Effective {
	effective := &Effective{
		UnknownPrivate: d.Browsers.UnknownPrivate, Accessibility: d.Browsers.Accessibility, Pause: d.Pause, Notice: d.Notice,
	}
	rules := d.Settings
	own, known := d.Logins[LoginKey(login)]
	switch {
	case known:
		effective.Known, effective.Tracked = true, own.Tracked
		rules.Schedule = own.Schedule
	case d.hashed(login):
		effective.Known = true
	default:
		effective.Tracked = true
	}
	if !effective.Tracked {
		effective.Reason = "this login is on the do-not-track list"
	}
	lacks := func(feature string) bool { return !slices.Contains(features, feature) }
	if d.Notice != nil && d.Notice.Acknowledge && lacks(FeatureNotice) {
		effective.Tracked = false
		effective.Reason = "the account asks for a notice to be acknowledged, which this agent cannot show"
	}
	rules = ceiling.limit(rules)
	if slices.ContainsFunc(d.Requires, lacks) {
		effective.NamesOnly = true
		rules.Privacy.Titles, rules.Privacy.URLs = false, episode.URLsNone
	}
	if !compile(rules.Privacy.Redact) {
		effective.BadRedaction = true
		rules.Privacy.Titles, rules.Privacy.URLs = false, stricter(rules.Privacy.URLs, episode.URLsHost)
		rules.Privacy.Redact = nil
	}
	effective.Settings = &rules
	return effective
}

// hashed tells whether the do-not-track hashes mean a login the document does not speak of.
func (d *Device) hashed(login stream.Login) bool {
	salt, err := hex.DecodeString(d.DoNotTrackSalt)
	if err != nil || len(d.DoNotTrackHashes) == 0 {
		return false
	}
	subject := Subject{ID: d.Device}
	for _, name := range append(subject.names(login), shown(login)) {
		domain, user := split(name)
		for _, variant := range []string{name, `*\` + user, domain + `\*`, `*\*`} {
			if slices.Contains(d.DoNotTrackHashes, hash(salt, variant)) {
				return true
			}
		}
	}
	return false
}

// check holds the document against the same ranges as the account's file.
func (d *Device) check() error {
	var c checker
	s := &d.Settings
	size := Bytes(d.Agents.Buffer.Bytes)
	c.rules("", &Rules{
		Passive:      PassiveRules{Start: &s.Passive.Start, Stop: &s.Passive.Stop},
		Active:       ActiveRules{Limit: &s.Active.Limit},
		Settle:       &s.Settle,
		AlwaysActive: &s.AlwaysActive,
		Privacy:      PrivacyRules{URLs: &s.Privacy.URLs},
		Browsers:     BrowserRules{UnknownPrivate: &d.Browsers.UnknownPrivate},
		Notice:       d.Notice,
		Agents:       AgentRules{SyncEvery: &d.Agents.SyncEvery, Buffer: BufferRules{Size: &size, Days: &d.Agents.Buffer.Days}},
	})
	c.patternBounds("", s.Privacy.Redact)
	if _, err := hex.DecodeString(d.DoNotTrackSalt); err != nil || d.DoNotTrackSalt == "" && len(d.DoNotTrackHashes) > 0 {
		c.fault("do_not_track_salt", "this text", "hexadecimal digits")
	}
	if d.Device == "" {
		c.fault("device", "nothing", "the device's id")
	}
	c.spans("schedule", s.Schedule)
	for _, login := range d.Logins {
		c.spans("logins.schedule", login.Schedule)
	}
	if len(c.faults) > 0 {
		return c.faults[0]
	}
	return nil
}

func compile(patterns []string) bool {
	return !slices.ContainsFunc(patterns, func(pattern string) bool {
		_, err := regexp.Compile(pattern)
		return err != nil
	})
}

// urlLevels from least to most.
var urlLevels = []episode.URLs{episode.URLsNone, episode.URLsHost, episode.URLsPath, episode.URLsFull}

// stricter gives the level that lets less through; an unknown level lets nothing through.
func stricter(a, b episode.URLs) episode.URLs {
	return urlLevels[max(0, min(slices.Index(urlLevels, a), slices.Index(urlLevels, b)))]
}
