package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/shared/episode"
)

// Days maps a weekday ("mon") or a range of them ("mon-fri", "sat-mon") to spans "HH:MM-HH:MM". A weekday under
// several keys has all their spans.
type Days map[string][]string

// weekdays in the order of the week, as schedules name them.
var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// span is a stretch of one day in minutes since midnight; to may be 1440.
type span struct{ from, to int }

// Resolve gives the schedule with one entry a weekday: spans sorted, and joined where they touch or overlap.
func (d Days) Resolve() (episode.Schedule, error) {
	byDay := map[string][]span{}
	for _, key := range slices.Sorted(maps.Keys(d)) {
		days := expand(key)
		if days == nil {
			return nil, fmt.Errorf("%q is not a weekday such as mon or a range such as mon-fri", key)
		}
		for _, text := range d[key] {
			s, err := parseSpan(text)
			if err != nil {
				return nil, err
			}
			for _, day := range days {
				byDay[day] = append(byDay[day], s)
			}
		}
	}
	return schedule(byDay), nil
}

// intersect gives the time that lies in both; nil is always.
func intersect(a, b episode.Schedule) (episode.Schedule, error) {
	if a == nil {
		a, b = b, a
	}
	if a == nil {
		return nil, nil
	}
	left, err := spans(a)
	if err != nil || b == nil {
		return schedule(left), err
	}
	right, err := spans(b)
	if err != nil {
		return nil, err
	}
	both := map[string][]span{}
	for day := range left {
		for _, l := range left[day] {
			for _, r := range right[day] {
				if s := (span{max(l.from, r.from), min(l.to, r.to)}); s.from < s.to {
					both[day] = append(both[day], s)
				}
			}
		}
	}
	return schedule(both), nil
}

func spans(s episode.Schedule) (map[string][]span, error) {
	byDay := map[string][]span{}
	for day, texts := range s {
		for _, text := range texts {
			one, err := parseSpan(text)
			if err != nil {
				return nil, err
			}
			byDay[day] = append(byDay[day], one)
		}
	}
	return byDay, nil
}

// schedule writes spans in their one normal form.
func schedule(byDay map[string][]span) episode.Schedule {
	result := episode.Schedule{}
	for day, all := range byDay {
		slices.SortFunc(all, func(a, b span) int { return a.from - b.from })
		var joined []span
		for _, s := range all {
			if last := len(joined) - 1; last >= 0 && s.from <= joined[last].to {
				joined[last].to = max(joined[last].to, s.to)
				continue
			}
			joined = append(joined, s)
		}
		for _, s := range joined {
			result[day] = append(result[day], fmt.Sprintf("%02d:%02d-%02d:%02d", s.from/60, s.from%60, s.to/60, s.to%60))
		}
	}
	return result
}

func parseSpan(text string) (span, error) {
	from, to, found := strings.Cut(text, "-")
	s := span{minuteOf(from), minuteOf(to)}
	if !found || s.from < 0 || s.to < 0 {
		return span{}, fmt.Errorf("%q is not a span such as 08:00-18:00", text)
	}
	if s.from >= s.to {
		return span{}, fmt.Errorf("%q does not start before it ends; write two spans where it passes midnight", text)
	}
	return s, nil
}

// minuteOf reads HH:MM, 24:00 included; -1 if it is not one.
func minuteOf(text string) int {
	if len(text) != 5 || text[2] != ':' {
		return -1
	}
	for _, i := range []int{0, 1, 3, 4} {
		if text[i] < '0' || text[i] > '9' {
			return -1
		}
	}
	hour, minute := int(text[0]-'0')*10+int(text[1]-'0'), int(text[3]-'0')*10+int(text[4]-'0')
	if minute > 59 || hour > 24 || hour == 24 && minute != 0 {
		return -1
	}
	return hour*60 + minute
}

// expand gives the weekdays a key such as "mon" or "fri-mon" stands for; none if it is not one.
func expand(key string) []string {
	first, last, ranged := strings.Cut(key, "-")
	if !ranged {
		last = first
	}
	from, to := slices.Index(weekdays, first), slices.Index(weekdays, last)
	if from < 0 || to < 0 {
		return nil
	}
	days := []string{weekdays[from]}
	for i := from; i != to; {
		i = (i + 1) % len(weekdays)
		days = append(days, weekdays[i])
	}
	return days
}
