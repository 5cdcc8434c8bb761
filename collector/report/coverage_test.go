package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

func heardUntil(at string, spans ...*agentv1.Span) *watch {
	return &watch{spans: spans, tracked: true, contactAt: clock(at), now: now}
}

// of makes a span of a kind; without an end it goes on.
func of(kind, from, to string) *agentv1.Span {
	span := &agentv1.Span{Kind: kind, StartMs: clock(from).UnixMilli()}
	if to != "" {
		span.EndMs = clock(to).UnixMilli()
	}
	return span
}

// Monday of one whose computer says nothing but what is given, in one line; and the reason of the whole of it.
func TestReasons(t *testing.T) {
	office := episode.Schedule{"mon": {"09:00-12:00", "13:00-17:00"}}
	allDay := of("session", "Mon 08:00", "Mon 18:00")
	for _, c := range []struct {
		name    string
		watches []*watch
		want    string
		absence string
	}{
		{"nobody logged in", []*watch{heardUntil("Tue 11:59")}, "00:00 off", "off"},
		{"a session without input", []*watch{heardUntil("Tue 11:59", allDay)}, "00:00 off, 08:00 inactive, 18:00 off", "inactive"},
		{"paused", []*watch{heardUntil("Tue 11:59", allDay, of("pause", "Mon 09:00", "Mon 10:00"))},
			"00:00 off, 08:00 inactive, 09:00 paused, 10:00 inactive, 18:00 off", "paused"},
		{"blind", []*watch{heardUntil("Tue 11:59", of("blind", "Mon 08:00", "Mon 18:00"))}, "00:00 off, 08:00 no_permission, 18:00 off", "no_permission"},
		{"lost", []*watch{heardUntil("Tue 11:59", allDay, of("loss", "Mon 09:00", "Mon 10:00"))},
			"00:00 off, 08:00 inactive, 09:00 lost, 10:00 inactive, 18:00 off", "lost"},
		{"silent since noon", []*watch{heardUntil("Mon 12:00", of("session", "Mon 08:00", ""))}, "00:00 off, 08:00 inactive, 12:00 silent", "inactive"},
		{"silent since Sunday", []*watch{heardUntil("Sun 12:00", of("session", "Sun 08:00", ""))}, "00:00 silent", "silent"},
		{"not back since a proper end", []*watch{heardUntil("Sun 12:00", of("session", "Sun 08:00", "Sun 12:00"))}, "00:00 off", "off"},
		{"never heard of", []*watch{{tracked: true, now: now}}, "00:00 unknown", "unknown"},
		{"before its agent came", []*watch{{spans: []*agentv1.Span{of("session", "Mon 10:00", "Mon 18:00")}, tracked: true, since: clock("Mon 09:59"),
			contactAt: clock("Tue 11:59"), now: now}}, "00:00 unknown, 09:59 off, 10:00 inactive, 18:00 off", "inactive"},
		{"not tracked", []*watch{{spans: []*agentv1.Span{allDay}, contactAt: clock("Tue 11:59"), now: now}}, "00:00 not_tracked", "not_tracked"},
		{"by a schedule", []*watch{{spans: []*agentv1.Span{allDay}, tracked: true, schedule: office, contactAt: clock("Tue 11:59"), now: now}},
			"00:00 outside_schedule, 09:00 inactive, 12:00 outside_schedule, 13:00 inactive, 17:00 outside_schedule", "inactive"},
		{"never", []*watch{{tracked: true, schedule: episode.Schedule{}, contactAt: clock("Tue 11:59"), now: now}}, "00:00 outside_schedule", "outside_schedule"},
		{"two computers", []*watch{heardUntil("Tue 11:59", allDay), heardUntil("Tue 11:59", of("pause", "Mon 17:00", "Mon 19:00"))},
			"00:00 off, 08:00 inactive, 17:00 paused, 19:00 off", "paused"},
	} {
		from, to := clock("Mon 00:00"), clock("Tue 00:00")
		var told []string
		for _, s := range explain(c.watches, from, to) {
			told = append(told, s.from.Format("15:04")+" "+s.reason)
		}
		if got := strings.Join(told, ", "); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.name, got, c.want)
		}
		if got := absence(c.watches, from, to); got != c.absence {
			t.Errorf("%s: %s, want %s", c.name, got, c.absence)
		}
	}
	// Of the minute since the last contact nothing is told yet.
	recent := heardUntil("Tue 11:59", of("session", "Tue 08:00", ""))
	if all := explain([]*watch{recent}, clock("Tue 11:00"), now); len(all) != 1 || !all[0].to.Equal(clock("Tue 11:59")) {
		t.Errorf("%v", all)
	}
}

// An agent knows nothing of the time before it came; one that was enrolled anew knew of it.
func TestSince(t *testing.T) {
	enrolled := clock("Mon 09:59")
	if got := since(enrolled, numberOf(enrolled)); !got.Equal(enrolled) {
		t.Errorf("enrolled on its first day: since %v", got)
	}
	if got := since(enrolled, numberOf(enrolled)-1); !got.IsZero() {
		t.Errorf("with data of the day before: since %v", got)
	}
}

// The schedule's clock is the computer's: on the day when clocks are put forward at 02:00 nine o'clock is nine o'clock.
func TestScheduleKeepsToTheClockOnTheWall(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 3, 29, 0, 0, 0, 0, berlin)
	w := &watch{tracked: true, schedule: episode.Schedule{"sun": {"09:00-17:00"}}, contactAt: from.AddDate(0, 0, 3), now: from.AddDate(0, 0, 3)}
	var told []string
	for _, s := range explain([]*watch{w}, from, midnight(numberOf(from)+1, berlin)) {
		told = append(told, fmt.Sprintf("%s %s %v", s.from.Format("15:04"), s.reason, s.to.Sub(s.from)))
	}
	if got := strings.Join(told, ", "); got != "00:00 outside_schedule 8h0m0s, 09:00 off 8h0m0s, 17:00 outside_schedule 7h0m0s" {
		t.Error(got)
	}
}

// Cy was put on the list of those not tracked since; Bo's computer is gone from the registry's contacts; Wednesday is not
// yet, and what retention has removed is no absence.
func TestAbsences(t *testing.T) {
	o := openOffice(t)
	o.configure(t, account+"retention: {days: 2}\n", people+"  - {name: Contractors, people: [p-cy]}\ndo_not_track:\n  - {user: cy}\n", classification)
	absences := func(want string) {
		t.Helper()
		hours, err := o.Hours(t.Context(), administrator, &adminv1.ReportRequest{From: "2026-02-20", To: "2026-03-04"})
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, row := range hours.Rows {
			if row.Absence != "" {
				told = append(told, row.Day[8:]+" "+row.Person+" "+row.Absence)
			}
		}
		if got := strings.Join(told, ", "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	absences("01 p-cy not_tracked, 02 p-cy locked, 03 p-bo paused, 03 p-cy not_tracked")
	// Of what was deleted nothing is told, not even that there was a first day.
	if _, err := o.store.Delete(t.Context(), "", collector.LoginKey("", loginNamed("cy")), clock("Mon 00:00")); err != nil {
		t.Fatal(err)
	}
	absences("02 p-cy locked, 03 p-bo paused, 03 p-cy not_tracked")
}

// At the collector a day has begun that has not begun where the devices are: nothing is missing of it yet.
func TestADayThatHasNotBegunIsNoAbsence(t *testing.T) {
	o := openOffice(t)
	o.now = func() time.Time { return now.In(time.FixedZone("", 13*3600)) }
	report, err := o.Hours(t.Context(), administrator, &adminv1.ReportRequest{})
	if err != nil || report.Days.From != "2026-03-04" || len(report.Rows) != 0 {
		t.Errorf("%v %v", report, err)
	}
}
