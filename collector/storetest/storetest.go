// Package storetest holds what every collector.EpisodeStore must do, whatever engine is behind it.
package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// Run runs every test; open gives a new, empty store.
func Run(t *testing.T, open func(*testing.T) QuestionStore) {
	for name, test := range map[string]func(*testing.T, QuestionStore){
		"an upload is stored whole": uploadIsStoredWhole,
		"batches are remembered":    batchesAreRemembered,
		"a day is cut at midnight":  dayIsCutAtMidnight,
		"gaps":                      gaps,
		"gaps of tangled sessions":  gapsOfTangledSessions,
		"overlaps count once":       overlapsCountOnce,
		"apps and sites":            appsAndSites,
		"open episodes count":       openEpisodesCount,
		"people join logins":        peopleJoinLogins,
		"an empty store":            emptyStore,
		"a cancelled question ends": cancelledQuestionEnds,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Monday is the day most tests are about, at noon in UTC+1.
var Monday = time.Date(2026, 3, 2, 12, 0, 0, 0, time.FixedZone("", 3600))

// Day is Monday's number.
var Day = collector.LocalDay(Monday)

// Row makes an active episode of ana's at a time of Monday, told as "15:04:05".
func Row(sequence uint64, at string, length time.Duration, app string) collector.Row {
	return RowOn(Monday, sequence, at, length, app)
}

// RowOn is Row on another day.
func RowOn(day time.Time, sequence uint64, at string, length time.Duration, app string) collector.Row {
	clock, err := time.ParseInLocation("2006-01-02 15:04:05", day.Format(time.DateOnly)+" "+at, day.Location())
	if err != nil {
		panic(err)
	}
	return collector.Row{
		Sequence: sequence, LoginKey: "example\\\\ana", Day: collector.LocalDay(clock),
		Record: stream.Record{
			Login: stream.Login{Authority: "example", Account: "ana", Name: `EXAMPLE\ana`}, Session: "s1",
			Episode: episode.Episode{
				State: episode.Active, Start: clock, For: length, Identity: episode.Identity{App: app}, EndedBy: episode.ByFocus,
			},
		},
	}
}

// As changes a row.
func As(row collector.Row, change func(*collector.Row)) collector.Row {
	change(&row)
	return row
}

func passive(row *collector.Row) { row.State, row.EndedBy = episode.Passive, episode.ByLimit }

func locked(row *collector.Row) {
	row.State, row.EndedBy, row.Reason, row.Identity = episode.Locked, episode.ByUnlock, episode.ReasonLock, episode.Identity{}
}

func bo(row *collector.Row) {
	row.LoginKey, row.Login = "example\\\\bo", stream.Login{Authority: "example", Account: "bo", Name: `EXAMPLE\bo`}
}

// Upload makes an upload of rows with rising sequences.
func Upload(device string, id byte, rows ...collector.Row) collector.Upload {
	return collector.Upload{
		StreamKey: collector.StreamKey{Device: device, Stream: stream.ID{id}},
		First:     rows[0].Sequence, Last: rows[len(rows)-1].Sequence,
		DigestBefore: stream.Digest{byte(rows[0].Sequence)}, DigestAfter: stream.Digest{0xff, byte(rows[len(rows)-1].Sequence)},
		Rows: rows,
	}
}

func mustAppend(t *testing.T, store collector.EpisodeStore, uploads ...collector.Upload) {
	t.Helper()
	if err := store.Append(t.Context(), uploads); err != nil {
		t.Fatal(err)
	}
}

// Stored gives every episode stored, in order of start; person is the key of its login.
func Stored(t *testing.T, store QuestionStore) []*adminv1.ActivityRow {
	t.Helper()
	owners, err := store.Owners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	q := &collector.Query{ToDay: 1 << 20, Owners: map[collector.Owner]collector.Share{}}
	for i, owner := range owners {
		q.Owners[owner] = collector.Share{Person: i}
		q.People = append(q.People, collector.Person{ID: owner.LoginKey})
	}
	rows, _ := Episodes(t, store, q, collector.Page{})
	return rows
}

func check(t *testing.T, want, got any) {
	t.Helper()
	if diff := gocmp.Diff(want, got, protocmp.Transform(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func uploadIsStoredWhole(t *testing.T, store QuestionStore) {
	bad := Row(2, "10:00:00", time.Minute, "b")
	bad.Day -= 3
	if err := store.Append(t.Context(), []collector.Upload{
		Upload("d-1", 1, Row(1, "09:00:00", time.Minute, "a")), Upload("d-2", 2, bad),
	}); err == nil {
		t.Fatal("a row outside its day was stored")
	}
	if rows := Stored(t, store); len(rows) != 0 {
		t.Errorf("half a transaction is there: %v", rows)
	}
	if batches, err := store.Batches(t.Context(), collector.StreamKey{Device: "d-1", Stream: stream.ID{1}}); err != nil || len(batches) != 0 {
		t.Errorf("%v %v", batches, err)
	}
	// What the failed one had begun to number must not be missing now.
	mustAppend(t, store, Upload("d-1", 1, Row(1, "09:00:00", time.Minute, "a")))
	if rows := Stored(t, store); len(rows) != 1 || rows[0].App != "a" || rows[0].Device != "d-1" {
		t.Errorf("%v", rows)
	}
}

func batchesAreRemembered(t *testing.T, store QuestionStore) {
	key := collector.StreamKey{Device: "d-1", Stream: stream.ID{9}}
	upload := func(n uint64) collector.Upload {
		return collector.Upload{
			StreamKey: key, First: n, Last: n, DigestBefore: stream.Digest{1, byte(n)}, DigestAfter: stream.Digest{2, byte(n)},
		}
	}
	var uploads []collector.Upload
	for n := range uint64(130) {
		uploads = append(uploads, upload(n+1))
	}
	mustAppend(t, store, uploads[:100]...)
	for _, one := range uploads[100:] {
		mustAppend(t, store, one)
	}
	batches, err := store.Batches(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if len(batches) != 128 {
		t.Fatalf("%d batches", len(batches))
	}
	for i, batch := range batches {
		n := uint64(i + 3)
		check(t, collector.StreamBatch{
			First: n, Last: n, DigestBefore: stream.Digest{1, byte(n)}, DigestAfter: stream.Digest{2, byte(n)},
		}, batch)
	}
	for _, other := range []collector.StreamKey{{Device: "d-2", Stream: key.Stream}, {Device: "d-1", Stream: stream.ID{8}}} {
		if batches, err := store.Batches(t.Context(), other); err != nil || len(batches) != 0 {
			t.Errorf("%v %v", batches, err)
		}
	}
}

// hours gives the days of a query in short, by day and person: first and last activity, active, passive, total, locked,
// gaps.
func hours(t *testing.T, store QuestionStore, q *collector.Query) []string {
	t.Helper()
	days := sumOf(t, store, q, collector.Want{Days: true, Gaps: true}).Days
	slices.SortStableFunc(days, func(a, b collector.PersonDay) int { return cmp.Compare(a.Day, b.Day) })
	var short []string
	for _, d := range days {
		var gapsFor time.Duration
		for _, gap := range d.Gaps {
			gapsFor += gap.To.Sub(gap.From)
		}
		short = append(short, fmt.Sprintf("%s %s %s-%s a%g p%g t%g l%g g%d/%g", time.Unix(int64(d.Day)*86400, 0).UTC().Format("02"),
			q.People[d.Person].Name, clock(d.FirstAt), clock(d.LastAt), d.Times.Active().Seconds(), d.Times.Passive().Seconds(),
			d.Times.Total().Seconds(), d.Locked.Seconds(), len(d.Gaps), gapsFor.Seconds()))
	}
	return short
}

func clock(moment time.Time) string {
	if moment.IsZero() {
		return ""
	}
	return moment.Format("02T15:04:05")
}

// subjects gives the subjects of a query in short: application, product and bundle, site, active, passive, people.
func subjects(t *testing.T, store QuestionStore, q *collector.Query) []string {
	t.Helper()
	var short []string
	for _, s := range sumOf(t, store, q, collector.Want{Subjects: true}).Subjects {
		short = append(short, fmt.Sprintf("%s (%s) %s a%g p%g %b", s.App, s.Product+s.Bundle, s.Site, s.Active.Seconds(), s.Passive.Seconds(), s.People))
	}
	return short
}

func dayIsCutAtMidnight(t *testing.T, store QuestionStore) {
	sunday := Monday.AddDate(0, 0, -1)
	mustAppend(t, store, Upload("d-1", 1,
		RowOn(sunday, 1, "23:50:00", 20*time.Minute, "a"),
		As(Row(2, "00:10:00", 5*time.Minute, "a"), passive),
		Row(3, "23:59:00", 2*time.Minute, "b"),
	), Upload("d-1", 2,
		As(RowOn(sunday.AddDate(0, 0, -3), 1, "12:00:00", 7*24*time.Hour, ""), func(r *collector.Row) { locked(r); bo(r) })))
	check(t, []string{
		"02 Ana 02T00:00:00-03T00:00:00 a660 p300 t960 l0 g1/85440", "02 Bo - a0 p0 t0 l86400 g0/0",
	}, hours(t, store, twoPeople()))
	q := twoPeople()
	q.FromDay, q.ToDay = Day-1, Day+1
	check(t, []string{
		"01 Ana 01T23:50:00-02T00:00:00 a600 p0 t600 l0 g0/0", "01 Bo - a0 p0 t0 l86400 g0/0",
		"02 Ana 02T00:00:00-03T00:00:00 a660 p300 t960 l0 g1/85440", "02 Bo - a0 p0 t0 l86400 g0/0",
		"03 Ana 03T00:00:00-03T00:01:00 a60 p0 t60 l0 g0/0", "03 Bo - a0 p0 t0 l86400 g0/0",
	}, hours(t, store, q))
	check(t, []string{"a ()  a600 p300 [1]", "b ()  a60 p0 [1]"}, subjects(t, store, twoPeople()))
}

func gaps(t *testing.T, store QuestionStore) {
	mustAppend(t, store, Upload("d-1", 1,
		As(Row(1, "08:50:00", time.Minute, "p"), passive), // counted, but no activity
		Row(2, "09:00:00", 10*time.Minute, "a"),           // after 9 min
		Row(3, "09:15:00", 5*time.Minute, "b"),            // 5 min exactly is none
		As(Row(4, "09:20:00", 40*time.Minute, ""), locked),
		Row(5, "10:00:00", 10*time.Minute, "c"), // after 40 min, locked
		As(Row(6, "10:10:00", 5*time.Minute, "c"), func(r *collector.Row) { r.EndedBy = episode.BySchedule }),
		Row(7, "13:00:00", 5*time.Minute, "d"), // after 165 min
	), Upload("d-2", 2, // between devices, and zones: the first is an hour west, at 15:00 in UTC+1
		As(Row(1, "14:00:00", time.Minute, "e"), func(r *collector.Row) { r.Start = r.Start.Add(time.Hour).In(time.UTC) }),
		As(Row(2, "15:01:00", time.Minute, "e"), passive)))
	day := sumOf(t, store, twoPeople(), collector.Want{Days: true, Gaps: true}).Days[0]
	var told []string
	for _, gap := range day.Gaps {
		told = append(told, gap.From.Format("15:04Z07")+" "+gap.To.Format("15:04Z07"))
	}
	check(t, []string{"08:51+01 09:00+01", "09:20+01 10:00+01", "10:15+01 13:00+01", "13:05+01 14:00Z"}, told)
	check(t, "02T14:01:00 02T15:02:00", clock(day.LastAt)+" "+clock(day.CountedTo)) // the last record has no activity
	if days := sumOf(t, store, twoPeople(), collector.Want{Days: true}).Days; days[0].Gaps != nil || !days[0].CountedTo.IsZero() {
		t.Errorf("told unasked: %v", days[0])
	}
}

func gapsOfTangledSessions(t *testing.T, store QuestionStore) {
	mustAppend(t, store,
		Upload("d-1", 1, Row(1, "09:00:00", 10*time.Minute, "a"), Row(2, "10:00:00", 10*time.Minute, "a")),
		Upload("d-2", 2, Row(1, "09:10:00", 30*time.Minute, "b"), Row(2, "11:00:00", time.Minute, "b")),
		// Of one session, but arriving late.
		Upload("d-1", 3, As(Row(1, "09:00:00", time.Minute, "c"), bo), As(Row(2, "12:00:00", time.Minute, "c"), bo), As(Row(3, "11:00:00", time.Minute, "c"), bo)))
	check(t, []string{
		"02 Ana 02T09:00:00-02T11:01:00 a3060 p0 t3060 l0 g2/4200",
		"02 Bo 02T09:00:00-02T12:01:00 a180 p0 t180 l0 g2/10680",
	}, hours(t, store, twoPeople()))
}

// overlapsCountOnce: ana works on two devices from 09:00 to 10:00. The browser that began at 09:20 has the time from
// there on, 40 min; the editor 20 min before it, and nothing while it was passive, 09:30 to 09:40, behind the browser.
// Locked counts where nothing else does: 10:00 to 10:30.
func overlapsCountOnce(t *testing.T, store QuestionStore) {
	mustAppend(t, store,
		Upload("d-1", 1, Row(1, "09:00:00", 30*time.Minute, "editor"), As(Row(2, "09:30:00", 10*time.Minute, "editor"), passive)),
		Upload("d-2", 2, Row(1, "09:20:00", 40*time.Minute, "browser")),
		Upload("d-1", 3, As(As(Row(1, "08:50:00", 100*time.Minute, ""), locked), func(r *collector.Row) { r.Session = "s2" })))
	// 08:50 to 09:00 and 10:00 to 10:30 are locked alone.
	check(t, []string{"02 Ana 02T09:00:00-02T10:00:00 a3600 p0 t3600 l2400 g0/0"}, hours(t, store, twoPeople()))
	check(t, []string{"browser ()  a2400 p0 [1]", "editor ()  a1200 p0 [1]"}, subjects(t, store, twoPeople()))
	pieces, err := store.Pieces(t.Context(), twoPeople())
	if err != nil {
		t.Fatal(err)
	}
	var short []string
	for _, p := range joinPieces(pieces) {
		short = append(short, fmt.Sprintf("%s %g %s %s", clock(p.Start), p.For.Minutes(), p.State, p.App))
	}
	check(t, []string{
		"02T08:50:00 10 locked ", "02T09:00:00 20 active editor", "02T09:20:00 40 active browser", "02T10:00:00 30 locked ",
	}, short)
}

func appsAndSites(t *testing.T, store QuestionStore) {
	site := func(r *collector.Row) { r.Product, r.Site = "A Browser", "example.com" }
	mustAppend(t, store, Upload("d-1", 1,
		As(Row(1, "09:00:00", 10*time.Minute, "browser"), site),
		As(As(Row(2, "09:10:00", 5*time.Minute, "browser"), site), passive),
		Row(3, "09:15:00", 4*time.Minute, "browser"),
		As(Row(4, "09:19:00", time.Hour, ""), locked),
		As(As(Row(5, "10:30:00", time.Minute, "browser"), site), bo),
		As(As(Row(6, "10:31:00", 20*time.Minute, "editor"), bo), func(r *collector.Row) { r.Bundle = "org.example.Editor" }),
	))
	check(t, []string{
		"browser (A Browser)  a240 p0 [1]", "browser (A Browser) example.com a660 p300 [11]", "editor (org.example.Editor)  a1200 p0 [10]",
	}, subjects(t, store, twoPeople()))
	q := twoPeople()
	maps.DeleteFunc(q.Owners, func(_ collector.Owner, share collector.Share) bool { return q.People[share.Person].Name == "Ana" })
	check(t, []string{"browser (A Browser) example.com a60 p0 [10]", "editor (org.example.Editor)  a1200 p0 [10]"}, subjects(t, store, q))
}

func openEpisodesCount(t *testing.T, store QuestionStore) {
	mustAppend(t, store, Upload("d-1", 1, Row(1, "09:00:00", time.Minute, "a"), Row(2, "12:00:00", time.Minute, "a")))
	q := twoPeople()
	open := func(row collector.Row) collector.OpenRow {
		row.EndedBy = ""
		return collector.OpenRow{Device: "d-1", Row: row}
	}
	q.Open = []collector.OpenRow{
		open(As(Row(0, "10:00:00", 30*time.Second, "new"), func(r *collector.Row) { r.Site = "example.org" })),
		open(RowOn(Monday.AddDate(0, 0, 1), 0, "10:00:00", time.Minute, "tomorrow")),
		// What the store has got meanwhile is not counted twice.
		open(Row(0, "12:00:00", 50*time.Second, "a")),
	}
	check(t, []string{"02 Ana 02T09:00:00-02T12:01:00 a150 p0 t150 l0 g2/10710"}, hours(t, store, q))
	check(t, []string{"a ()  a120 p0 [1]", "new () example.org a30 p0 [1]"}, subjects(t, store, q))
}

func peopleJoinLogins(t *testing.T, store QuestionStore) {
	tuesday := Monday.AddDate(0, 0, 1)
	mustAppend(t, store,
		Upload("d-1", 1, Row(1, "09:00:00", time.Minute, "a"), RowOn(tuesday, 2, "09:00:00", time.Minute, "a")),
		Upload("d-2", 2, As(Row(1, "10:00:00", time.Minute, "a"), bo)))
	q := twoPeople()
	q.ToDay++
	for owner := range q.Owners {
		q.Owners[owner] = collector.Share{}
	}
	check(t, []string{
		"02 Ana 02T09:00:00-02T10:01:00 a120 p0 t120 l0 g1/3540", "03 Ana 03T09:00:00-03T09:01:00 a60 p0 t60 l0 g0/0",
	}, hours(t, store, q))
}

func emptyStore(t *testing.T, store QuestionStore) {
	if rows := Stored(t, store); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
	check(t, collector.Sums{}, sumOf(t, store, twoPeople(), collector.Want{Days: true, Gaps: true, Subjects: true}))
	groups, err := store.SumGroups(t.Context(), twoPeople(), make([]map[collector.Owner]bool, 1))
	check(t, []collector.GroupSum{{}}, groups)
	titles, titlesErr := store.Titles(t.Context(), twoPeople(), 10)
	pieces, piecesErr := store.Pieces(t.Context(), twoPeople())
	if err := errors.Join(err, titlesErr, piecesErr); err != nil || len(titles)+len(pieces) != 0 {
		t.Errorf("%v %v %v", titles, pieces, err)
	}
	if err := store.Append(t.Context(), nil); err != nil {
		t.Error(err)
	}
	stats, err := store.Stats(t.Context())
	if err != nil || stats.Episodes != 0 || stats.Bytes == 0 || len(stats.SetAside) != 0 {
		t.Errorf("%+v %v", stats, err)
	}
}

func cancelledQuestionEnds(t *testing.T, store QuestionStore) {
	mustAppend(t, store, Upload("d-1", 1, Row(1, "09:00:00", time.Minute, "a")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := twoPeople()
	for what, ask := range map[string]func() error{
		"sum":    func() error { _, err := store.Sum(ctx, q, collector.Want{Days: true}); return err },
		"groups": func() error { _, err := store.SumGroups(ctx, q, nil); return err },
		"titles": func() error { _, err := store.Titles(ctx, q, 1); return err },
		"pieces": func() error { _, err := store.Pieces(ctx, q); return err },
		"episodes": func() error {
			_, err := store.Episodes(ctx, q, collector.Page{}, func([]*adminv1.ActivityRow) error { return nil })
			return err
		},
	} {
		if err := ask(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(Stored(t, store)) != 1 {
		t.Error("the store is unusable afterwards")
	}
}
