package episode

import (
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

// spans are the schedule's stretches in order of time, those that touch or overlap made one. The stretch that reaches
// the week's end and the one that begins it stay two: week.end joins them.
func (s Schedule) spans() ([]span, error) {
	for name := range s {
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
	slices.SortFunc(all, func(a, b span) int { return int(a.start - b.start) })
	var merged []span
	for _, next := range all {
		if last := len(merged) - 1; last >= 0 && next.start <= merged[last].end {
			merged[last].end = max(merged[last].end, next.end)
			continue
		}
		merged = append(merged, next)
	}
	return merged, nil
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
	whole := len(spans) == 1 && spans[0] == span{0, week}
	return timetable{always: s == nil || whole, spans: spans}
}

// holds tells whether there is collection at a local wall time.
func (t timetable) holds(wall time.Time) bool {
	if t.always {
		return true
	}
	since := sinceMonday(wall)
	for _, s := range t.spans {
		if s.start <= since && since < s.end {
			return true
		}
	}
	return false
}

// next is how long after a local wall time collection next begins or ends; ok is false when it never does.
func (t timetable) next(wall time.Time) (wait time.Duration, ok bool) {
	if t.always || len(t.spans) == 0 {
		return 0, false
	}
	since := sinceMonday(wall)
	for _, s := range t.spans {
		if since < s.start {
			return s.start - since, true
		}
		if since < s.end && !(s.end == week && t.spans[0].start == 0) {
			return s.end - since, true
		}
	}
	// Beyond this week: the first stretch begins, or the one running on over Sunday's midnight ends.
	first := t.spans[0]
	if first.start == 0 && t.spans[len(t.spans)-1].end == week {
		return week - since + first.end, true
	}
	return week - since + first.start, true
}

// sinceMonday is the local time since the week's Monday 00:00.
func sinceMonday(wall time.Time) time.Duration {
	weekday := (int(wall.Weekday()) + 6) % 7
	hour, minute, second := wall.Clock()
	return time.Duration(weekday)*day + time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(wall.Nanosecond())
}
