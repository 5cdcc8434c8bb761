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

// Check gives every value out of range and every schedule that is not there, in the order of the keys below. Groups
// are checked by who knows them.
func (a *Account) Check() []Fault {
	var c checker
	c.rules("", &a.Rules)
	c.number("", "privacy.min_people", *a.Privacy.MinPeople)
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
	c.length("", "installers.link_expiry", a.Installers.LinkExpiry)
	c.number("", "installers.max_devices", a.Installers.MaxDevices)
	c.number("", "installers.max_per_minute", a.Installers.MaxPerMinute)
	c.version("updates.windows.pinned", a.Updates.Windows.Pinned)
	c.version("updates.macos.pinned", a.Updates.MacOS.Pinned)
	c.version("updates.linux.pinned", a.Updates.Linux.Pinned)
	c.rollout(&a.Updates.Rollout)
	c.word("", "reports.week_start", a.Reports.WeekStart)
	c.word("", "reports.clock", a.Reports.Clock)
	c.word("", "reports.landing_page", a.Reports.LandingPage)
	if a.Storage.Limit != 0 {
		c.size("", "storage.limit", Bytes(a.Storage.Limit))
	}
	c.number("", "retention.days", a.Retention.Days)
	return c.faults
}

type checker struct{ faults []Fault }

func (c *checker) fault(key, value, allowed string) {
	c.faults = append(c.faults, Fault{Key: key, Value: value, Allowed: allowed})
}

// rules checks what is said; prefix ends in a dot or is empty.
func (c *checker) rules(prefix string, r *Rules) {
	said(r.Passive.Start, func(d episode.Duration) { c.length(prefix, "passive.start", d) })
	said(r.Passive.Stop, func(d episode.Duration) { c.length(prefix, "passive.stop", d) })
	said(r.Active.Limit, func(d episode.Duration) { c.length(prefix, "active.limit", d) })
	said(r.Settle, func(d episode.Duration) { c.length(prefix, "settle", d) })
	said(r.AlwaysActive, func(entries []string) { c.entries(prefix, entries) })
	said(r.Privacy.URLs, func(level episode.URLs) { c.word(prefix, "privacy.urls", string(level)) })
	said(r.Privacy.Redact, func(patterns []string) { c.patterns(prefix, patterns) })
	said(r.Browsers.UnknownPrivate, func(word string) { c.word(prefix, "browsers.unknown_private", word) })
	said(r.Notice, func(n Notice) { c.notice(prefix, &n) })
	said(r.Agents.SyncEvery, func(d episode.Duration) { c.length(prefix, "agents.sync_every", d) })
	said(r.Agents.Buffer.Size, func(size Bytes) { c.size(prefix, "agents.buffer.size", size) })
	said(r.Agents.Buffer.Days, func(days int) { c.number(prefix, "agents.buffer.days", days) })
}

func said[T any](value *T, check func(T)) {
	if value != nil {
		check(*value)
	}
}

func (c *checker) length(prefix, path string, d episode.Duration) {
	k := keyOf(path)
	endless := d == episode.Indefinitely && slices.Contains(k.Words, indefinitely)
	if !endless && (!k.within(int64(d)) || time.Duration(d)%k.Step != 0) {
		c.fault(prefix+path, Length(d), k.allowed())
	}
}

func (c *checker) number(prefix, path string, n int) {
	if k := keyOf(path); !k.within(int64(n)) {
		c.fault(prefix+path, fmt.Sprint(n), k.allowed())
	}
}

func (c *checker) size(prefix, path string, size Bytes) {
	if k := keyOf(path); !k.within(int64(size)) {
		c.fault(prefix+path, size.String(), k.allowed())
	}
}

func (c *checker) word(prefix, path, word string) { c.oneOf(prefix+path, word, keyOf(path).Words) }

func (c *checker) oneOf(key, word string, allowed []string) {
	if !slices.Contains(allowed, word) {
		c.fault(key, fmt.Sprintf("%q", word), list(allowed))
	}
}

func (c *checker) entries(prefix string, entries []string) {
	key := keyOf("always_active")
	if !key.within(int64(len(entries))) {
		c.fault(prefix+key.Path, fmt.Sprintf("%d entries", len(entries)), fmt.Sprintf("at most %d", key.Max))
	}
	for i, entry := range entries {
		if entry == "" || len(entry) > 255 {
			c.fault(fmt.Sprintf("%s%s[%d]", prefix, key.Path, i), fmt.Sprintf("an entry of %d bytes", len(entry)), "1–255 bytes")
		}
	}
}

func (c *checker) patterns(prefix string, patterns []string) {
	c.patternBounds(prefix, patterns)
	for i, pattern := range patterns {
		if _, err := regexp.Compile(pattern); err != nil {
			c.fault(fmt.Sprintf("%sprivacy.redact[%d]", prefix, i), fmt.Sprintf("%q", pattern), fmt.Sprintf("an RE2 pattern (%v)", err))
		}
	}
}

func (c *checker) patternBounds(prefix string, patterns []string) {
	key := keyOf("privacy.redact")
	if !key.within(int64(len(patterns))) {
		c.fault(prefix+key.Path, fmt.Sprintf("%d patterns", len(patterns)), fmt.Sprintf("at most %d", key.Max))
	}
	for i, pattern := range patterns {
		if len(pattern) == 0 || len(pattern) > episode.MaxPatternBytes {
			c.fault(fmt.Sprintf("%s%s[%d]", prefix, key.Path, i), fmt.Sprintf("a pattern of %d bytes", len(pattern)), fmt.Sprintf("1–%d bytes", episode.MaxPatternBytes))
		}
	}
}

func (c *checker) notice(prefix string, n *Notice) {
	for _, part := range []struct{ key, text string }{{"text", n.Text}, {"purpose", n.Purpose}, {"contact", n.Contact}} {
		if len(part.text) > 4096 || part.key == "text" && part.text == "" {
			c.fault(prefix+"notice."+part.key, fmt.Sprintf("a text of %d bytes", len(part.text)), "1–4096 bytes")
		}
	}
	c.number(prefix, "notice.version", n.Version)
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
	c.oneOf("schedule.default", a.Schedule.Default, names)
	for i, group := range a.Schedule.Groups {
		c.oneOf(fmt.Sprintf("schedule.groups[%d].use", i), group.Use, names)
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
	c.length("", "updates.rollout.every", r.Every)
	c.number("", "updates.rollout.halt", r.Halt)
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

// Length writes a length as people do in the files: "2m", "72h", "indefinitely".
func Length(d episode.Duration) string {
	if d == episode.Indefinitely {
		return d.String()
	}
	return short(time.Duration(d))
}

// list writes words as "a, b or c".
func list(words []string) string {
	var b strings.Builder
	for i, word := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(word)
	}
	return b.String()
}
