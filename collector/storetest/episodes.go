package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// RunEpisodes tests what collector.Questions says of Episodes; open gives a new, empty store.
func RunEpisodes(t *testing.T, open func(*testing.T) QuestionStore) {
	for name, test := range map[string]func(*testing.T, QuestionStore){
		"every field is told":              everyFieldIsTold,
		"what is asked for is given":       whatIsAskedForIsGiven,
		"pages leave nothing out":          pagesLeaveNothingOut,
		"an open episode is not repeated":  openEpisodeIsNotRepeated,
		"a cursor belongs to its question": cursorBelongsToItsQuestion,
		"search is without case":           searchIsWithoutCase,
		"days of a zone":                   daysOfAZone,
		"yield's error ends it":            yieldsErrorEndsIt,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Episodes collects what a query and a page give.
func Episodes(t *testing.T, log collector.Questions, q *collector.Query, page collector.Page) ([]*adminv1.ActivityRow, string) {
	t.Helper()
	var rows []*adminv1.ActivityRow
	next, err := log.Episodes(t.Context(), q, page, func(chunk []*adminv1.ActivityRow) error {
		rows = append(rows, chunk...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, next
}

// twoPeople asks for Monday of ana and bo, each on two devices; the classification differs between them.
func twoPeople() *collector.Query {
	q := &collector.Query{
		FromDay: Day, ToDay: Day, People: []collector.Person{{ID: "p-ana", Name: "Ana"}, {ID: "p-bo", Name: "Bo"}},
		Owners: map[collector.Owner]collector.Share{}, Classify: byName,
	}
	for _, device := range []string{"d-1", "d-2"} {
		q.Owners[collector.Owner{Device: device, LoginKey: `example\\ana`}] = collector.Share{Person: 0, Variant: 0}
		q.Owners[collector.Owner{Device: device, LoginKey: `example\\bo`}] = collector.Share{Person: 1, Variant: 1}
	}
	return q
}

// byName has "work" productive for ana, unproductive for bo, and "secret" ignored.
func byName(subject collector.Subject) []collector.Class {
	switch {
	case subject.App == "work" || subject.Site == "work.example.com":
		return []collector.Class{{Status: collector.Productive, Category: "job"}, {Status: collector.Unproductive, Category: "play"}}
	case subject.App == "secret":
		return []collector.Class{{Category: "ignore", Ignored: true}}
	}
	return []collector.Class{{}}
}

func everyFieldIsTold(t *testing.T, log QuestionStore) {
	full := As(Row(1, "09:00:00", time.Hour, "work"), func(r *collector.Row) {
		r.Product, r.Title, r.Site, r.URL = "A Browser", "Tëst \U0001F600", "example.com", "https://example.com/a?b"
		r.Bundle = "org.example.Browser"
		r.Start, r.ObservedFor, r.EndedBy = r.Start.Add(7*time.Millisecond), 2*time.Hour, episode.BySchedule
	})
	private := As(Row(2, "11:00:00", time.Millisecond, "work"), func(r *collector.Row) {
		bo(r)
		r.Private, r.EndedBy, r.ClockCorrected = true, episode.ByCrash, true
		r.Start = r.Start.In(time.FixedZone("", -(9*3600 + 30*60)))
		r.Day = collector.LocalDay(r.Start)
	})
	mustAppend(t, log, Upload("d-1", 1, full, private, As(Row(3, "12:00:00", time.Minute, ""), locked), Row(4, "12:10:00", time.Minute, "secret")))
	q := twoPeople()
	q.Open = []collector.OpenRow{{Device: "d-2", Row: As(Row(9, "12:05:00", 30*time.Second, "work"), func(r *collector.Row) {
		r.Title, r.Site, r.URL, r.EndedBy, r.Bundle = "open", "example.org", "https://example.org/", "", "org.example.Work"
	})}, {Device: "d-3", Row: Row(9, "12:05:00", 30*time.Second, "of nobody asked for")}}
	rows, next := Episodes(t, log, q, collector.Page{})
	check(t, []*adminv1.ActivityRow{
		{
			Device: "d-1", Login: `EXAMPLE\ana`, Person: "p-ana", Session: "s1", State: "active",
			Start: "2026-03-02T09:00:00.007+01:00", Seconds: 3600, ObservedSeconds: 7200, App: "work", Product: "A Browser", Bundle: "org.example.Browser",
			Title: "Tëst \U0001F600", Site: "example.com", Url: "https://example.com/a?b", EndedBy: "schedule", Status: "productive", Category: "job",
		},
		{
			Device: "d-1", Login: `EXAMPLE\bo`, Person: "p-bo", Session: "s1", State: "active",
			Start: "2026-03-02T00:30:00.000-09:30", Seconds: 0.001, App: "work", Private: true, EndedBy: "crash",
			Status: "unproductive", Category: "play",
		},
		{
			Device: "d-1", Login: `EXAMPLE\ana`, Person: "p-ana", Session: "s1", State: "locked",
			Start: "2026-03-02T12:00:00.000+01:00", Seconds: 60, EndedBy: "unlock", Reason: "lock",
		},
		{
			Device: "d-2", Login: `EXAMPLE\ana`, Person: "p-ana", Session: "s1", State: "active", Start: "2026-03-02T12:05:00.000+01:00",
			Seconds: 30, App: "work", Title: "open", Site: "example.org", Url: "https://example.org/", Open: true,
			Bundle: "org.example.Work",
			Status: "productive", Category: "job",
		},
		{
			Device: "d-1", Login: `EXAMPLE\ana`, Person: "p-ana", Session: "s1", State: "active", Start: "2026-03-02T12:10:00.000+01:00",
			Seconds: 60, App: "secret", EndedBy: "focus", Status: "undefined", Category: "ignore",
		},
	}, rows)
	if next != "" {
		t.Errorf("after everything comes %q", next)
	}
}

// apps joins the applications of rows.
func apps(rows []*adminv1.ActivityRow) string {
	var apps []string
	for _, row := range rows {
		apps = append(apps, row.App)
	}
	return strings.Join(apps, " ")
}

func whatIsAskedForIsGiven(t *testing.T, log QuestionStore) {
	tuesday := Monday.AddDate(0, 0, 1)
	mustAppend(t, log,
		Upload("d-1", 1, Row(1, "10:00:00", time.Minute, "work"), RowOn(tuesday, 2, "08:00:00", time.Minute, "tuesday"),
			As(Row(3, "10:01:00", time.Minute, ""), locked), As(Row(4, "10:02:00", time.Minute, "idle"), passive)),
		Upload("d-2", 2, Row(1, "09:00:00", time.Minute, "early"), As(Row(2, "11:00:00", time.Minute, "work"), bo),
			As(Row(3, "11:30:00", time.Minute, "browser"), func(r *collector.Row) { r.Site = "work.example.com" }),
			RowOn(Monday.AddDate(0, 0, -1), 4, "23:59:00", time.Hour, "sunday")),
		Upload("d-3", 3, Row(1, "09:00:00", time.Minute, "nobody's")))
	going := As(Row(9, "12:00:00", time.Minute, "open"), func(r *collector.Row) { r.Site = "work.example.com" })
	for _, c := range []struct {
		want   string
		change func(*collector.Query, *collector.Page)
	}{
		{"early work  idle work browser open", func(*collector.Query, *collector.Page) {}},
		{"open browser work idle  work early", func(_ *collector.Query, p *collector.Page) { p.NewestFirst = true }},
		{"early work  idle work browser open tuesday", func(q *collector.Query, _ *collector.Page) { q.ToDay++ }},
		{"tuesday", func(q *collector.Query, _ *collector.Page) { q.FromDay++; q.ToDay++ }},
		{"sunday", func(q *collector.Query, _ *collector.Page) { q.FromDay--; q.ToDay-- }},
		{"", func(q *collector.Query, _ *collector.Page) { q.Owners = nil }},
		{"work open", func(q *collector.Query, _ *collector.Page) {
			delete(q.Owners, collector.Owner{Device: "d-2", LoginKey: `example\\ana`})
			q.Only.Status = "productive"
		}},
		{"work browser open", func(q *collector.Query, _ *collector.Page) { q.Only.Status = "productive" }},
		{"work", func(q *collector.Query, _ *collector.Page) { q.Only.Category = "play" }},
		{"early idle", func(q *collector.Query, _ *collector.Page) { q.Only.Status = "undefined" }},
		{"early idle", func(q *collector.Query, _ *collector.Page) { q.Only.Category = "-" }},
		{"", func(q *collector.Query, _ *collector.Page) { q.Only.State = episode.Locked }},
		{"idle", func(q *collector.Query, _ *collector.Page) { q.Only.State = episode.Passive }},
		{"work work", func(q *collector.Query, _ *collector.Page) { q.Only.App = "work" }},
		{"browser open", func(q *collector.Query, _ *collector.Page) { q.Only.Site = "work.example.com" }},
		{"browser", func(q *collector.Query, _ *collector.Page) { q.Only.Site, q.Only.App = "work.example.com", "browser" }},
		{"work work browser open", func(_ *collector.Query, p *collector.Page) { p.Search = "WORK" }},
		{"work browser open", func(q *collector.Query, p *collector.Page) { p.Search, q.Only.Status = "WORK", "productive" }},
	} {
		q, page := twoPeople(), collector.Page{}
		q.Open = []collector.OpenRow{{Device: "d-1", Row: going}}
		c.change(q, &page)
		rows, _ := Episodes(t, log, q, page)
		if got := apps(rows); got != c.want {
			t.Errorf("%+v %+v: %q instead of %q", q.Only, page, got, c.want)
		}
	}
	q := twoPeople()
	q.Only.State = episode.Locked
	if rows, _ := Episodes(t, log, q, collector.Page{}); len(rows) != 1 || rows[0].Status != "" || rows[0].Category != "" {
		t.Errorf("locked: %v", rows)
	}
	q = twoPeople()
	q.Classify = nil
	if rows, _ := Episodes(t, log, q, collector.Page{Limit: 1}); len(rows) != 1 || rows[0].Status != "undefined" {
		t.Errorf("without a classifier: %v", rows)
	}
}

// crowd stores episodes of many sessions over some days, many at the same moment, and gives their titles by start.
func crowd(t *testing.T, log QuestionStore, random *rand.Rand, name string, from int) map[string]time.Time {
	t.Helper()
	starts := map[string]time.Time{}
	for n := range 4 {
		var rows []collector.Row
		for i := range 60 {
			day := Monday.AddDate(0, 0, random.IntN(3))
			if n == 3 { // a far place
				day = day.In(time.FixedZone("", -8*3600))
			}
			row := RowOn(day, uint64(from+i+1), fmt.Sprintf("%02d:%02d:00", 9+random.IntN(2), random.IntN(20)), time.Second, "app")
			if n%2 == 1 {
				bo(&row)
			}
			row.Session = fmt.Sprint("s", n)
			row.Title = fmt.Sprint(name, " ", n, " ", i)
			starts[row.Title] = row.Start
			rows = append(rows, row)
		}
		mustAppend(t, log, Upload([]string{"d-1", "d-2"}[n/2], byte(n), rows...))
	}
	return starts
}

func pagesLeaveNothingOut(t *testing.T, log QuestionStore) {
	random := rand.New(rand.NewPCG(5, 6))
	first := crowd(t, log, random, "first", 0)
	q := twoPeople()
	q.ToDay += 2
	for _, newestFirst := range []bool{false, true} {
		page := collector.Page{NewestFirst: newestFirst}
		all, _ := Episodes(t, log, q, page)
		if len(all) != len(first) || !slices.IsSortedFunc(all, func(a, b *adminv1.ActivityRow) int {
			if newestFirst {
				a, b = b, a
			}
			return startOf(t, a).Compare(startOf(t, b))
		}) {
			t.Fatalf("%d of %d episodes, or out of order", len(all), len(first))
		}
		for _, limit := range []int{17, 100, len(first), len(first) + 1} {
			page.Limit, page.After = limit, ""
			var paged []*adminv1.ActivityRow
			for {
				rows, next := Episodes(t, log, q, page)
				if paged = append(paged, rows...); next == "" {
					break
				}
				if len(rows) != limit {
					t.Fatalf("%d rows on a page of %d", len(rows), limit)
				}
				page.After = next
			}
			check(t, all, paged)
		}
	}
	// What arrives meanwhile shows behind the place or not at all.
	seen := map[string]int{}
	page := collector.Page{Limit: 11}
	for n := 0; ; n++ {
		rows, next := Episodes(t, log, q, page)
		for _, row := range rows {
			seen[row.Title]++
		}
		if page.After = next; next == "" {
			break
		}
		if n < 3 {
			crowd(t, log, random, fmt.Sprint("late", n), 100*(n+1))
		}
	}
	for title := range first {
		if seen[title] != 1 {
			t.Errorf("%s was shown %d times", title, seen[title])
		}
	}
	for title, times := range seen {
		if times > 1 {
			t.Errorf("%s was shown %d times", title, times)
		}
	}
}

func startOf(t *testing.T, row *adminv1.ActivityRow) time.Time {
	t.Helper()
	start, err := time.Parse(time.RFC3339, row.Start)
	if err != nil {
		t.Fatal(err)
	}
	return start
}

// An open episode at the end of a page is closed and stored before the next page is asked for.
func openEpisodeIsNotRepeated(t *testing.T, log QuestionStore) {
	other := As(Row(1, "09:00:00", time.Minute, "other"), bo)
	one := Row(1, "09:00:00", time.Minute, "one")
	mustAppend(t, log, Upload("d-2", 2, other, As(Row(2, "08:00:00", time.Minute, "before"), bo), As(Row(3, "10:00:00", time.Minute, "after"), bo)))
	for _, newestFirst := range []bool{false, true} {
		for _, limit := range []int{1, 2, 3} {
			q, page := twoPeople(), collector.Page{Limit: limit, NewestFirst: newestFirst}
			q.Open = []collector.OpenRow{{Device: "d-1", Row: one}}
			rows, next := Episodes(t, log, q, page)
			// Closed and stored meanwhile.
			q.Open = nil
			mustAppend(t, log, Upload("d-1", 1, one))
			for page.Limit = 0; next != ""; {
				page.After = next
				var more []*adminv1.ActivityRow
				more, next = Episodes(t, log, q, page)
				rows = append(rows, more...)
			}
			got := strings.Fields(apps(rows))
			slices.Sort(got)
			check(t, []string{"after", "before", "one", "other"}, got)
			if _, err := log.Delete(t.Context(), "d-1", "", Monday.AddDate(1, 0, 0)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func cursorBelongsToItsQuestion(t *testing.T, log QuestionStore) {
	mustAppend(t, log, Upload("d-1", 1, Row(1, "09:00:00", time.Minute, "a"), Row(2, "10:00:00", time.Minute, "b")))
	_, next := Episodes(t, log, twoPeople(), collector.Page{Limit: 1})
	if next == "" {
		t.Fatal("no cursor")
	}
	for name, change := range map[string]func(*collector.Query, *collector.Page){
		"other days":   func(q *collector.Query, _ *collector.Page) { q.ToDay++ },
		"other zone":   func(q *collector.Query, _ *collector.Page) { q.Zone = time.UTC },
		"other filter": func(q *collector.Query, _ *collector.Page) { q.Only.App = "a" },
		"other search": func(_ *collector.Query, p *collector.Page) { p.Search = "a" },
		"other order":  func(_ *collector.Query, p *collector.Page) { p.NewestFirst = true },
		"no cursor":    func(_ *collector.Query, p *collector.Page) { p.After = "nonsense" },
		"cut":          func(_ *collector.Query, p *collector.Page) { p.After = next[:len(next)-2] },
	} {
		q, page := twoPeople(), collector.Page{Limit: 1, After: next}
		change(q, &page)
		_, err := log.Episodes(t.Context(), q, page, func([]*adminv1.ActivityRow) error { return nil })
		var refusal *collector.Error
		if !errors.As(err, &refusal) || refusal.Code != collector.BadRequest || refusal.Field != "cursor" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func searchIsWithoutCase(t *testing.T, log QuestionStore) {
	mustAppend(t, log, Upload("d-1", 1,
		As(Row(1, "09:00:00", time.Minute, "Title"), func(r *collector.Row) { r.Title = "Ünïcode ΣΊΣΥΦΟΣ 100% a_b 'quoted'" }),
		As(Row(2, "09:01:00", time.Minute, "Product"), func(r *collector.Row) { r.Product = "Grand PRODUCT" }),
		As(Row(3, "09:02:00", time.Minute, "Url"), func(r *collector.Row) { r.URL, r.Site = "https://example.com/Deep/Path", "example.com" }),
		As(Row(4, "09:03:00", time.Minute, "İstanbul"), func(r *collector.Row) { r.Title = "plain" }),
	))
	for search, want := range map[string]string{
		"ÜNÏCODE": "Title", "σίσυφοσ": "Title", "100%": "Title", "a_B": "Title", "axb": "", "'quoted'": "Title", "'; DROP TABLE title; --": "",
		"grand p": "Product", "deep/path": "Url", "EXAMPLE.com": "Url", "istanbul": "İstanbul", "PLAIN": "İstanbul",
		"ti": "Title", "\xff": "", "a\x00b": "",
	} {
		q := twoPeople()
		stored, _ := Episodes(t, log, q, collector.Page{Search: search})
		if got := apps(stored); got != want {
			t.Errorf("%q found %q instead of %q", search, got, want)
		}
		// What is open is searched alike.
		all, _ := Episodes(t, log, q, collector.Page{})
		q.Owners = map[collector.Owner]collector.Share{{Device: "d-9", LoginKey: `example\\ana`}: {}}
		for _, row := range all {
			q.Open = append(q.Open, collector.OpenRow{Device: "d-9", Row: As(Row(1, "09:00:00", time.Minute, row.App), func(r *collector.Row) {
				r.Title, r.Product, r.URL, r.Site = row.Title, row.Product, row.Url, row.Site
			})})
		}
		going, _ := Episodes(t, log, q, collector.Page{Search: search})
		if got := apps(going); got != want {
			t.Errorf("%q found %q open instead of %q", search, got, want)
		}
	}
}

func daysOfAZone(t *testing.T, log QuestionStore) {
	var uploads []collector.Upload
	var rows []collector.Row
	for n, hours := range []int{-11, -8, 0, 1, 13} {
		place := time.FixedZone("", hours*3600)
		var ofPlace []collector.Row
		for i := range 48 {
			start := Monday.Truncate(24 * time.Hour).Add(time.Duration(i)*90*time.Minute - 24*time.Hour).In(place)
			row := RowOn(start, uint64(i+1), start.Format(time.TimeOnly), time.Minute, fmt.Sprintf("%d/%d", n, i))
			ofPlace = append(ofPlace, row)
		}
		rows = append(rows, ofPlace...)
		uploads = append(uploads, collector.Upload{
			StreamKey: collector.StreamKey{Device: "d-1", Stream: stream.ID{byte(n)}}, First: 1, Last: 48, Rows: ofPlace,
		})
	}
	mustAppend(t, log, uploads...)
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("east", 14*3600), time.FixedZone("west", -12*3600)} {
		var want []string
		for _, row := range rows {
			if collector.LocalDay(row.Start.In(zone)) == Day {
				want = append(want, row.App)
			}
		}
		q := twoPeople()
		q.Zone = zone
		found, _ := Episodes(t, log, q, collector.Page{})
		got := strings.Fields(apps(found))
		slices.Sort(want)
		slices.Sort(got)
		check(t, want, got)
		q.Open = []collector.OpenRow{}
		for _, row := range rows {
			q.Open = append(q.Open, collector.OpenRow{Device: "d-2", Row: row})
		}
		if both, _ := Episodes(t, log, q, collector.Page{}); len(both) != 2*len(want) {
			t.Errorf("%v: %d stored and open instead of %d", zone, len(both), 2*len(want))
		}
	}
	// Without a zone it is each device's own day.
	found, _ := Episodes(t, log, twoPeople(), collector.Page{})
	want := slices.DeleteFunc(slices.Clone(rows), func(r collector.Row) bool { return r.Day != Day })
	slices.SortFunc(want, func(a, b collector.Row) int { return cmp.Compare(a.App, b.App) })
	slices.SortFunc(found, func(a, b *adminv1.ActivityRow) int { return cmp.Compare(a.App, b.App) })
	if len(want) != len(found) {
		t.Errorf("%d instead of %d", len(found), len(want))
	}
}

func yieldsErrorEndsIt(t *testing.T, log QuestionStore) {
	mustAppend(t, log, Upload("d-1", 1, Row(1, "09:00:00", time.Minute, "a")))
	stop := errors.New("enough")
	if _, err := log.Episodes(t.Context(), twoPeople(), collector.Page{}, func([]*adminv1.ActivityRow) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("yield's error came back as %v", err)
	}
}
