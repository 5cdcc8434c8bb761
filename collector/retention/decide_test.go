package retention

import (
	"math"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
)

func TestWhenTheFileIsWrittenAnew(t *testing.T) {
	at := func(text string) time.Time {
		t.Helper()
		when, err := time.Parse("02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return when.AddDate(2026, 0, 0)
	}
	var never time.Time
	for name, c := range map[string]struct {
		now, erased, dropped, rewritten time.Time
		want                            bool
	}{
		"nothing was deleted":             {at("20 03:00"), never, never, at("01 03:00"), false},
		"erased, and it is day":           {at("20 12:00"), at("20 11:00"), never, at("01 03:00"), false},
		"erased, and it is night":         {at("21 02:00"), at("20 11:00"), never, at("01 03:00"), true},
		"erased in the night":             {at("20 04:59"), at("20 04:58"), never, never, true},
		"erased at its end, not yet":      {at("20 23:00"), at("20 05:00"), never, never, false},
		"erased, and the night was slept": {at("21 12:00"), at("20 16:00"), never, never, true},
		"erased, and gone since":          {at("21 03:00"), at("20 11:00"), never, at("20 11:00"), false},
		"dropped within the week":         {at("20 03:00"), never, at("20 02:00"), at("14 03:00"), false},
		"dropped, a week by day":          {at("21 12:00"), never, at("20 02:00"), at("14 12:00"), false},
		"dropped, a week by night":        {at("22 03:00"), never, at("20 02:00"), at("14 12:00"), true},
		"dropped, nights were slept":      {at("22 01:00"), never, at("20 02:00"), at("14 12:00"), true},
		"nothing dropped since":           {at("28 03:00"), never, at("14 02:00"), at("14 12:00"), false},
	} {
		if got := rewriteDue(c.now, c.erased, c.dropped, c.rewritten); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWholeDaysAreKept(t *testing.T) {
	if got := KeptFrom(1000, 180); got != 820 {
		t.Errorf("kept from %d", got) // today and the 180 days before it
	}
	if got := KeptFrom(1000, 0); got != math.MinInt32 {
		t.Errorf("for ever ends at %d", got)
	}
}

func TestTheOldestDaysLeaveTheActivityLog(t *testing.T) {
	used := collector.Usage{Episodes: 100, Bytes: 1000, Days: map[int32]int64{1: 10, 2: 20, 5: 30, 9: 40}}
	for limit, want := range map[int64]int32{
		0: math.MinInt32, 1000: math.MinInt32, 1001: math.MinInt32, 999: 2, 900: 2, 899: 5, 700: 5, 699: 9, 400: 9, 1: 9,
	} {
		if got := activityFrom(&used, limit); got != want {
			t.Errorf("with %d bytes it begins at %d, want %d", limit, got, want)
		}
	}
	if got := activityFrom(&collector.Usage{Bytes: 10}, 1); got != math.MinInt32 {
		t.Errorf("nothing begins at %d", got)
	}
}

func TestGrowthAndForecast(t *testing.T) {
	const today = 1000
	if got := perDay(map[int32]int64{today: 500, today - 1: 300, today - 2: 100, today - 31: 9000}, today); got != 200 {
		t.Errorf("%v a day", got) // of two days: today goes on, and the last is too long ago
	}
	if got := perDay(map[int32]int64{today: 500}, today); got != 500 {
		t.Errorf("%v on the first day", got)
	}
	if got := perDay(nil, today); got != 0 {
		t.Errorf("%v of nothing", got)
	}
	days := map[int32]int64{}
	for day := int32(today - 5); day < today; day++ {
		days[day] = 100
	}
	for _, c := range []struct {
		retention    int
		perDay, room float64
		want         float64
	}{
		{0, 100, 1000, 10},
		{0, 100, 0, 0},
		{0, 100, -5, 0},
		{0, 0, 1000, Never},
		{5, 100, 100, Never}, // as much goes as comes, from the first day
		{10, 100, 300, 3},    // the sixth day is the first to take one away
		{10, 100, 600, Never},
		{10, 100, 500, 5},
		{5, 150, 200, 4}, // 50 a day remain
	} {
		s := &State{Usage: collector.Usage{Days: days}, PerDay: c.perDay, RetentionDays: c.retention}
		if got := s.until(today, c.room); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestNamesAreTakenOutWhole(t *testing.T) {
	names := []string{"Ana Lima", "ana@example.com", `CORP\ana`, "D'Arc"}
	for text, want := range map[string]string{
		"- {name: Ana Lima, email: ana@example.com, logins: ['CORP\\ana', \"corp\\\\ANA\"]}": "- {name: (erased), email: (erased), logins: ['(erased)', \"(erased)\"]}",
		"Ana Limandes, joana@example.com, CORP\\anabel, XCORP\\ana":                          "Ana Limandes, joana@example.com, CORP\\anabel, XCORP\\ana",
		"'D''Arc' Ana Lima,Ana Lima":                             "'(erased)' (erased),(erased)",
		`{"old":"Ana Lima","key":"users[ana@example.com].role"}`: `{"old":"(erased)","key":"users[(erased)].role"}`,
		"": "",
	} {
		if got := redact(text, names); got != want {
			t.Errorf("%s became %s", text, got)
		}
	}
}

func TestUnknownDeletions(t *testing.T) {
	at := func(n int) time.Time { return time.Unix(int64(n), 0) }
	own := []collector.Tombstone{{Device: "d-1", Before: at(10)}, {LoginKey: "ana", Before: at(5)}}
	later := []collector.Tombstone{
		{Device: "d-1", Before: at(10)}, {Device: "d-1", LoginKey: "bo", Before: at(9)}, {Device: "d-2", LoginKey: "ana", Before: at(5)},
		{Device: "d-1", Before: at(11)}, {LoginKey: "ana", Before: at(6)}, {LoginKey: "bo", Before: at(9)}, {Device: "d-2", Before: at(1)},
	}
	unknown := Unknown(own, later)
	if len(unknown) != 4 || unknown[0] != later[3] || unknown[3] != later[6] {
		t.Errorf("%v", unknown)
	}
}
