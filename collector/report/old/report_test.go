package old

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/duckdb"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/collector/storetest"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

type going []collector.OpenRow

func (g going) Open(time.Time) []collector.OpenRow { return g }

// open has ana on two devices and bo on one, a minute each, on storetest.Monday.
func open(t *testing.T) (*Reports, *sqlite.Registry) {
	t.Helper()
	dir := t.TempDir()
	registry, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	store, err := duckdb.Open(t.Context(), dir, duckdb.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(store.Close(), registry.Close()); err != nil {
			t.Error(err)
		}
	})
	var uploads []collector.Upload
	for n, who := range []struct {
		device, name string
		login        stream.Login
	}{
		{"d-1", "desk", stream.Login{Authority: "example", Account: "ana", Name: `EXAMPLE\ana`}},
		{"d-2", "laptop", stream.Login{Authority: "example", Account: "ana", Name: `EXAMPLE\ana`}},
		{"d-3", "laptop", stream.Login{Authority: "example", Account: "bo", Name: `EXAMPLE\bo`}},
		{"d-3", "", stream.Login{Account: "bo", Name: `LAPTOP\bo`}},
	} {
		if who.name != "" {
			if err := registry.AddDevice(t.Context(), collector.Device{ID: who.device, Name: who.name, PublicKey: []byte(fmt.Sprintf("%032d", n))}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := registry.LoginPeople(t.Context(), who.device, []stream.Login{who.login}); err != nil {
			t.Fatal(err)
		}
		row := storetest.Row(1, fmt.Sprintf("%02d:00:00", 9+n), time.Minute, who.device)
		row.Login, row.LoginKey = who.login, collector.LoginKey(who.device, who.login)
		uploads = append(uploads, storetest.Upload(who.device, byte(n), row))
	}
	if err := store.Append(t.Context(), uploads); err != nil {
		t.Fatal(err)
	}
	r := New(registry, store, going{})
	r.now = func() time.Time { return storetest.Monday }
	return r, registry
}

func TestWhoAndWhichDevice(t *testing.T) {
	r, registry := open(t)
	people, err := registry.People(t.Context())
	if err != nil || len(people) != 3 {
		t.Fatalf("%v %v", people, err)
	}
	id := ""
	for _, person := range people {
		if person.Logins[0] == `EXAMPLE\ana` {
			id = person.ID
		}
	}
	for _, c := range []struct {
		ask     *adminv1.ReportRequest
		seconds float64
	}{
		{&adminv1.ReportRequest{}, 240},
		{&adminv1.ReportRequest{Person: id}, 120},
		{&adminv1.ReportRequest{Person: `example\ANA`}, 120},
		{&adminv1.ReportRequest{Person: "ana"}, 120},
		{&adminv1.ReportRequest{Person: `LAPTOP\bo`}, 60},
		{&adminv1.ReportRequest{Device: "DESK"}, 60},
		{&adminv1.ReportRequest{Device: "d-3"}, 120},
		{&adminv1.ReportRequest{Device: "d-2", Person: "ana"}, 60},
		{&adminv1.ReportRequest{Device: "d-3", Person: "ana"}, 0},
		{&adminv1.ReportRequest{From: "2026-03-02", To: "2026-03-02"}, 240},
		{&adminv1.ReportRequest{From: "2026-03-01"}, 240},
		{&adminv1.ReportRequest{From: "2026-03-03"}, 0},
		{&adminv1.ReportRequest{From: "2026-03-01", To: "2026-03-01"}, 0},
	} {
		rows, err := r.People(t.Context(), c.ask)
		if err != nil {
			t.Errorf("%v: %v", c.ask, err)
		}
		total := 0.0
		for _, row := range rows {
			total += row.TotalSeconds
		}
		if total != c.seconds {
			t.Errorf("%v: %g seconds, want %g", c.ask, total, c.seconds)
		}
	}
}

func TestQuestionsThatMeanNothing(t *testing.T) {
	r, _ := open(t)
	for _, c := range []struct {
		ask         *adminv1.ReportRequest
		code        collector.Code
		field, says string
	}{
		{&adminv1.ReportRequest{From: "2026-03-03", To: "2026-03-02"}, collector.BadRequest, "from", "2026-03-03 is after 2026-03-02"},
		{&adminv1.ReportRequest{To: "2026-03-01"}, collector.BadRequest, "from", "2026-03-02 is after 2026-03-01"},
		{&adminv1.ReportRequest{From: "yesterday"}, collector.BadRequest, "from", `"yesterday" is no date; write YYYY-MM-DD`},
		{&adminv1.ReportRequest{To: "2026-02-30"}, collector.BadRequest, "to", `"2026-02-30" is no date; write YYYY-MM-DD`},
		{&adminv1.ReportRequest{From: "2020-01-01"}, collector.BadRequest, "from", "2020-01-01 to 2026-03-02 is more than 5 years"},
		{&adminv1.ReportRequest{Person: "nobody"}, collector.NotFound, "person", `unknown person "nobody"`},
		{&adminv1.ReportRequest{Person: "bo"}, collector.BadRequest, "person", ""},
		{&adminv1.ReportRequest{Device: "tablet"}, collector.NotFound, "device", `unknown device "tablet"`},
		{&adminv1.ReportRequest{Device: "laptop"}, collector.BadRequest, "device", `"laptop" is ambiguous: it may be d-2 or d-3`},
	} {
		_, err := r.Apps(t.Context(), c.ask)
		var refusal *collector.Error
		if !errors.As(err, &refusal) || refusal.Code != c.code || refusal.Field != c.field || c.says != "" && refusal.Reason != c.says {
			t.Errorf("%v: %v", c.ask, err)
		}
	}
}

func TestActivityIsInTheAuditLogFirst(t *testing.T) {
	r, registry := open(t)
	seen := false
	err := r.Activity(t.Context(), "boss@example.com", &adminv1.ReportRequest{Person: "ana"}, func(rows []*adminv1.ActivityRow) error {
		seen = len(rows) == 2
		entries, err := registry.AuditEntries(t.Context(), 0, 10)
		if err != nil || len(entries) != 1 || entries[0].Action != "activity.view" || entries[0].Actor != "boss@example.com" ||
			entries[0].Subject != rows[0].Person {
			t.Errorf("%v %v", entries, err)
		}
		return err
	})
	if err != nil || !seen {
		t.Errorf("%v %v", seen, err)
	}
	// Where it cannot be written, nobody looks.
	r.registry = deaf{registry}
	err = r.Activity(t.Context(), "boss@example.com", &adminv1.ReportRequest{}, func([]*adminv1.ActivityRow) error {
		t.Error("seen without a trace")
		return nil
	})
	if !errors.Is(err, errDeaf) {
		t.Errorf("%v", err)
	}
}

var errDeaf = errors.New("the audit log is full")

type deaf struct{ Registry }

func (deaf) Audit(context.Context, collector.AuditEntry) error { return errDeaf }

// slow answers when its context ends.
type slow struct {
	Store
	begun sync.WaitGroup
}

func (s *slow) Hours(ctx context.Context, _ collector.Filter) ([]*adminv1.HoursRow, error) {
	s.begun.Done()
	<-ctx.Done()
	return nil, ctx.Err()
}

type nobody struct{ Registry }

func (nobody) People(context.Context) ([]collector.Person, error) { return nil, nil }
func (nobody) Logins(context.Context) ([]collector.Login, error)  { return nil, nil }

func TestReportsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(slow)
		r := New(nobody{}, store, going{})
		store.begun.Add(atOnce)
		began := time.Now()
		errs := make(chan error, atOnce)
		for range atOnce {
			go func() {
				_, err := r.Hours(t.Context(), &adminv1.ReportRequest{})
				errs <- err
			}()
		}
		store.begun.Wait()
		if _, err := r.Hours(t.Context(), &adminv1.ReportRequest{}); collector.CodeOf(err) != collector.TooMany {
			t.Errorf("one more: %v", err)
		}
		for range atOnce {
			if err := <-errs; collector.CodeOf(err) != collector.TooLarge {
				t.Errorf("out of time: %v", err)
			}
		}
		if took := time.Since(began); took != answerFor {
			t.Errorf("it took %v", took)
		}
	})
}
