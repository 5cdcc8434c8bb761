package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/duckdb"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/collector/storetest"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

// house is a Retention over real stores whose clock is set by hand.
type house struct {
	*Retention
	t        *testing.T
	registry *sqlite.Registry
	store    *duckdb.Store
	set      *config.Set
	at       time.Time
}

func open(t *testing.T) *house {
	t.Helper()
	dir := t.TempDir()
	h := &house{t: t, at: storetest.Monday, set: &config.Set{Account: settings.Default(), Content: map[string][]byte{}}}
	h.set.Account.Reports.TimeZone = "Europe/Berlin" // an hour ahead of UTC, as the rows are
	var err error
	if h.registry, err = sqlite.Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if h.store, err = duckdb.Open(t.Context(), dir, duckdb.Options{Threads: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(h.store.Close(), h.registry.Close()); err != nil {
			t.Error(err)
		}
	})
	h.Retention = New(Options{
		Registry: h.registry, Store: h.store, Set: func() *config.Set { return h.set }, Now: func() time.Time { return h.at },
		Free: func() (int64, int64, error) { return 10 << 30, 2 << 30, nil }, Log: slog.New(slog.DiscardHandler),
	})
	if err := h.registry.AddDevice(t.Context(), collector.Device{ID: "d-1", PublicKey: make([]byte, 32)}); err != nil {
		t.Fatal(err)
	}
	return h
}

// days stores one episode of each number of days ago, a minute after the local midnight, and a span beside it.
func (h *house) days(device string, ago ...int) {
	h.t.Helper()
	for _, n := range ago {
		row := storetest.RowOn(storetest.Monday.AddDate(0, 0, -n), 1, "00:01:00", time.Minute, fmt.Sprint("app", n))
		row.Title = fmt.Sprintf("title-canary-%s-%d", device, n)
		if err := h.store.Append(h.t.Context(), []collector.Upload{storetest.Upload(device, byte(n), row)}); err != nil {
			h.t.Fatal(err)
		}
		span := &agentv1.Span{Id: fmt.Appendf(nil, "%08d", n), Kind: "session", StartMs: row.Start.UnixMilli(), OffsetMinutes: 60, EndMs: row.Start.Add(time.Minute).UnixMilli()}
		if err := h.registry.PutSpans(h.t.Context(), "d-1", []*agentv1.Span{span}); err != nil {
			h.t.Fatal(err)
		}
	}
}

// works does what is due at a time.
func (h *house) works(at time.Time) {
	h.t.Helper()
	h.at = at
	if err := h.work(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) stored() string {
	h.t.Helper()
	used, err := h.store.Usage(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	var days []string
	for day := int32(-400); day <= 10; day++ {
		if n := used.Days[storetest.Day+day]; n > 0 {
			days = append(days, fmt.Sprint(-day))
		}
	}
	return strings.Join(days, " ")
}

func (h *house) spans() int {
	h.t.Helper()
	spans, err := h.registry.Spans(h.t.Context(), "d-1", time.Unix(0, 0), h.at.AddDate(1, 0, 0))
	if err != nil {
		h.t.Fatal(err)
	}
	return len(spans)
}

// entries are those of an action, as "actor subject detail".
func (h *house) entries(action string) (told []string) {
	h.t.Helper()
	all, err := h.registry.AuditEntries(h.t.Context(), 0, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range all {
		if e.Action == action {
			told = append(told, e.Actor+" "+e.Subject+" "+e.Detail)
		}
	}
	return told
}

func (h *house) done(work string) time.Time {
	h.t.Helper()
	at, err := h.registry.WorkDone(h.t.Context(), work)
	if err != nil {
		h.t.Fatal(err)
	}
	return at
}

func TestDaysPastTheirTimeAreDropped(t *testing.T) {
	h := open(t)
	h.set.Account.Retention.Days = 2
	h.days("d-1", 0, 1, 2, 3, 4)
	noon := storetest.Monday
	h.works(noon)
	if got := h.stored(); got != "2 1 0" {
		t.Errorf("kept %s", got)
	}
	if got := h.spans(); got != 3 {
		t.Errorf("%d spans", got)
	}
	if got := fmt.Sprint(h.entries("retention")); got !=
		`[collector 2026-02-28 {"before":"2026-02-28","begun":true} collector 2026-02-28 {"before":"2026-02-28","episodes":2,"spans":2}]` {
		t.Errorf("entries %s", got)
	}
	h.works(noon.Add(11 * time.Hour)) // still the same day, in Berlin
	if got := h.stored(); got != "2 1 0" {
		t.Errorf("on the same day: %s", got)
	}
	h.works(noon.Add(12 * time.Hour))
	if got := h.stored(); got != "1 0" {
		t.Errorf("on the next day: %s", got)
	}
	// A change of the settings holds at once, and 0 is for ever.
	h.set.Account.Retention.Days = 1
	h.works(noon.Add(13 * time.Hour))
	if got := h.stored(); got != "0" {
		t.Errorf("kept a day: %s", got)
	}
	h.set.Account.Retention.Days = 0
	h.works(noon.AddDate(1, 0, 0))
	if got := h.stored(); got != "0" || len(h.entries("retention")) != 6 {
		t.Errorf("for ever: %s, %v", got, h.entries("retention"))
	}
	// What was dropped leaves the file in the night after a week, and the file is not written anew without need.
	if rewritten := h.done(workRewritten); !rewritten.Equal(noon.AddDate(1, 0, 0)) {
		t.Errorf("written anew at %v", rewritten)
	}
	h.works(noon.AddDate(1, 0, 9))
	if rewritten := h.done(workRewritten); !rewritten.Equal(noon.AddDate(1, 0, 0)) {
		t.Errorf("written anew without need at %v", rewritten)
	}
}

func TestSettingsThatNoEpisodeCanNameArePruned(t *testing.T) {
	h := open(t)
	for n, made := range []int{200, 100, 50} {
		if err := h.registry.PutDocument(t.Context(), "d-1", fmt.Sprint("r-", n), []byte{byte(n)}, storetest.Monday.AddDate(0, 0, -made)); err != nil {
			t.Fatal(err)
		}
	}
	h.works(storetest.Monday)
	for n, there := range []bool{false, true, true} { // the second held until 50 days ago, and is buffered for 60
		if _, err := h.registry.Document(t.Context(), fmt.Sprint("r-", n)); (err == nil) != there {
			t.Errorf("r-%d: %v", n, err)
		}
	}
}

func TestAnErasureThatWasCutOffIsCarriedThrough(t *testing.T) {
	h := open(t)
	h.days("d-1", 0, 1)
	h.days("d-2", 0)
	login := stream.Login{Authority: "example", Account: "ana", Name: `EXAMPLE\ana`}
	if _, err := h.registry.LoginPeople(t.Context(), "d-1", []stream.Login{login}); err != nil {
		t.Fatal(err)
	}
	// As after a kill: the tombstone is there, and nothing else was done.
	noon := storetest.Monday
	err := errors.Join(h.registry.FinishWork(t.Context(), workErased, noon),
		h.registry.AddTombstones(t.Context(), []collector.Tombstone{{Device: "d-1", Before: noon, At: noon}}))
	if err != nil {
		t.Fatal(err)
	}
	// One that is whole meanwhile does not hide it.
	if _, err := h.Erase(t.Context(), "ada@example.com", Erasure{Action: "device.delete", Subject: "d-9", Owners: []collector.Owner{{Device: "d-9"}}, Later: true}); err != nil {
		t.Fatal(err)
	}
	h.works(noon.Add(time.Hour))
	if got := h.stored(); got != "0" {
		t.Errorf("at once: %s", got)
	}
	if logins, err := h.registry.Logins(t.Context()); err != nil || len(logins) != 0 {
		t.Errorf("logins %v, %v", logins, err)
	}
	h.works(noon.Add(2 * time.Hour))
	if got := fmt.Sprint(h.entries("erasure.resume")); got != `[collector  {"episodes":2}]` {
		t.Error(got)
	}
	h.works(noon.Add(14 * time.Hour))
	if rewritten := h.done(workRewritten); !rewritten.Equal(noon.Add(14 * time.Hour)) {
		t.Errorf("written anew at %v", rewritten)
	}
}

func TestErasingIsWrittenDownAndForgetsWhoHasNothingLeft(t *testing.T) {
	h := open(t)
	h.days("d-1", 0)
	var buried int
	h.buried = func(context.Context) error { buried++; return nil }
	ana, bo := stream.Login{Authority: "example", Account: `\ana`, Name: `EXAMPLE\ana`}, stream.Login{Account: "bo", Name: `PC\bo`}
	logins, err := h.registry.LoginPeople(t.Context(), "d-1", []stream.Login{ana, bo})
	if err != nil || logins[`example\\ana`].Key == "" {
		t.Fatal(logins, err)
	}
	erased, err := h.Erase(t.Context(), "ada@example.com", Erasure{
		Action: "login.delete", Subject: `d-1\bo`, Owners: []collector.Owner{{Device: "d-1", LoginKey: `d-1\bo`}}, Later: true,
	})
	if err != nil || erased.Episodes != 0 {
		t.Fatal(erased, err)
	}
	if left, err := h.registry.Logins(t.Context()); err != nil || len(left) != 1 || left[0].Name != ana.Name {
		t.Errorf("%v %v", left, err)
	}
	erased, err = h.Erase(t.Context(), "ada@example.com", Erasure{
		Action: "person.delete", Subject: "p-1", Owners: []collector.Owner{{LoginKey: `example\\ana`}}, Names: []string{ana.Name, ""},
	})
	if err != nil || erased.Episodes != 1 || erased.Named {
		t.Fatal(erased, err)
	}
	if left, err := h.registry.People(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("%v %v", left, err)
	}
	if got := fmt.Sprint(h.entries("login.delete"), h.entries("person.delete")); got !=
		`[ada@example.com d-1\bo {"begun":true} ada@example.com d-1\bo {"complete":true,"episodes":0,"rewritten":false}] `+
			`[ada@example.com p-1 {"begun":true} ada@example.com p-1 {"complete":true,"episodes":1,"rewritten":true}]` {
		t.Error(got)
	}
	if buried != 4 {
		t.Errorf("told %d times, not before and after each", buried)
	}
}

func TestStorageIsTold(t *testing.T) {
	h := open(t)
	h.days("d-1", 0, 1, 2, 3)
	s, err := h.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Episodes != 4 || s.PerDay != 1 || s.Bytes == 0 || s.Room != 8<<30 || s.UntilLimit != Never || s.UntilFull != Never || len(s.Warnings) != 0 ||
		s.ActivityFrom != math.MinInt32 {
		t.Errorf("%+v", s)
	}
	// Half of what is stored is over the limit.
	h.set.Account.Storage.Limit = settings.Limit(s.Bytes/2 + 1)
	if s, err = h.State(t.Context()); err != nil || s.UntilLimit != 0 || s.ActivityFrom != storetest.Day-1 || len(s.Warnings) != 1 ||
		!strings.Contains(s.Warnings[0], "begins at 2026-03-01") {
		t.Errorf("%+v %v", s, err)
	}
	if from, err := h.ActivityFrom(t.Context()); err != nil || from != storetest.Day-1 {
		t.Errorf("from %d, %v", from, err)
	}
	h.set.Account.Storage.Limit = 0
	if from, err := h.ActivityFrom(t.Context()); err != nil || from != math.MinInt32 {
		t.Errorf("from %d, %v", from, err)
	}
	h.free = func() (int64, int64, error) { return 1 << 10, 2 << 30, nil }
	if s, err = h.State(t.Context()); err != nil || s.UntilFull != 0 || len(s.Warnings) != 2 {
		t.Errorf("%+v %v", s, err)
	}
	before, after, err := h.Compact(t.Context(), "ada@example.com")
	if err != nil || before == 0 || after == 0 || len(h.entries("storage.compact")) != 1 {
		t.Errorf("%d to %d, %v", before, after, err)
	}
}

func TestRunDropsAtItsStartAndWhenTheSettingsChange(t *testing.T) {
	h := open(t)
	h.days("d-1", 0, 1, 2)
	kept := func(days int) *config.Set {
		account := settings.Default()
		account.Retention.Days = days
		return &config.Set{Account: account}
	}
	var now atomic.Pointer[config.Set]
	now.Store(kept(1))
	h.Retention.set = now.Load
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	until := func(want int64) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; {
			used, err := h.store.Usage(t.Context())
			if err != nil || time.Now().After(deadline) {
				t.Fatalf("%d episodes, %v", used.Episodes, err)
			}
			if used.Episodes == want {
				return
			}
		}
	}
	until(2)
	h.days("d-2", 3)
	until(3) // nothing looks before the settings change
	now.Store(kept(2))
	h.Changed()
	until(2)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
