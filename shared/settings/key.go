package settings

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
)

// Kind is what sort of value stands at a key.
type Kind string

// The kinds.
const (
	LengthKind    Kind = "duration"
	SizeKind      Kind = "size"
	NumberKind    Kind = "number"
	SwitchKind    Kind = "switch"
	WordKind      Kind = "word"
	WordsKind     Kind = "words"
	ZoneKind      Kind = "zone"
	VersionKind   Kind = "version"
	StructureKind Kind = "structure"
)

// Key is a key of account.yaml and what may stand there: Check holds values to it, and pages show it.
type Key struct {
	// Path is dotted: "passive.start".
	Path string
	Kind Kind
	// Min and Max bound a length (nanoseconds), a size (bytes), a number, or how many words there are. Both are 0 where
	// nothing is bounded.
	Min, Max int64
	// Step is what a length is a multiple of.
	Step time.Duration
	// Words that may stand there; of a length, a size, a zone and a version those that may stand there instead.
	Words []string
}

const (
	indefinitely = "indefinitely"
	none         = "none"
)

// updateModes are UpdatePolicy's words.
var updateModes = []string{"latest", "paused", "off"}

// table is every key of account.yaml in the order of the documented file. What is below a structure is here where it has
// bounds.
var table = []Key{
	lengths("passive.start", time.Minute, 10*time.Minute, time.Minute),
	lengths("passive.stop", 0, 30*time.Minute, time.Minute, indefinitely),
	lengths("active.limit", 30*time.Minute, 120*time.Minute, time.Minute, indefinitely),
	lengths("settle", 0, 10*time.Second, time.Millisecond),
	{Path: "always_active", Kind: WordsKind, Max: 256},
	{Path: "privacy.titles", Kind: SwitchKind},
	words("privacy.urls", urlLevels...),
	{Path: "privacy.redact", Kind: WordsKind, Max: episode.MaxPatterns},
	{Path: "privacy.pause", Kind: SwitchKind},
	numbers("privacy.min_people", 1, 1000),
	words("browsers.unknown_private", "blank", "title"),
	{Path: "browsers.accessibility", Kind: SwitchKind},
	{Path: "notice", Kind: StructureKind},
	numbers("notice.version", 1, 1_000_000),
	{Path: "schedules", Kind: StructureKind},
	{Path: "schedule", Kind: StructureKind},
	{Path: "overrides", Kind: StructureKind},
	lengths("installers.link_expiry", time.Hour, 168*time.Hour, time.Minute),
	numbers("installers.max_devices", 1, 100_000),
	numbers("installers.max_per_minute", 1, 10_000),
	{Path: "installers.non_admins", Kind: SwitchKind},
	{Path: "updates.windows", Kind: VersionKind, Words: updateModes},
	{Path: "updates.macos", Kind: VersionKind, Words: updateModes},
	{Path: "updates.linux", Kind: VersionKind, Words: updateModes},
	{Path: "updates.rollout", Kind: StructureKind},
	lengths("updates.rollout.every", time.Minute, 30*24*time.Hour, time.Minute),
	numbers("updates.rollout.halt", 0, 100),
	{Path: "reports.time_zone", Kind: ZoneKind, Words: []string{"device"}},
	words("reports.week_start", weekdays...),
	words("reports.clock", "24h", "12h"),
	words("reports.landing_page",
		"dashboard", "people", "apps", "sites", "hours", "timeline", "activity", "live", "categories", "groups", "devices", "my-day"),
	{Path: "reports.exclude_today", Kind: SwitchKind},
	{Path: "storage.limit", Kind: SizeKind, Min: 1, Max: math.MaxInt64, Words: []string{none}},
	numbers("retention.days", 0, 36_500),
	lengths("agents.sync_every", time.Second, 10*time.Minute, time.Millisecond),
	{Path: "agents.buffer.size", Kind: SizeKind, Min: 1e6, Max: 4e9},
	numbers("agents.buffer.days", 1, 365),
}

func lengths(path string, low, high, step time.Duration, words ...string) Key {
	return Key{Path: path, Kind: LengthKind, Min: int64(low), Max: int64(high), Step: step, Words: words}
}

func numbers(path string, low, high int64) Key {
	return Key{Path: path, Kind: NumberKind, Min: low, Max: high}
}

func words[T ~string](path string, words ...T) Key {
	key := Key{Path: path, Kind: WordKind}
	for _, word := range words {
		key.Words = append(key.Words, string(word))
	}
	return key
}

// Keys are those of account.yaml in the order of the documented file, structures whole.
func Keys() []Key {
	var keys []Key
	for _, key := range table {
		last := len(keys) - 1
		if last < 0 || keys[last].Kind != StructureKind || !strings.HasPrefix(key.Path, keys[last].Path+".") {
			keys = append(keys, key)
		}
	}
	return keys
}

// keyOf finds a key that is there.
func keyOf(path string) *Key {
	return &table[slices.IndexFunc(table, func(k Key) bool { return k.Path == path })]
}

// Ends are Min and Max as the file writes them, lengths with one unit for both where they have one: "1h" and "168h"; empty
// where nothing bounds.
func (k *Key) Ends() (low, high string) {
	switch {
	case k.Min == 0 && k.Max == 0:
		return "", ""
	case k.Kind == LengthKind:
		return ends(time.Duration(k.Min), time.Duration(k.Max))
	case k.Kind != SizeKind:
		return fmt.Sprint(k.Min), fmt.Sprint(k.Max)
	case k.Max == math.MaxInt64:
		return Bytes(k.Min).String(), ""
	}
	return Bytes(k.Min).String(), Bytes(k.Max).String()
}

// StepText is what a length is a multiple of, as the file writes it; empty: any.
func (k *Key) StepText() string {
	if k.Step <= time.Millisecond {
		return ""
	}
	return short(k.Step)
}

// allowed says what may stand there: "0m–30m, whole minutes, or indefinitely", "24h or 12h".
func (k *Key) allowed() string {
	low, high := k.Ends()
	if low == "" {
		return list(k.Words)
	}
	text := low + "–" + high
	if k.Step == time.Minute {
		text += ", whole minutes"
	}
	if len(k.Words) > 0 {
		text += ", or " + list(k.Words)
	}
	return text
}

func (k *Key) within(n int64) bool { return n >= k.Min && n <= k.Max }

func ends(low, high time.Duration) (string, string) {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if low%unit.length == 0 && high%unit.length == 0 && high/unit.length <= 240 {
			return fmt.Sprint(int64(low/unit.length), unit.name), fmt.Sprint(int64(high/unit.length), unit.name)
		}
	}
	return short(low), short(high)
}
