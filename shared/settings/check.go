package settings

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
)

// Fault is a value that is not allowed.
type Fault struct {
	// Key is the dotted path: "overrides[0].passive.stop".
	Key   string
	Value string
	// Allowed says what may stand there: "1m–10m".
	Allowed string
}

// Error reads `passive.start: 15m is not allowed; allowed: 1m–10m`.
func (f Fault) Error() string {
	return fmt.Sprintf("%s: %s is not allowed; allowed: %s", f.Key, f.Value, f.Allowed)
}

// Pages a session may begin with.
var landingPages = []string{
	"dashboard", "people", "apps", "sites", "hours", "timeline", "activity", "live", "categories", "groups", "devices", "my-day",
}

// Check gives every value out of range and every schedule that is not there, in the order of the keys below. Groups
// are checked by who knows them.
func (a *Account) Check() []Fault {
	var c checker
	c.rules("", &a.Rules)
	c.number("privacy.min_people", *a.Privacy.MinPeople, 1, 1000)
	c.schedules(a)
	for i, override := range a.Overrides {
		key := fmt.Sprintf("overrides[%d]", i)
		if len(override.Devices)+len(override.Groups) == 0 {
			c.fault(key, "no devices and no groups", "at least one of devices and groups")
		}
		if override.Privacy.MinPeople != nil {
			c.fault(key+".privacy.min_people", fmt.Sprint(*override.Privacy.MinPeople), "only in the account's own privacy section")
		}
		c.rules(key+".", &override.Rules)
	}
	c.length("installers.link_expiry", a.Installers.LinkExpiry, time.Hour, 168*time.Hour, time.Minute)
	c.number("installers.max_devices", a.Installers.MaxDevices, 1, 100_000)
	c.number("installers.max_per_minute", a.Installers.MaxPerMinute, 1, 10_000)
	c.version("updates.windows.pinned", a.Updates.Windows.Pinned)
	c.version("updates.macos.pinned", a.Updates.MacOS.Pinned)
	c.version("updates.linux.pinned", a.Updates.Linux.Pinned)
	c.rollout(&a.Updates.Rollout)
	oneOf(&c, "reports.week_start", a.Reports.WeekStart, weekdays...)
	oneOf(&c, "reports.clock", a.Reports.Clock, "24h", "12h")
	oneOf(&c, "reports.landing_page", a.Reports.LandingPage, landingPages...)
	c.number("retention.days", a.Retention.Days, 0, 36_500)
	return c.faults
}

type checker struct{ faults []Fault }

func (c *checker) fault(key, value, allowed string) {
	c.faults = append(c.faults, Fault{Key: key, Value: value, Allowed: allowed})
}

// rules checks what is said; prefix ends in a dot or is empty.
func (c *checker) rules(prefix string, r *Rules) {
	said(r.Passive.Start, func(d episode.Duration) {
		c.length(prefix+"passive.start", d, time.Minute, 10*time.Minute, time.Minute)
	})
	said(r.Passive.Stop, func(d episode.Duration) {
		c.lengthOrForEver(prefix+"passive.stop", d, 0, 30*time.Minute)
	})
	said(r.Active.Limit, func(d episode.Duration) {
		c.lengthOrForEver(prefix+"active.limit", d, 30*time.Minute, 120*time.Minute)
	})
	said(r.Settle, func(d episode.Duration) {
		c.length(prefix+"settle", d, 0, 10*time.Second, time.Millisecond)
	})
	said(r.AlwaysActive, func(entries []string) { c.entries(prefix+"always_active", entries) })
	said(r.Privacy.URLs, func(level episode.URLs) { oneOf(c, prefix+"privacy.urls", level, urlLevels...) })
	said(r.Privacy.Redact, func(patterns []string) { c.patterns(prefix+"privacy.redact", patterns) })
	said(r.Browsers.UnknownPrivate, func(word string) {
		oneOf(c, prefix+"browsers.unknown_private", word, "blank", "title")
	})
	said(r.Notice, func(n Notice) { c.notice(prefix+"notice", &n) })
	said(r.Agents.SyncEvery, func(d episode.Duration) {
		c.length(prefix+"agents.sync_every", d, time.Second, 10*time.Minute, time.Millisecond)
	})
	said(r.Agents.Buffer.Size, func(size Bytes) {
		if size < 1e6 || size > 4e9 {
			c.fault(prefix+"agents.buffer.size", size.String(), "1MB–4GB")
		}
	})
	said(r.Agents.Buffer.Days, func(days int) { c.number(prefix+"agents.buffer.days", days, 1, 365) })
}

func said[T any](value *T, check func(T)) {
	if value != nil {
		check(*value)
	}
}

func (c *checker) length(key string, d episode.Duration, low, high, step time.Duration) {
	allowed := between(low, high)
	if step == time.Minute {
		allowed += ", whole minutes"
	}
	if v := time.Duration(d); v < low || v > high || v%step != 0 {
		c.fault(key, Length(d), allowed)
	}
}

func (c *checker) lengthOrForEver(key string, d episode.Duration, low, high time.Duration) {
	if v := time.Duration(d); d != episode.Indefinitely && (v < low || v > high || v%time.Minute != 0) {
		c.fault(key, Length(d), between(low, high)+", whole minutes, or indefinitely")
	}
}

func (c *checker) number(key string, n, low, high int) {
	if n < low || n > high {
		c.fault(key, fmt.Sprint(n), fmt.Sprintf("%d–%d", low, high))
	}
}

func oneOf[T ~string](c *checker, key string, word T, allowed ...T) {
	if !slices.Contains(allowed, word) {
		c.fault(key, fmt.Sprintf("%q", word), list(allowed))
	}
}

func (c *checker) entries(key string, entries []string) {
	if len(entries) > 256 {
		c.fault(key, fmt.Sprintf("%d entries", len(entries)), "at most 256")
	}
	for i, entry := range entries {
		if entry == "" || len(entry) > 255 {
			c.fault(fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("an entry of %d bytes", len(entry)), "1–255 bytes")
		}
	}
}

func (c *checker) patterns(key string, patterns []string) {
	c.patternBounds(key, patterns)
	for i, pattern := range patterns {
		if _, err := regexp.Compile(pattern); err != nil {
			c.fault(fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("%q", pattern), fmt.Sprintf("an RE2 pattern (%v)", err))
		}
	}
}

func (c *checker) patternBounds(key string, patterns []string) {
	if len(patterns) > episode.MaxPatterns {
		c.fault(key, fmt.Sprintf("%d patterns", len(patterns)), fmt.Sprintf("at most %d", episode.MaxPatterns))
	}
	for i, pattern := range patterns {
		if len(pattern) == 0 || len(pattern) > episode.MaxPatternBytes {
			c.fault(fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("a pattern of %d bytes", len(pattern)), fmt.Sprintf("1–%d bytes", episode.MaxPatternBytes))
		}
	}
}

func (c *checker) notice(key string, n *Notice) {
	for _, part := range []struct{ key, text string }{{"text", n.Text}, {"purpose", n.Purpose}, {"contact", n.Contact}} {
		if len(part.text) > 4096 || part.key == "text" && part.text == "" {
			c.fault(key+"."+part.key, fmt.Sprintf("a text of %d bytes", len(part.text)), "1–4096 bytes")
		}
	}
	c.number(key+".version", n.Version, 1, 1_000_000)
}

func (c *checker) schedules(a *Account) {
	names := append([]string{"always"}, slices.Sorted(maps.Keys(a.Schedules))...)
	for _, name := range names[1:] {
		key := "schedules." + name
		if name == "always" {
			c.fault(key, "the name always", "any other name: always is the schedule without borders")
		}
		for days, texts := range a.Schedules[name] {
			if expand(days) == nil {
				c.fault(key+"."+days, fmt.Sprintf("%q", days), "a weekday such as mon, or a range such as mon-fri")
			}
			c.spanTexts(key+"."+days, texts)
		}
	}
	oneOf(c, "schedule.default", a.Schedule.Default, names...)
	for i, group := range a.Schedule.Groups {
		oneOf(c, fmt.Sprintf("schedule.groups[%d].use", i), group.Use, names...)
	}
}

// spans checks a resolved schedule, whose keys are single weekdays.
func (c *checker) spans(key string, schedule episode.Schedule) {
	for day, texts := range schedule {
		if !slices.Contains(weekdays, day) {
			c.fault(key, fmt.Sprintf("%q", day), "a weekday such as mon")
		}
		c.spanTexts(key+"."+day, texts)
	}
}

func (c *checker) spanTexts(key string, texts []string) {
	for i, text := range texts {
		if _, err := parseSpan(text); err != nil {
			c.fault(fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("%q", text), "HH:MM-HH:MM, start before end")
		}
	}
}

var versionForm = regexp.MustCompile(`^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z.-]{1,64})?$`)

func (c *checker) version(key, version string) {
	if version != "" && !versionForm.MatchString(version) {
		c.fault(key, fmt.Sprintf("%q", version), "a version such as 1.4.2")
	}
}

func (c *checker) rollout(r *Rollout) {
	rising := len(r.Plan) > 0 && len(r.Plan) <= 20
	for i, percent := range r.Plan {
		rising = rising && percent >= 1 && percent <= 100 && (i == 0 || percent > r.Plan[i-1])
	}
	if !rising {
		c.fault("updates.rollout.plan", fmt.Sprint(r.Plan), "up to 20 rising numbers, 1–100")
	}
	c.length("updates.rollout.every", r.Every, time.Minute, 30*24*time.Hour, time.Minute)
}

// short writes a length as people do in the files: "2m", "72h", "48s".
func short(d time.Duration) string {
	switch {
	case d >= 3*time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return d.String()
	}
}

// between writes a range with one unit for both ends where they have one: "1h–168h", "30m–120m", "0s–10s".
func between(low, high time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if low%unit.length == 0 && high%unit.length == 0 && high/unit.length <= 240 {
			return fmt.Sprintf("%d%s–%d%s", low/unit.length, unit.name, high/unit.length, unit.name)
		}
	}
	return short(low) + "–" + short(high)
}

// Length writes a length as people do in the files: "2m", "72h", "indefinitely".
func Length(d episode.Duration) string {
	if d == episode.Indefinitely {
		return d.String()
	}
	return short(time.Duration(d))
}

// list writes words as "a, b or c".
func list[T ~string](words []T) string {
	var b strings.Builder
	for i, word := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(word))
	}
	return b.String()
}
