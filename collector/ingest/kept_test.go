package ingest_test

import (
	"context"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

func TestWhatIsOlderThanItIsKeptIsAcknowledgedAndNotStored(t *testing.T) {
	h := fresh(t)
	h.keptFrom = collector.LocalDay(now) - 1
	at := func(start time.Time) func(*stream.Record) {
		return func(r *stream.Record) { r.Start = start }
	}
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	l := newLine(t, 1,
		record(0, at(midnight.AddDate(0, 0, -1).Add(-time.Minute))), record(1, at(midnight.AddDate(0, 0, -1))), record(2, at(midnight)))
	result := h.admit(l.sync(1, 3))
	wantLast(t, result, 3)
	if got := h.apps(); got != "a1 a2" || len(result.Refusals) != 0 {
		t.Errorf("%q, %v", got, result.Refusals)
	}
	if c := h.Counters(); c.Expired != 1 || c.Stored != 2 || c.Refused != 0 {
		t.Errorf("%+v", c)
	}
	span := func(id string, from, to int64) *agentv1.Span {
		return &agentv1.Span{Id: []byte(id), Kind: "session", StartMs: now.AddDate(0, 0, -9).UnixMilli() + from, EndMs: to}
	}
	h.admit(&agentv1.SyncRequest{Spans: []*agentv1.Span{
		span("spangone", 0, now.AddDate(0, 0, -8).UnixMilli()), span("spanlast", 1, now.UnixMilli()), span("spangoes", 2, 0),
	}})
	spans, err := h.registry.Spans(t.Context(), device, now.AddDate(0, 0, -10), now.AddDate(0, 0, 1))
	if err != nil || len(spans) != 2 || string(spans[0].Id) != "spanlast" || string(spans[1].Id) != "spangoes" {
		t.Errorf("%v %v", spans, err)
	}
}

// A login that was forgotten is made known anew with its next episode, not only after a restart.
func TestForgottenLoginsComeBackAsNew(t *testing.T) {
	h := fresh(t)
	l := newLine(t, 1, records(0, 3)...)
	wantLast(t, h.admit(l.sync(1, 2)), 2)
	person := func() string {
		t.Helper()
		people, err := h.registry.People(context.WithoutCancel(t.Context()))
		if err != nil || len(people) != 1 {
			t.Fatalf("%v %v", people, err)
		}
		return people[0].ID
	}
	before := person()
	logins, err := h.registry.Logins(t.Context())
	if err == nil {
		err = h.registry.ForgetLogins(t.Context(), []string{logins[0].Key})
	}
	if err == nil {
		err = h.ReloadTombstones(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	wantLast(t, h.admit(l.sync(1, 4)), 4)
	if after := person(); after == before {
		t.Errorf("%s is back", after)
	}
}
