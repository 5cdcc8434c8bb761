// Package storetest holds what every collector.EpisodeStore must do, whatever engine is behind it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// Run runs every test; open gives a new, empty store.
func Run(t *testing.T, open func(*testing.T) QuestionStore) {
	for name, test := range map[string]func(*testing.T, QuestionStore){
		"an upload is stored whole":  uploadIsStoredWhole,
		"batches are remembered":     batchesAreRemembered,
		"a day is cut at midnight":   dayIsCutAtMidnight,
		"breaks":                     breaks,
		"breaks of tangled sessions": breaksOfTangledSessions,
		"apps and sites":             appsAndSites,
		"open episodes count":        openEpisodesCount,
		"people join logins":         peopleJoinLogins,
		"an empty store":             emptyStore,
		"a cancelled question ends":  cancelledQuestionEnds,
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

// Monday's filter, with ana and bo known.
func filter() collector.Filter {
	return collector.Filter{FromDay: Day, ToDay: Day, People: map[string]collector.Person{
		"example\\\\ana": {ID: "p-ana", Name: "Ana"}, "example\\\\bo": {ID: "p-bo", Name: "Bo"},
	}}
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
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
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

// hours gives Monday's and its neighbours' rows in short.
func hours(t *testing.T, store collector.EpisodeStore, f collector.Filter) []string {
	t.Helper()
	rows, err := store.Hours(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	var short []string
	for _, r := range rows {
		short = append(short, fmt.Sprintf("%s %s %s-%s a%g p%g t%g l%g b%d/%g", r.Day[8:], r.Name, clock(r.FirstActivity),
			clock(r.LastActivity), r.ActiveSeconds, r.PassiveSeconds, r.TotalSeconds, r.LockedSeconds, r.Breaks, r.BreakSeconds))
	}
	return short
}

func clock(moment string) string {
	if moment == "" {
		return ""
	}
	return moment[8:10] + "T" + moment[11:19]
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
		"02 Ana 02T00:00:00-03T00:00:00 a660 p300 t960 l0 b1/85440", "02 Bo - a0 p0 t0 l86400 b0/0",
	}, hours(t, store, filter()))
	f := filter()
	f.FromDay, f.ToDay = Day-1, Day+1
	check(t, []string{
		"01 Ana 01T23:50:00-02T00:00:00 a600 p0 t600 l0 b0/0", "01 Bo - a0 p0 t0 l86400 b0/0",
		"02 Ana 02T00:00:00-03T00:00:00 a660 p300 t960 l0 b1/85440", "02 Bo - a0 p0 t0 l86400 b0/0",
		"03 Ana 03T00:00:00-03T00:01:00 a60 p0 t60 l0 b0/0", "03 Bo - a0 p0 t0 l86400 b0/0",
	}, hours(t, store, f))
	people, err := store.People(t.Context(), filter())
	if err != nil {
		t.Fatal(err)
	}
	check(t, []*adminv1.PeopleRow{{
		Person: "p-ana", Name: "Ana", ActiveSeconds: 660, PassiveSeconds: 300, TotalSeconds: 960, Days: 1,
		FirstActivity: "2026-03-02T00:00:00.000+01:00", LastActivity: "2026-03-03T00:00:00.000+01:00",
	}, {Person: "p-bo", Name: "Bo"}}, people)
	apps, err := store.Apps(t.Context(), filter())
	if err != nil {
		t.Fatal(err)
	}
	check(t, []*adminv1.AppsRow{
		{App: "a", ActiveSeconds: 600, PassiveSeconds: 300, TotalSeconds: 900, Share: 0.9375, People: 1, Status: "undefined"},
		{App: "b", ActiveSeconds: 60, TotalSeconds: 60, Share: 0.0625, People: 1, Status: "undefined"},
	}, apps)
}

func breaks(t *testing.T, store QuestionStore) {
	mustAppend(t, store, Upload("d-1", 1,
		As(Row(1, "08:50:00", time.Minute, "p"), passive), // counted, but no activity
		Row(2, "09:00:00", 10*time.Minute, "a"),           // after a break of 9 min
		Row(3, "09:15:00", 5*time.Minute, "b"),            // 5 min exactly is none
		As(Row(4, "09:20:00", 40*time.Minute, ""), locked),
		Row(5, "10:00:00", 10*time.Minute, "c"), // a break of 40 min, locked
		As(Row(6, "10:10:00", 5*time.Minute, "c"), func(r *collector.Row) { r.EndedBy = episode.BySchedule }),
		Row(7, "13:00:00", 5*time.Minute, "d"), // outside the schedule is no break
	), Upload("d-2", 2, Row(1, "14:00:00", time.Minute, "e"))) // a break of 55 min between devices
	check(t, []string{"02 Ana 02T09:00:00-02T14:01:00 a2160 p60 t2220 l2400 b3/6240"}, hours(t, store, filter()))
}

func breaksOfTangledSessions(t *testing.T, store QuestionStore) {
	mustAppend(t, store,
		Upload("d-1", 1, Row(1, "09:00:00", 10*time.Minute, "a"), Row(2, "10:00:00", 10*time.Minute, "a")),
		Upload("d-2", 2, Row(1, "09:10:00", 30*time.Minute, "b"), Row(2, "11:00:00", time.Minute, "b")),
		// Of one session, but arriving late.
		Upload("d-1", 3, As(Row(1, "09:00:00", time.Minute, "c"), bo), As(Row(2, "12:00:00", time.Minute, "c"), bo), As(Row(3, "11:00:00", time.Minute, "c"), bo)))
	check(t, []string{
		"02 Ana 02T09:00:00-02T11:01:00 a3060 p0 t3060 l0 b2/4200",
		"02 Bo 02T09:00:00-02T12:01:00 a180 p0 t180 l0 b2/10680",
	}, hours(t, store, filter()))
}

func appsAndSites(t *testing.T, store QuestionStore) {
	site := func(r *collector.Row) { r.Product, r.Site = "A Browser", "example.com" }
	mustAppend(t, store, Upload("d-1", 1,
		As(Row(1, "09:00:00", 10*time.Minute, "browser"), site),
		As(As(Row(2, "09:10:00", 5*time.Minute, "browser"), site), passive),
		Row(3, "09:15:00", 4*time.Minute, "browser"),
		As(Row(4, "09:19:00", time.Hour, ""), locked),
		As(As(Row(5, "10:30:00", time.Minute, "browser"), site), bo),
		As(Row(6, "10:31:00", 20*time.Minute, "editor"), bo),
	))
	apps, err := store.Apps(t.Context(), filter())
	if err != nil {
		t.Fatal(err)
	}
	check(t, []*adminv1.AppsRow{
		{App: "browser", Product: "A Browser", ActiveSeconds: 900, PassiveSeconds: 300, TotalSeconds: 1200, Share: 0.5, People: 2, Status: "undefined"},
		{App: "editor", ActiveSeconds: 1200, TotalSeconds: 1200, Share: 0.5, People: 1, Status: "undefined"},
	}, apps)
	sites, err := store.Sites(t.Context(), filter())
	if err != nil {
		t.Fatal(err)
	}
	check(t, []*adminv1.SitesRow{
		{Site: "example.com", ActiveSeconds: 660, PassiveSeconds: 300, TotalSeconds: 960, Share: 0.4, People: 2, Status: "undefined"},
	}, sites)
	f := filter()
	f.LoginKeys = []string{"example\\\\bo"}
	if sites, err = store.Sites(t.Context(), f); err != nil || len(sites) != 1 || sites[0].TotalSeconds != 60 || sites[0].People != 1 {
		t.Errorf("%v %v", sites, err)
	}
}

func openEpisodesCount(t *testing.T, store QuestionStore) {
	mustAppend(t, store, Upload("d-1", 1, Row(1, "09:00:00", time.Minute, "a"), Row(2, "12:00:00", time.Minute, "a")))
	f := filter()
	open := func(row collector.Row) collector.OpenRow {
		row.EndedBy = ""
		return collector.OpenRow{Device: "d-1", Row: row}
	}
	f.Open = []collector.OpenRow{
		open(As(Row(0, "10:00:00", 30*time.Second, "new"), func(r *collector.Row) { r.Site = "example.org" })),
		open(RowOn(Monday.AddDate(0, 0, 1), 0, "10:00:00", time.Minute, "tomorrow")),
	}
	check(t, []string{"02 Ana 02T09:00:00-02T12:01:00 a150 p0 t150 l0 b2/10710"}, hours(t, store, f))
	apps, err := store.Apps(t.Context(), f)
	if err != nil || len(apps) != 2 || apps[1].App != "new" || apps[1].TotalSeconds != 30 {
		t.Errorf("%v %v", apps, err)
	}
	sites, err := store.Sites(t.Context(), f)
	if err != nil || len(sites) != 1 || sites[0].Share != 0.2 {
		t.Errorf("%v %v", sites, err)
	}
}

func peopleJoinLogins(t *testing.T, store QuestionStore) {
	tuesday := Monday.AddDate(0, 0, 1)
	mustAppend(t, store,
		Upload("d-1", 1, Row(1, "09:00:00", time.Minute, "a"), RowOn(tuesday, 2, "09:00:00", time.Minute, "a")),
		Upload("d-2", 2, As(Row(1, "10:00:00", time.Minute, "a"), bo)))
	f := filter()
	f.ToDay++
	f.People["example\\\\bo"] = f.People["example\\\\ana"]
	people, err := store.People(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	check(t, []*adminv1.PeopleRow{{
		Person: "p-ana", Name: "Ana", ActiveSeconds: 180, TotalSeconds: 180, Days: 2,
		FirstActivity: "2026-03-02T09:00:00.000+01:00", LastActivity: "2026-03-03T09:01:00.000+01:00",
	}}, people)
	f.People = nil
	if people, err = store.People(t.Context(), f); err != nil || len(people) != 2 || people[0].Name != `EXAMPLE\ana` {
		t.Errorf("%v %v", people, err)
	}
}

func emptyStore(t *testing.T, store QuestionStore) {
	if rows := Stored(t, store); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
	if rows := hours(t, store, filter()); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
	if apps, err := store.Apps(t.Context(), filter()); err != nil || len(apps) != 0 {
		t.Errorf("%v %v", apps, err)
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
	if _, err := store.Hours(ctx, filter()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := store.Apps(ctx, filter()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := store.Episodes(ctx, twoPeople(), collector.Page{}, func([]*adminv1.ActivityRow) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if len(Stored(t, store)) != 1 {
		t.Error("the store is unusable afterwards")
	}
}
