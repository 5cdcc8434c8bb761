package episode

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Rules are Settings made ready for use: patterns, schedule and names compiled. They hold no reference to the Settings
// and do not change; they are safe for concurrent use.
type Rules struct {
	revision     string
	passiveStart time.Duration // S
	passiveStop  time.Duration // P
	activeLimit  time.Duration // C
	settle       time.Duration
	alwaysActive []string // in lower case
	privacy      Privacy
	redaction    redaction
	timetable    timetable
	doNotTrack   []Account
}

// forever is a length, or an instant, that is never reached.
const forever = time.Duration(math.MaxInt64)

// Compile makes settings ready for use. It never fails, it forbids instead: patterns that do not compile, or exceed
// their bounds, empty every title and leave of an address its site; a schedule that does not read is never.
func (s *Settings) Compile() *Rules {
	r := &Rules{
		revision:     s.Revision,
		passiveStart: wholeMilliseconds(time.Duration(s.Passive.Start)),
		passiveStop:  wholeMilliseconds(time.Duration(s.Passive.Stop)),
		activeLimit:  wholeMilliseconds(time.Duration(s.Active.Limit)),
		settle:       wholeMilliseconds(time.Duration(s.Settle)),
		privacy:      s.Privacy,
		redaction:    compileRedaction(s.Privacy.Redact),
		timetable:    s.Schedule.compile(),
		doNotTrack:   slices.Clone(s.DoNotTrack),
	}
	r.privacy.Redact = slices.Clone(s.Privacy.Redact)
	for _, entry := range s.AlwaysActive {
		if entry != "" {
			r.alwaysActive = append(r.alwaysActive, strings.ToLower(entry))
		}
	}
	return r
}

// Tracks tells whether a login, `DOMAIN\name`, is none of do_not_track.
func (r *Rules) Tracks(login string) bool {
	return !slices.ContainsFunc(r.doNotTrack, func(a Account) bool { return a.Matches(login) })
}

// Scheduled tells whether the schedule collects at a local wall time.
func (r *Rules) Scheduled(wall time.Time) bool { return r.timetable.holds(wall) }

// isAlwaysActive is rule 11's match: by the application's name without case or, unless the window is private, by the
// page's site or a parent domain of it. The site is the one observed, whatever the privacy settings let through.
func (r *Rules) isAlwaysActive(app, site string, private bool) bool {
	for _, entry := range r.alwaysActive {
		if equalLower(app, entry) || !private && inDomain(site, entry) {
			return true
		}
	}
	return false
}

// inDomain tells whether a site is a domain or below it.
func inDomain(site, domain string) bool {
	rest, ok := strings.CutSuffix(site, domain)
	return ok && (rest == "" || strings.HasSuffix(rest, "."))
}

// equalLower is strings.ToLower(text) == lower, without the copy.
func equalLower(text, lower string) bool {
	for _, r := range text {
		want, size := utf8.DecodeRuneInString(lower)
		if size == 0 || unicode.ToLower(r) != want {
			return false
		}
		lower = lower[size:]
	}
	return lower == ""
}

// wholeMilliseconds cuts a length to what episodes are counted in.
func wholeMilliseconds(d time.Duration) time.Duration {
	if d == forever {
		return d
	}
	return d.Truncate(time.Millisecond)
}

// after is an instant and a length later; forever where that is never reached.
func after(at, length time.Duration) time.Duration {
	if length > forever-max(at, 0) {
		return forever
	}
	return at + length
}
