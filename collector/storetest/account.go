package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/stream"
)

// QuestionStore is what RunQuestions tests.
type QuestionStore interface {
	collector.EpisodeStore
	collector.Questions
}

// RunQuestions tests that reports get what a Model says, to the millisecond; open gives a new, empty store.
// DAYLINE_SOAK multiplies how much is tried.
func RunQuestions(t *testing.T, open func(*testing.T) QuestionStore) {
	soak, _ := strconv.Atoi(os.Getenv("DAYLINE_SOAK"))
	for seed := range uint64(2 * max(1, soak)) {
		t.Run(fmt.Sprintf("random account %d", seed), func(t *testing.T) {
			a := NewAccount(seed)
			store := open(t)
			mustAppend(t, store, a.Uploads...)
			for range 20 {
				a.compare(t, store, a.Query())
				if t.Failed() {
					return
				}
			}
			a.orderDoesNotMatter(t, store, open(t))
			a.mergingIsUndone(t, store)
		})
	}
}

// Account is a small random one: few people on several devices and sessions at once, clocks that are set, zones that
// change, episodes over midnight and over days.
type Account struct {
	Uploads []collector.Upload
	random  *rand.Rand
	owners  []collector.Owner
	berlin  *time.Location
}

// firstOfAccount is two days before Berlin's clocks go forward.
var firstOfAccount = time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC)

const accountDays = 6

// NewAccount makes the account of a seed.
func NewAccount(seed uint64) *Account {
	a := &Account{random: rand.New(rand.NewPCG(seed, 7))}
	var err error
	if a.berlin, err = time.LoadLocation("Europe/Berlin"); err != nil {
		panic(err)
	}
	for _, owner := range []struct {
		device, login string
		sessions      int
	}{{"d-1", "ana", 3}, {"d-2", "ana", 2}, {"d-1", "bo", 2}, {"d-3", "bo", 1}, {"d-3", "cy", 3}, {"d-4", "cy", 1}, {"d-5", "di", 4}} {
		a.owners = append(a.owners, collector.Owner{Device: owner.device, LoginKey: `example\\` + owner.login})
		for n := range owner.sessions {
			a.addSession(owner.device, owner.login, fmt.Sprintf("s%d", n))
		}
	}
	a.random.Shuffle(len(a.Uploads), func(i, j int) { a.Uploads[i], a.Uploads[j] = a.Uploads[j], a.Uploads[i] })
	return a
}

func pick[T any](random *rand.Rand, choices ...T) T { return choices[random.IntN(len(choices))] }

// addSession makes one session's episodes: they overlap each other only where its clock is set or corrected.
func (a *Account) addSession(device, login, session string) {
	r := a.random
	zones := []*time.Location{a.berlin, a.berlin, a.berlin, time.FixedZone("", -5*3600), time.FixedZone("", 5*3600+1800)}
	zone := pick(r, zones...)
	at := firstOfAccount.Add(time.Duration(r.IntN(accountDays*24*6)) * 10 * time.Minute)
	corrected := r.IntN(8) == 0
	id := stream.ID{byte(len(a.Uploads)), byte(len(a.Uploads) >> 8), 1}
	var rows []collector.Row
	for n := range 4 + r.IntN(20) {
		at = at.Add(pick(r, 0, 0, 0, time.Second, 4*time.Minute, 5*time.Minute, 5*time.Minute+time.Millisecond, 20*time.Minute, 3*time.Hour))
		if r.IntN(20) == 0 {
			zone = pick(r, zones...)
		}
		start := at
		if corrected {
			start = at.Add(time.Duration(n/3%3-1) * 7 * time.Minute)
		}
		row := a.row(login, session, uint64(n+1), start.In(zone))
		row.ClockCorrected = corrected
		if at = at.Add(row.For); row.EndedBy == episode.ByClock {
			at = at.Add(pick(r, -4*time.Hour, -time.Hour, -26*time.Hour, 3*time.Second, 2*time.Hour))
		}
		rows = append(rows, row)
		if r.IntN(4) == 0 || n > 20 {
			a.Uploads = append(a.Uploads, upload(device, id, rows))
			rows = nil
		}
		if r.IntN(12) == 0 && rows == nil { // the service began anew
			id[2]++
		}
	}
	if rows != nil {
		a.Uploads = append(a.Uploads, upload(device, id, rows))
	}
}

func upload(device string, id stream.ID, rows []collector.Row) collector.Upload {
	one := Upload(device, 0, rows...)
	one.Stream = id
	return one
}

func (a *Account) row(login, session string, sequence uint64, start time.Time) collector.Row {
	r := a.random
	row := collector.Row{Sequence: sequence, LoginKey: `example\\` + login, Day: collector.LocalDay(start), Record: stream.Record{
		Login: stream.Login{Authority: "example", Account: login, Name: `EXAMPLE\` + login}, Session: session,
		Episode: episode.Episode{
			State: pick(r, episode.Active, episode.Active, episode.Active, episode.Passive, episode.Locked), Start: start,
			For:     pick(r, time.Millisecond, 17*time.Second+3*time.Millisecond, 10*time.Minute, 10*time.Minute, time.Hour, 5*time.Hour),
			EndedBy: pick(r, episode.ByFocus, episode.ByFocus, episode.ByFocus, episode.BySchedule),
		},
	}}
	if r.IntN(40) == 0 {
		row.EndedBy = episode.ByClock
	}
	if row.State == episode.Locked {
		row.For = pick(r, row.For, row.For, 12*time.Hour, 60*time.Hour)
		return row
	}
	row.App = pick(r, "plain", "work", "game", "split", "hidden", "browser", "browser")
	if row.App == "browser" {
		row.Site = pick(r, "", "a.example", "b.example")
		if row.Site == "b.example" {
			row.URL = pick(r, "", "https://b.example/hidden")
		}
	}
	row.Title = pick(r, "", "one", "two", "three")
	return row
}

// Classify has two variants.
func Classify(s collector.Subject) []collector.Class {
	switch {
	case s.App == "work":
		return []collector.Class{{Status: collector.Productive, Category: "Work"}}
	case s.App == "game":
		return []collector.Class{{Status: collector.Unproductive}}
	case s.App == "split":
		return []collector.Class{{Status: collector.Productive}, {Category: "ignore", Ignored: true}}
	case s.App == "hidden", s.URL != "":
		return []collector.Class{{Category: "ignore", Ignored: true}}
	case s.Site == "a.example":
		return []collector.Class{{Category: "Work"}, {Status: collector.Productive, Category: "Sites"}}
	}
	return []collector.Class{{}}
}

// Query asks something random of the account.
func (a *Account) Query() *collector.Query {
	r := a.random
	first := collector.LocalDay(firstOfAccount)
	q := &collector.Query{
		FromDay: first + int32(r.IntN(accountDays)) - 1, Owners: map[collector.Owner]collector.Share{}, People: make([]collector.Person, 4),
		Zone: pick(r, nil, nil, a.berlin, time.UTC, time.FixedZone("", 5*3600+1800)),
	}
	q.ToDay = q.FromDay + int32(r.IntN(accountDays))
	for _, owner := range a.owners {
		if r.IntN(8) > 0 {
			q.Owners[owner] = collector.Share{Person: r.IntN(len(q.People)), Variant: r.IntN(2)}
		}
	}
	if r.IntN(6) > 0 {
		q.Classify = Classify
	}
	if r.IntN(2) == 0 {
		q.Only = pick(r, collector.Only{State: episode.Active}, collector.Only{State: episode.Passive}, collector.Only{State: episode.Locked},
			collector.Only{Status: "productive"}, collector.Only{Category: "-"}, collector.Only{Category: "Work"},
			collector.Only{App: "browser"}, collector.Only{Site: "a.example", State: episode.Active})
	}
	for range r.IntN(3) {
		owner := pick(r, a.owners...)
		start := firstOfAccount.Add(time.Duration(r.IntN(accountDays*24*6)) * 10 * time.Minute).In(a.berlin)
		open := collector.OpenRow{Device: owner.Device, Row: a.row(owner.LoginKey[len(`example\\`):], "s0", 0, start)}
		open.EndedBy = ""
		if open.State != episode.Locked && r.IntN(2) == 0 {
			open.App, open.Title = "new", "new"
		}
		q.Open = append(q.Open, open)
	}
	return q
}

// compare asks a store everything of a query, and the model too.
func (a *Account) compare(t *testing.T, store QuestionStore, q *collector.Query) {
	t.Helper()
	model := NewModel(q, a.Uploads)
	want := model.Sum()
	checkQuery(t, q, "sum", want, sumOf(t, store, q, collector.Want{Days: true, Gaps: true, Subjects: true}))
	pieces, err := store.Pieces(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	checkQuery(t, q, "pieces", joinPieces(model.Pieces()), joinPieces(pieces))
	titles, err := store.Titles(t.Context(), q, 100)
	if err != nil {
		t.Fatal(err)
	}
	checkQuery(t, q, "titles", model.Titles(), titles)
	var groups []map[collector.Owner]bool
	var sums []collector.GroupSum
	for range 3 {
		group, alone := map[collector.Owner]bool{}, *q
		alone.Owners = map[collector.Owner]collector.Share{}
		for owner, share := range q.Owners {
			if a.random.IntN(2) == 0 {
				group[owner], alone.Owners[owner] = true, share
			}
		}
		groups, sums = append(groups, group), append(sums, NewModel(&alone, a.Uploads).Group())
	}
	got, err := store.SumGroups(t.Context(), q, groups)
	if err != nil {
		t.Fatal(err)
	}
	checkQuery(t, q, "groups", sums, got)
	a.obeys(t, q, want)
}

// obeys holds the model itself to what is true of every sum.
func (a *Account) obeys(t *testing.T, q *collector.Query, sums collector.Sums) {
	t.Helper()
	var days, subjects time.Duration
	for _, day := range sums.Days {
		days += day.Times.Total()
		if all := day.Times.Total() + day.Locked; q.Zone != nil && all > 25*time.Hour {
			t.Errorf("person %d has %v on one day", day.Person, all)
		}
	}
	for _, one := range sums.Subjects {
		subjects += one.Active + one.Passive
	}
	if days != subjects {
		t.Errorf("the days are %v, the subjects %v", days, subjects)
	}
}

func (a *Account) orderDoesNotMatter(t *testing.T, store, other QuestionStore) {
	t.Helper()
	shuffled := slices.Clone(a.Uploads)
	a.random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for group := range slices.Chunk(shuffled, 7) {
		mustAppend(t, other, group...)
	}
	want := collector.Want{Days: true, Gaps: true, Subjects: true}
	for range 5 {
		q := a.Query()
		checkQuery(t, q, "other order", sumOf(t, store, q, want), sumOf(t, other, q, want))
	}
}

// mergingIsUndone merges two people and takes it back.
func (a *Account) mergingIsUndone(t *testing.T, store QuestionStore) {
	t.Helper()
	q := a.Query()
	before := sumOf(t, store, q, collector.Want{Days: true, Subjects: true})
	merged := *q
	merged.Owners = maps.Clone(q.Owners)
	for owner, share := range merged.Owners {
		if share.Person == 1 {
			share.Person = 0
			merged.Owners[owner] = share
		}
	}
	a.compare(t, store, &merged)
	checkQuery(t, q, "merged and taken back", before, sumOf(t, store, q, collector.Want{Days: true, Subjects: true}))
}

func sumOf(t *testing.T, store QuestionStore, q *collector.Query, want collector.Want) collector.Sums {
	t.Helper()
	sums, err := store.Sum(t.Context(), q, want)
	if err != nil {
		t.Fatal(err)
	}
	SortSums(&sums)
	return sums
}

// joinPieces joins what follows each other and is alike: where pieces are cut is the store's matter.
func joinPieces(pieces []collector.Piece) (joined []collector.Piece) {
	for _, one := range pieces {
		if n := len(joined); n > 0 {
			last := joined[n-1]
			start := last.Start.Add(last.For)
			last.Start, last.For = one.Start, one.For
			if last == one && start.Equal(one.Start) {
				joined[n-1].For += one.For
				continue
			}
		}
		joined = append(joined, one)
	}
	return joined
}

func checkQuery(t *testing.T, q *collector.Query, what string, want, got any) {
	t.Helper()
	// A time's zone may be told in any way that shows the same.
	sameTime := cmp.Comparer(func(a, b time.Time) bool { return a.Format(time.RFC3339Nano) == b.Format(time.RFC3339Nano) })
	if diff := cmp.Diff(want, got, sameTime, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s of days %d to %d in %v, only %+v, %d open, owners %v: want -, got +:\n%s", what, q.FromDay, q.ToDay, q.Zone, q.Only, len(q.Open), q.Owners, diff)
	}
}
