package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/duckdb"
	"github.com/dayline-project/dayline/collector/ingest"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

func wantLast(t *testing.T, result ingest.Result, last uint64) {
	t.Helper()
	if result.Fork || result.LastSequence != last || len(result.Refusals) != 0 {
		t.Fatalf("%+v, want last sequence %d", result, last)
	}
}

func wantFork(t *testing.T, h *house, result ingest.Result, stored int) {
	t.Helper()
	if !result.Fork || result.LastSequence != 0 {
		t.Fatalf("%+v, want a fork", result)
	}
	if rows := h.rows(); len(rows) != stored {
		t.Fatalf("%d episodes stored, want %d", len(rows), stored)
	}
	if flags := h.flags(); !slices.Contains(flags, "fork") {
		t.Errorf("flags %v", flags)
	}
}

func TestRepeatsAreStoredOnce(t *testing.T) {
	h := fresh(t)
	l := newLine(t, 1, records(0, 9)...)
	wantLast(t, h.admit(l.sync(1, 4)), 4)
	wantLast(t, h.admit(l.sync(1, 4)), 4)
	wantLast(t, h.admit(l.sync(1, 6)), 6) // longer than the one before: only the rest is new
	wantLast(t, h.admit(l.sync(3, 8)), 8) // begins in the middle of one
	wantLast(t, h.admit(l.sync(2, 5)), 5) // cut otherwise than it was stored, and ends inside a batch
	wantLast(t, h.admit(l.sync(9, 10)), 10)
	h = h.reopened()
	wantLast(t, h.admit(l.sync(1, 10)), 10)
	wantLast(t, h.admit(l.sync(1, 1)), 1)
	if got := h.apps(); got != "a0 a1 a2 a3 a4 a5 a6 a7 a8 a9" {
		t.Error(got)
	}
}

func TestForkStoresNothing(t *testing.T) {
	for name, at := range map[string]struct{ first, last int }{
		"at the head": {5, 6}, "over the head": {3, 6}, "behind the head": {3, 4}, "inside a batch": {2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			h := fresh(t)
			l := newLine(t, 1, records(0, 3)...)
			wantLast(t, h.admit(l.sync(1, 4)), 4)
			other := newLine(t, 1, records(0, 9)...)
			other.records[at.first-1].For += time.Millisecond
			if at.first > 4 {
				other.records[0].For += time.Millisecond
			}
			wantFork(t, h, h.admit(other.sync(at.first, at.last)), 4)
			wantLast(t, h.admit(newLine(t, 2, records(10, 11)...).sync(1, 2)), 2)
		})
	}
}

// A buffer copied back after 50 acknowledged batches sends again what it held then.
func TestBufferCopiedBack(t *testing.T) {
	for name, restart := range map[string]bool{"collector in memory": false, "collector restarted": true} {
		t.Run(name, func(t *testing.T) {
			h := fresh(t)
			l := newLine(t, 1, records(0, 99)...)
			for n := 1; n <= 100; n += 2 {
				wantLast(t, h.admit(l.sync(n, n+1)), uint64(n+1))
			}
			if restart {
				h = h.reopened()
			}
			// The same records, in the batches of then and as one.
			wantLast(t, h.admit(l.sync(1, 2)), 2)
			wantLast(t, h.admit(l.sync(3, 7)), 7)
			wantLast(t, h.admit(l.sync(8, 60)), 60)
			// From record 11 on the buffer went on in another way.
			other := newLine(t, 1, append(records(0, 9), records(200, 240)...)...)
			wantFork(t, h, h.admit(other.sync(9, 11)), 100)
			wantFork(t, h, h.admit(other.sync(11, 11)), 100)
			wantFork(t, h, h.admit(other.sync(11, 51)), 100)
			// It opens a new stream then, and nothing is lost.
			wantLast(t, h.admit(newLine(t, 2, records(200, 240)...).sync(1, 41)), 41)
			if rows := h.rows(); len(rows) != 141 {
				t.Errorf("%d episodes", len(rows))
			}
		})
	}
}

// A collector restored from yesterday has forgotten what it acknowledged since; agents have deleted it.
func TestCollectorRestoredFromYesterday(t *testing.T) {
	h := fresh(t)
	l := newLine(t, 1, records(0, 29)...)
	wantLast(t, h.admit(l.sync(1, 10)), 10)
	backup := t.TempDir()
	if err := h.store.BackupTo(t.Context(), backup+"/"+duckdb.FileName); err != nil {
		t.Fatal(err)
	}
	wantLast(t, h.admit(l.sync(11, 20)), 20)
	h.stop()
	store, err := duckdb.Open(t.Context(), backup, duckdb.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	yesterday := &house{t: t, dir: backup, store: store}
	if yesterday.registry, err = sqlite.Open(t.Context(), h.dir); err != nil {
		t.Fatal(err)
	}
	if yesterday.Ingest, err = ingest.New(t.Context(), ingest.Options{Store: store, Registry: yesterday.registry, CollectFor: 1}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = yesterday.Run(ctx) })
	defer func() {
		cancel()
		running.Wait()
		if err := errors.Join(store.Close(), yesterday.registry.Close()); err != nil {
			t.Error(err)
		}
	}()
	wantLast(t, yesterday.admit(l.sync(21, 30)), 30)
	if rows := yesterday.rows(); len(rows) != 20 {
		t.Errorf("%d episodes", len(rows))
	}
	spans, err := yesterday.registry.Spans(t.Context(), device, now.AddDate(0, 0, -1), now)
	if err != nil || len(spans) != 1 || spans[0].Kind != "loss" || spans[0].Count != 10 {
		t.Errorf("%v %v", spans, err)
	}
	if c := yesterday.Counters(); c.Lost != 10 || c.Stored != 10 {
		t.Errorf("%+v", c)
	}
}

func TestTwoSyncsAtOnceDoNotBothPass(t *testing.T) {
	h := fresh(t)
	l := newLine(t, 1, records(0, 9)...)
	req := l.sync(1, 10)
	var both sync.WaitGroup
	for range 8 {
		both.Go(func() {
			if _, err := h.Admit(t.Context(), device, proto.CloneOf(req), now); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if rows := h.rows(); len(rows) != 10 {
		t.Errorf("%d episodes", len(rows))
	}
}

func TestOneBadEpisodeIsRefusedByItself(t *testing.T) {
	h := fresh(t)
	l := newLine(t, 1, records(0, 3)...)
	req := l.sync(1, 4)
	req.Batch.Episodes[1].LengthMs = 0
	req.Batch.Episodes[3].EndedBy = 77
	result := h.admit(req)
	if result.LastSequence != 4 || len(result.Refusals) != 2 || result.Refusals[0].Sequence != 2 ||
		result.Refusals[0].Field != "length_ms" || result.Refusals[1].Sequence != 4 || result.Refusals[1].Field != "ended_by" {
		t.Fatalf("%+v", result)
	}
	if got := h.apps(); got != "a0 a2" {
		t.Error(got)
	}
	wantLast(t, h.admit(req), 4) // known by now, refusals and all
}

func TestBadBatchIsRefusedWhole(t *testing.T) {
	h := fresh(t)
	req := newLine(t, 1, records(0, 3)...).sync(1, 4)
	req.Batch.Episodes[2].Title = 1 << 30
	_, err := h.Admit(t.Context(), device, req, now)
	var refusal *collector.Error
	if !errors.As(err, &refusal) || refusal.Code != collector.BadRequest || refusal.Field != "batch.episodes[2].title" {
		t.Errorf("%v", err)
	}
	if rows := h.rows(); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
}

func TestClock(t *testing.T) {
	h := fresh(t)
	at := func(start time.Time) func(*stream.Record) {
		return func(r *stream.Record) { r.Start, r.App = start, fmt.Sprint("y", start.Year()) }
	}
	in := func(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, now.Location()) }
	l := newLine(t, 1, record(0, at(in(2001))), record(1), record(2, at(in(2040))), record(3, at(now.Add(11*time.Minute))),
		record(4, at(now.Add(9*time.Minute))), record(5, at(now.AddDate(0, 0, -60))), record(6, at(now.AddDate(0, 0, -62))))
	result := h.admit(l.sync(1, 7))
	var refused []uint64
	for _, refusal := range result.Refusals {
		if refusal.Field != "start_ms" {
			t.Errorf("%v", refusal)
		}
		refused = append(refused, refusal.Sequence)
	}
	if !slices.Equal(refused, []uint64{1, 3, 4, 7}) || result.LastSequence != 7 {
		t.Errorf("refused %v of %+v", refused, result)
	}
	// A device in 2001 that knows by how much it is wrong.
	l = newLine(t, 2, record(0, at(in(2001))), record(1))
	req := l.sync(1, 2)
	req.ClockOffsetMs = proto.Int64(now.Add(-time.Hour).Sub(in(2001)).Milliseconds())
	wantLast(t, h.admit(req), 2)
	rows := h.rows()
	if last := rows[len(rows)-2]; last.App != "y2001" || last.Start != "2026-03-02T17:00:00.000+01:00" {
		t.Errorf("%v", last)
	}
	if flags := h.flags(); !slices.Contains(flags, "clock") {
		t.Errorf("flags %v", flags)
	}
	// What was corrected is known again although it lies elsewhere now.
	l.records = append(l.records, record(3))
	req = l.sync(1, 1)
	wantLast(t, h.admit(req), 1)
	// An absurd offset corrects nothing, and breaks nothing.
	req = newLine(t, 3, record(0, at(in(2001)))).sync(1, 1)
	req.ClockOffsetMs = proto.Int64(-1 << 63)
	if result := h.admit(req); len(result.Refusals) != 1 {
		t.Errorf("%+v", result)
	}
}

func TestFloodEndsAtTheBound(t *testing.T) {
	h := fresh(t)
	l := newLine(t, 1)
	for n := range 20_003 {
		l.records = append(l.records, record(n/1000, func(r *stream.Record) { r.App, r.For = "x", time.Millisecond }))
	}
	l.records[20_002].Login.Account = "bo"
	var digest stream.Digest
	for first := 0; first < len(l.records); first += stream.MaxEpisodes {
		b := stream.NewBuilder(l.id, digest)
		for n := first; n < min(first+stream.MaxEpisodes, len(l.records)); n++ {
			if err := b.Add(uint64(n+1), stream.AppendRecord(nil, &l.records[n])); err != nil {
				t.Fatal(err)
			}
		}
		digest = b.Digest()
		result := h.admit(&agentv1.SyncRequest{Batch: b.Batch()})
		if first < 20_000 && len(result.Refusals) != 0 || first == 20_000 && len(result.Refusals) != 2 {
			t.Fatalf("from %d: %v", first, result.Refusals)
		}
	}
	stats, err := h.store.Stats(t.Context())
	if err != nil || stats.Episodes != 20_001 {
		t.Errorf("%+v %v", stats, err)
	}
	if flags := h.flags(); !slices.Contains(flags, "flood") {
		t.Errorf("flags %v", flags)
	}
}

// document keeps settings in the registry and gives their revision.
func (h *house) document(change func(*settings.Device)) string {
	h.t.Helper()
	d := &settings.Device{Device: device, Settings: *episode.DefaultSettings(), Browsers: settings.Browsers{UnknownPrivate: "blank"}}
	d.Agents.SyncEvery, d.Agents.Buffer = episode.Duration(48*time.Second), settings.Buffer{Bytes: 64 << 20, Days: 60}
	d.Settings.Privacy.URLs = episode.URLsFull
	change(d)
	revision, document, err := d.Encode()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.registry.PutDocument(h.t.Context(), "d-1", revision, document, time.Now()); err != nil {
		h.t.Fatal(err)
	}
	return revision
}

func TestWhatItsSettingsForbadeIsNotStored(t *testing.T) {
	h := fresh(t)
	page := func(revision string, change ...func(*stream.Record)) func(*stream.Record) {
		return func(r *stream.Record) {
			r.Title, r.Site, r.URL, r.Revision = "canary", "example.com", "https://www.example.com/canary?canary", revision
			for _, change := range change {
				change(r)
			}
		}
	}
	private := func(r *stream.Record) { r.Private = true }
	key := settings.LoginKey(record(0).Login)
	full := h.document(func(*settings.Device) {})
	l := newLine(t, 1,
		record(0, page(full)), record(1, page("unknown")), record(2, page("")),
		record(3, page(full, private)), record(4, page("", private)),
		record(5, page(h.document(func(d *settings.Device) { d.Settings.Privacy.Titles = false }))),
		record(6, page(h.document(func(d *settings.Device) { d.Settings.Privacy.URLs = episode.URLsPath }))),
		record(7, page(h.document(func(d *settings.Device) { d.Settings.Privacy.URLs = episode.URLsHost }))),
		record(8, page(h.document(func(d *settings.Device) { d.Settings.Privacy.URLs = episode.URLsNone }))),
		record(9, page(h.document(func(d *settings.Device) { d.Settings.Privacy.URLs = episode.URLsHost; d.Settings.Privacy.Titles = true }),
			func(r *stream.Record) { r.URL = "" })),
		record(10, page(h.document(func(d *settings.Device) { d.Settings.Schedule = episode.Schedule{"mon": {"09:00-10:00"}} }))),
		record(11, page(h.document(func(d *settings.Device) { d.Settings.Schedule = episode.Schedule{"mon": {"08:11-08:12"}} }))),
		record(12, page(h.document(func(d *settings.Device) { d.Logins = map[string]settings.Login{key: {Tracked: false}} }))),
		record(13, page(h.document(func(d *settings.Device) { d.Settings.Privacy.Redact = []string{"can.ry"} }))),
		record(14, page(full, func(r *stream.Record) {
			r.State, r.EndedBy, r.Product, r.Bundle = episode.Locked, episode.ByUnlock, "canary", "canary"
		})),
	)
	wantLast(t, h.admit(l.sync(1, 15)), 15)
	var got []string
	for _, row := range h.rows() {
		got = append(got, strings.Join([]string{row.App, row.Title, row.Site, row.Url}, " "))
	}
	const all = " canary example.com https://www.example.com/canary?canary"
	want := []string{
		"a0" + all, "a1" + all, "a2" + all, "a3   ", "a4   ",
		"a5  example.com https://www.example.com/canary?canary", "a6 canary example.com https://www.example.com/canary",
		"a7 canary example.com ", "a8 canary  ", "a9 canary example.com ", "a11" + all,
		"a13 *** example.com https://www.example.com/***?***", "   ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if locked := h.rows()[len(want)-1]; locked.Product != "" || locked.Bundle != "" {
		t.Errorf("%v", locked)
	}
	if c := h.Counters(); c.Forbidden != 2 {
		t.Errorf("%+v", c)
	}
	untracked := newLine(t, 2, record(20, page(h.document(func(d *settings.Device) {
		d.Logins = map[string]settings.Login{settings.LoginKey(stream.Login{Account: "secret"}): {Tracked: false}}
	}), func(r *stream.Record) { r.Login = stream.Login{Account: "secret", Name: "secret"} })))
	wantLast(t, h.admit(untracked.sync(1, 1)), 1)
	if logins, err := h.registry.Logins(t.Context()); err != nil || len(logins) != 1 {
		t.Errorf("who is not tracked is no person: %v %v", logins, err)
	}
}

func TestHostileTextIsStripped(t *testing.T) {
	h := fresh(t)
	evil := func(text string) string { return "\u202e" + text + "\x1b[2J\x00\n" }
	l := newLine(t, 1, record(0, func(r *stream.Record) {
		r.App, r.Title, r.Product, r.Site, r.URL = evil("app"), evil("title"), evil("product"), evil("site"), evil("url")
		r.Bundle = evil("bundle")
		r.Login.Name, r.Login.Account = evil("name"), evil("account")
	}))
	wantLast(t, h.admit(l.sync(1, 1)), 1)
	row := h.rows()[0]
	for _, text := range []string{row.App, row.Title, row.Product, row.Bundle, row.Site, row.Url, row.Login} {
		if !strings.HasSuffix(text, "[2J") || strings.ContainsAny(text, "\u202e\x1b\x00\n") {
			t.Errorf("%q", text)
		}
	}
	if !strings.HasSuffix(row.Person, `\account[2j`) {
		t.Errorf("%q", row.Person)
	}
	wantLast(t, h.admit(l.sync(1, 1)), 1) // the digest is of what was sent
}

func TestDeletedStaysDeleted(t *testing.T) {
	h := fresh(t)
	l := newLine(t, 1, records(0, 5)...)
	wantLast(t, h.admit(l.sync(1, 3)), 3)
	tombstone := collector.Tombstone{Device: device, Before: record(4).Start, At: now}
	if err := h.registry.AddTombstones(t.Context(), []collector.Tombstone{tombstone}); err != nil {
		t.Fatal(err)
	}
	if err := h.ReloadTombstones(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.Delete(t.Context(), device, "", tombstone.Before); err != nil {
		t.Fatal(err)
	}
	wantLast(t, h.admit(l.sync(1, 6)), 6)
	if got := h.apps(); got != "a4 a5" {
		t.Error(got)
	}
	if c := h.Counters(); c.Deleted != 1 {
		t.Errorf("%+v", c)
	}
}

func TestPeopleAppearWithTheirFirstEpisode(t *testing.T) {
	h := fresh(t)
	req := newLine(t, 1, record(0), record(1, func(r *stream.Record) { r.Login = stream.Login{Account: "Bo", Name: `HOST\Bo`} })).sync(1, 2)
	wantLast(t, h.admit(req), 2)
	logins, err := h.registry.Logins(t.Context())
	if err != nil || len(logins) != 2 {
		t.Fatalf("%v %v", logins, err)
	}
	rows := h.rows()
	if rows[1].Person != collector.LoginKey(device, stream.Login{Account: "Bo"}) {
		t.Errorf("%v", rows[1]) // the filter named nobody, so the login stands for itself
	}
}

func TestOpenEpisodes(t *testing.T) {
	h := fresh(t)
	open := func(app, title string) *agentv1.OpenEpisode {
		return &agentv1.OpenEpisode{
			Login: &agentv1.Login{Account: "ana", Name: "ana"}, Session: "s1", State: agentv1.State_STATE_ACTIVE,
			StartMs: now.Add(-time.Minute).UnixMilli(), OffsetMinutes: 60, LengthMs: 30_000, App: app, Title: title,
		}
	}
	bad := open("bad", "")
	bad.State = 9
	forbidden := open("forbidden", "canary")
	forbidden.SettingsRevision = h.document(func(d *settings.Device) { d.Settings.Privacy.Titles = false })
	h.admit(&agentv1.SyncRequest{Open: []*agentv1.OpenEpisode{open("a\x1b", "t"), bad, forbidden}})
	rows := h.Open(now)
	if len(rows) != 2 || rows[0].App != "a" || rows[0].Device != device || rows[0].Day != collector.LocalDay(now) || rows[1].Title != "" {
		t.Fatalf("%+v", rows)
	}
	if rows := h.Open(now.Add(25 * time.Hour)); len(rows) != 0 {
		t.Errorf("a silent device is still active: %+v", rows)
	}
	if err := h.registry.AddTombstones(t.Context(), []collector.Tombstone{{Device: device, Before: now, At: now}}); err != nil {
		t.Fatal(err)
	}
	if err := h.ReloadTombstones(t.Context()); err != nil || len(h.Open(now)) != 0 {
		t.Errorf("deleted, but still open: %v", err)
	}
	h.admit(&agentv1.SyncRequest{})
	if rows := h.Open(now); len(rows) != 0 {
		t.Errorf("%+v", rows)
	}
}

func TestSpans(t *testing.T) {
	h := fresh(t)
	span := func() *agentv1.Span {
		return &agentv1.Span{Id: []byte("12345678"), Kind: "blind", Reason: "no \x1bdisplay", StartMs: now.UnixMilli(), OffsetMinutes: 60}
	}
	h.admit(&agentv1.SyncRequest{Spans: []*agentv1.Span{span()}})
	h.admit(&agentv1.SyncRequest{Spans: []*agentv1.Span{span()}})
	spans, err := h.registry.Spans(t.Context(), device, now.AddDate(0, 0, -1), now.AddDate(0, 0, 1))
	if err != nil || len(spans) != 1 || spans[0].Reason != "no display" {
		t.Errorf("%v %v", spans, err)
	}
	for field, spoil := range map[string]func(*agentv1.Span){
		"id":     func(s *agentv1.Span) { s.Id = nil },
		"kind":   func(s *agentv1.Span) { s.Kind = "holiday" },
		"end_ms": func(s *agentv1.Span) { s.EndMs = 1 },
		"count":  func(s *agentv1.Span) { s.Count = -1 },
	} {
		bad := span()
		spoil(bad)
		_, err := h.Admit(t.Context(), device, &agentv1.SyncRequest{Spans: []*agentv1.Span{bad}}, now)
		var refusal *collector.Error
		if !errors.As(err, &refusal) || refusal.Field != "spans[0]."+field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestFloorRefusesEverything(t *testing.T) {
	full := collector.Refuse(collector.NoSpace, "", "full")
	h := open(t, t.TempDir(), func() error { return full })
	if _, err := h.Admit(t.Context(), device, newLine(t, 1, record(0)).sync(1, 1), now); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

func TestStoppedIngestRefuses(t *testing.T) {
	h := fresh(t)
	h.stop()
	_, err := h.Admit(t.Context(), device, &agentv1.SyncRequest{}, now)
	if err != nil {
		t.Errorf("a sync without a batch needs no store: %v", err)
	}
}
