package episode

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Schedule holds, for each weekday ("mon"…"sun"), spans "HH:MM-HH:MM" of the computer's local time in which there is
// collection. Nil is always; an empty one is never.
type Schedule map[string][]string

// weekdays in the order of a week that begins on Monday.
var weekdays = [...]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// span is a half-open stretch of the local week, counted from Monday 00:00.
type span struct{ start, end time.Duration }

// Check refuses unknown weekdays and malformed spans, as a *SettingError with a key below "schedule".
func (s Schedule) Check() error {
	_, err := s.spans()
	return err
}

func (s Schedule) spans() ([]span, error) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if !slices.Contains(weekdays[:], name) {
			return nil, &SettingError{Key: "schedule." + name, Want: "a weekday: " + strings.Join(weekdays[:], ", ")}
		}
	}
	var all []span
	for i, name := range weekdays {
		for _, text := range s[name] {
			one, ok := parseSpan(text)
			if !ok {
				return nil, &SettingError{
					Key: "schedule." + name, Value: quoted(text),
					Want: "HH:MM-HH:MM, start before end, 24:00 allowed as end",
				}
			}
			midnight := time.Duration(i) * day
			all = append(all, span{midnight + one.start, midnight + one.end})
		}
	}
	return all, nil
}

// parseSpan reads "HH:MM-HH:MM" within one day.
func parseSpan(text string) (span, bool) {
	if len(text) != len("HH:MM-HH:MM") || text[5] != '-' {
		return span{}, false
	}
	start, ok1 := parseTimeOfDay(text[:5])
	end, ok2 := parseTimeOfDay(text[6:])
	return span{start, end}, ok1 && ok2 && start < end
}

// parseTimeOfDay reads "HH:MM", up to 24:00.
func parseTimeOfDay(text string) (time.Duration, bool) {
	for i := range len(text) {
		if isDigit := text[i] >= '0' && text[i] <= '9'; isDigit == (i == 2) || i == 2 && text[i] != ':' {
			return 0, false
		}
	}
	hour := time.Duration(text[0]-'0')*10 + time.Duration(text[1]-'0')
	minute := time.Duration(text[3]-'0')*10 + time.Duration(text[4]-'0')
	return hour*time.Hour + minute*time.Minute, minute < 60 && (hour < 24 || hour == 24 && minute == 0)
}

// timetable is a schedule made ready for use.
type timetable struct {
	always bool
	spans  []span
}

// compile never fails: a schedule that does not read is never, so that nothing is collected against its meaning.
func (s Schedule) compile() timetable {
	spans, err := s.spans()
	if err != nil {
		spans = nil
	}
	return timetable{always: s == nil, spans: spans}
}

// holds tells whether there is collection at a local wall time.
func (t timetable) holds(wall time.Time) bool {
	if t.always {
		return true
	}
	since := sinceMonday(wall)
	return slices.ContainsFunc(t.spans, func(s span) bool { return s.start <= since && since < s.end })
}

// next is how long after a local wall time the next span begins or ends; ok is false without spans. Where spans touch or
// overlap, also at midnight, collection just holds on.
func (t timetable) next(wall time.Time) (wait time.Duration, ok bool) {
	since := sinceMonday(wall)
	wait = week
	for _, s := range t.spans {
		for _, border := range [...]time.Duration{s.start, s.end} {
			if border <= since {
				border += week
			}
			wait = min(wait, border-since)
		}
	}
	return wait, len(t.spans) > 0
}

// sinceMonday is the local time since the week's Monday 00:00.
func sinceMonday(wall time.Time) time.Duration {
	weekday := (int(wall.Weekday()) + 6) % 7
	hour, minute, second := wall.Clock()
	return time.Duration(weekday)*day + time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(wall.Nanosecond())
}
