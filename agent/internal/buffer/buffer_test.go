package buffer

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	bolt "go.etcd.io/bbolt"

	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

var (
	anna = stream.Login{Account: "anna", Name: `PC\anna`}
	bert = stream.Login{Account: "bert", Name: `PC\bert`}
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.FixedZone("", 3600))
)

const runOfAnna = "1000/00000000000000aa"

// record is the n-th episode of a login, told apart by its title.
func record(login stream.Login, n int) *stream.Record {
	return &stream.Record{Login: login, Session: "00000000000000aa", Product: "Card", Episode: episode.Episode{
		State: episode.Active, Start: noon.Add(time.Duration(n) * time.Second), For: time.Second,
		Identity: episode.Identity{App: "card", Title: fmt.Sprintf("Card %d", n)}, EndedBy: episode.ByFocus, Revision: "r-1",
	}}
}

func reopen(t testing.TB, path string) *Buffer {
	t.Helper()
	b, err := Open(path, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func newBuffer(t testing.TB) *Buffer {
	t.Helper()
	return reopen(t, filepath.Join(t.TempDir(), "buffer.db"))
}

func appendAll(t testing.TB, b *Buffer, login stream.Login, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := b.Append("1000/"+login.Account, uint64(n+1), record(login, n), noon); err != nil {
			t.Fatal(err)
		}
	}
}

// sent is a collector that believes what it is told: it opens batches with every check and holds each stream's digest.
type sent struct {
	t      testing.TB
	heads  map[stream.ID]uint64
	digest map[stream.ID]stream.Digest
	// titles and bundles of the episodes, in order.
	titles, bundles []string
}

func newSent(t testing.TB) *sent {
	return &sent{t: t, heads: map[stream.ID]uint64{}, digest: map[stream.ID]stream.Digest{}}
}

func (s *sent) take(pending *Pending) {
	s.t.Helper()
	opened, err := stream.Open(pending.Batch)
	if err != nil {
		s.t.Fatal(err)
	}
	if opened.ID != pending.Stream || opened.First != pending.First {
		s.t.Fatalf("batch is of %x from %d", opened.ID, opened.First)
	}
	if head, known := s.heads[opened.ID]; known && pending.First == head+1 && s.digest[opened.ID] != opened.Before {
		s.t.Fatal("the digest does not continue the stream")
	}
	s.heads[opened.ID], s.digest[opened.ID] = pending.Last, opened.Entries[len(opened.Entries)-1].After
	for _, entry := range opened.Entries {
		s.titles, s.bundles = append(s.titles, entry.Record.Title), append(s.bundles, entry.Bundle)
	}
}

// drain sends everything, in batches of at most so many.
func (s *sent) drain(b *Buffer, most int) {
	s.t.Helper()
	for {
		pending, err := b.Peek(most)
		if err != nil {
			s.t.Fatal(err)
		}
		if pending == nil {
			return
		}
		s.take(pending)
		if err := b.Delete(pending, pending.Last, nil); err != nil {
			s.t.Fatal(err)
		}
	}
}

func titles(from, to int) []string {
	var all []string
	for n := from; n < to; n++ {
		all = append(all, fmt.Sprintf("Card %d", n))
	}
	return all
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestWhatIsAppendedIsSentInOrderAcrossRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffer.db")
	s := newSent(t)
	for start := range 4 {
		b := reopen(t, path)
		appendAll(t, b, anna, start*50, start*50+50)
		if start == 1 {
			// Some go already; the rest of this stream goes after the restart.
			pending, err := b.Peek(70)
			if err != nil {
				t.Fatal(err)
			}
			s.take(pending)
			if err := b.Delete(pending, pending.Last, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	b := reopen(t, path)
	s.drain(b, 33)
	equal(t, "sent", s.titles, titles(0, 200))
	if len(s.heads) != 4 {
		t.Errorf("%d streams, one for each start", len(s.heads))
	}
	if stats := b.Stats(); stats.Episodes != 0 || stats.Bytes != 0 || stats.Lost != 0 {
		t.Errorf("after all was sent: %+v", stats)
	}
}

func TestEachNumberOfARunIsStoredOnce(t *testing.T) {
	b := newBuffer(t)
	for range 3 {
		appendAll(t, b, anna, 0, 10)
	}
	if err := b.EndRun("1000/anna", noon); err != nil {
		t.Fatal(err)
	}
	if err := b.Append("1000/anna", 11, record(anna, 10), noon); !errors.Is(err, ErrRunEnded) {
		t.Errorf("an ended run: %v", err)
	}
	s := newSent(t)
	s.drain(b, 100)
	equal(t, "sent", s.titles, titles(0, 10))
}

func TestOnlyWhatWasAcknowledgedIsDeleted(t *testing.T) {
	b := newBuffer(t)
	appendAll(t, b, anna, 0, 10)
	pending, err := b.Peek(6)
	if err != nil {
		t.Fatal(err)
	}
	// A collector that claims more than it was sent is believed for what it was sent.
	if err := b.Delete(pending, 1_000_000, []Refused{{Sequence: 3, Field: "title", Reason: "too long"}, {Sequence: 9, Reason: "never sent"}}); err != nil {
		t.Fatal(err)
	}
	again, err := b.Peek(100)
	if err != nil {
		t.Fatal(err)
	}
	if again.First != 7 || again.Last != 10 {
		t.Fatalf("left: %d–%d", again.First, again.Last)
	}
	if err := b.Delete(again, 8, nil); err != nil {
		t.Fatal(err)
	}
	if stats := b.Stats(); stats.Episodes != 2 || stats.Quarantined != 1 {
		t.Errorf("stats %+v", stats)
	}
	kept, err := b.Quarantined()
	if err != nil || len(kept) != 1 || kept[0].Field != "title" || kept[0].Reason != "too long" {
		t.Fatalf("quarantine: %+v %v", kept, err)
	}
	if record, err := stream.DecodeRecord(kept[0].Record); err != nil || record.Title != "Card 2" {
		t.Errorf("quarantined record: %v %v", record.Title, err)
	}
}

func TestQuarantineIsBounded(t *testing.T) {
	b := newBuffer(t)
	for round := range uint64(12) {
		if err := b.appendMany("1000/anna", round*100, 100, record(anna, 1)); err != nil {
			t.Fatal(err)
		}
		pending, err := b.Peek(100)
		if err != nil {
			t.Fatal(err)
		}
		var refused []Refused
		for sequence := pending.First; sequence <= pending.Last; sequence++ {
			refused = append(refused, Refused{Sequence: sequence, Reason: "no"})
		}
		if err := b.Delete(pending, pending.Last, refused); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := b.Quarantined(); err != nil || len(kept) != keptQuarantined || b.Stats().Quarantined != keptQuarantined {
		t.Errorf("%d kept, %v", len(kept), err)
	}
}

func TestAForkedStreamIsSentAnewAsAnother(t *testing.T) {
	b := newBuffer(t)
	appendAll(t, b, anna, 0, 10)
	pending, err := b.Peek(4)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Delete(pending, 4, nil); err != nil {
		t.Fatal(err)
	}
	if err := b.Renumber(pending.Stream); err != nil {
		t.Fatal(err)
	}
	appendAll(t, b, anna, 10, 15)
	again, err := b.Peek(100)
	if err != nil {
		t.Fatal(err)
	}
	if again.Stream == pending.Stream || again.First != 1 || again.Last != 11 || string(again.Batch.Digest) != string(make([]byte, 16)) {
		t.Errorf("new stream %d–%d, digest %x", again.First, again.Last, again.Batch.Digest)
	}
	s := newSent(t)
	s.drain(b, 3)
	equal(t, "sent", s.titles, titles(4, 15))
}

func TestAFullBufferDropsTheOldestOfWhoUsesMostAndSaysSo(t *testing.T) {
	b := newBuffer(t)
	appendAll(t, b, bert, 0, 20)
	one := b.Stats().Bytes / 20
	b.SetLimits(Limits{Bytes: 100 * one, Days: 60})
	appendAll(t, b, anna, 0, 200)
	stats := b.Stats()
	if stats.Bytes > 100*one {
		t.Errorf("%d bytes over the cap of %d", stats.Bytes, 100*one)
	}
	if episodes, _ := b.Usage(bert); episodes != 20 {
		t.Errorf("of who used little %d of 20 are left", episodes)
	}
	spans, err := b.Spans(10)
	if err != nil || len(spans) != 1 {
		t.Fatalf("spans %v, %v", spans, err)
	}
	span, kept := spans[0], int(stats.Episodes)-20
	want := &agentv1.Span{
		Id: span.Id, Kind: SpanLoss, Reason: "buffer full", Login: Login(anna), StartMs: noon.UnixMilli(), OffsetMinutes: 60,
		EndMs: noon.Add(time.Duration(200-kept) * time.Second).UnixMilli(), Count: int64(200 - kept),
	}
	if !proto.Equal(span, want) || stats.Lost != int64(200-kept) {
		t.Errorf("loss is %v, want %v; stats %+v", span, want, stats)
	}
	s := newSent(t)
	s.drain(b, 1000)
	equal(t, "sent", s.titles, append(titles(0, 20), titles(200-kept, 200)...))
}

func TestTheOldAreDroppedUnlessTheClockLeapt(t *testing.T) {
	b := newBuffer(t)
	b.SetLimits(Limits{Bytes: 1e6, Days: 10})
	if err := b.Expire(noon, false); err != nil {
		t.Fatal(err)
	}
	appendAll(t, b, anna, 0, 10)
	steps := []struct {
		now       time.Time
		confirmed bool
		left      int64
	}{
		{noon.AddDate(14, 0, 0), false, 10},
		{noon.AddDate(0, 0, 9), false, 10},
		{noon.AddDate(-20, 0, 0), false, 10},
		{noon.AddDate(0, 0, 9), false, 10},
		{noon.AddDate(0, 0, 10).Add(5 * time.Second), true, 5},
		{noon.AddDate(0, 0, 11), false, 0},
	}
	for i, step := range steps {
		if err := b.Expire(step.now, step.confirmed); err != nil {
			t.Fatal(err)
		}
		if left := b.Stats().Episodes; left != step.left {
			t.Errorf("step %d: %d left, want %d", i, left, step.left)
		}
	}
	if spans, err := b.Spans(10); err != nil || len(spans) != 1 || spans[0].Count != 10 || spans[0].Reason != "too old" {
		t.Errorf("losses: %v %v", spans, err)
	}
}

func TestATombstoneDropsWhatItCovers(t *testing.T) {
	b := newBuffer(t)
	appendAll(t, b, anna, 0, 10)
	appendAll(t, b, bert, 0, 10)
	if err := b.Erase(&stream.Login{Account: "ANNA"}, noon.Add(5*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := b.Erase(nil, noon.Add(2*time.Second)); err != nil {
		t.Fatal(err)
	}
	s := newSent(t)
	s.drain(b, 100)
	equal(t, "sent", s.titles, append(titles(5, 10), titles(2, 10)...))
	if spans, err := b.Spans(10); err != nil || len(spans) != 0 {
		t.Errorf("an erasure is no loss: %v %v", spans, err)
	}
}

func TestWhatACrashLeftOpenEndsAtItsLastCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffer.db")
	b := reopen(t, path)
	open := record(anna, 0)
	open.EndedBy, open.For = "", 30*time.Second
	for _, length := range []time.Duration{10 * time.Second, 20 * time.Second} {
		open.For = length
		if err := b.Checkpoint(runOfAnna, open, noon); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
	b = reopen(t, path)
	runs, err := b.Unended()
	if err != nil || len(runs) != 1 || !runs[runOfAnna].Equal(noon) {
		t.Fatalf("runs %v %v", runs, err)
	}
	for range 2 {
		if err := b.EndRun(runOfAnna, noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	pending, err := b.Peek(10)
	if err != nil || pending == nil || pending.Len() != 1 {
		t.Fatalf("%+v %v", pending, err)
	}
	e := pending.Batch.Episodes[0]
	if e.EndedBy != agentv1.EndedBy_ENDED_BY_CRASH || e.LengthMs != 20_000 {
		t.Errorf("closed as %v after %d ms", e.EndedBy, e.LengthMs)
	}
	if err := b.Checkpoint(runOfAnna, open, noon); !errors.Is(err, ErrRunEnded) {
		t.Errorf("the run goes on: %v", err)
	}
	if err := b.BeginRun(runOfAnna, noon); !errors.Is(err, ErrRunEnded) {
		t.Errorf("the run begins again: %v", err)
	}
}

func TestAClosedEpisodeHasNoCheckpoint(t *testing.T) {
	b := newBuffer(t)
	if err := b.Checkpoint("1000/anna", record(anna, 0), noon); err != nil {
		t.Fatal(err)
	}
	appendAll(t, b, anna, 0, 1)
	if err := b.EndRun("1000/anna", noon); err != nil {
		t.Fatal(err)
	}
	if stats := b.Stats(); stats.Episodes != 1 {
		t.Errorf("%d episodes of one", stats.Episodes)
	}
}

func TestSpansOfOneDoNotPushOutAnothers(t *testing.T) {
	b := newBuffer(t)
	if err := b.PutSpan(&agentv1.Span{Kind: SpanSession, Login: Login(bert), StartMs: 1}); err != nil {
		t.Fatal(err)
	}
	// In one transaction: each of PutSpan's is synced.
	if err := b.db.Update(func(tx *bolt.Tx) error {
		for i := range keptSpans - 1 {
			span := &agentv1.Span{Id: newSpanID(), Kind: SpanPause, Login: Login(anna), StartMs: int64(i + 2), EndMs: int64(i + 3)}
			if err := putSpan(tx, span, true); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := b.PutSpan(&agentv1.Span{Kind: SpanPause, Login: Login(anna), StartMs: noon.UnixMilli(), EndMs: noon.UnixMilli() + 1}); err != nil {
			t.Fatal(err)
		}
	}
	open, err := b.OpenSpans()
	if err != nil || len(open) != 1 || open[0].Login.Account != bert.Account {
		t.Errorf("left of the other login: %v, %v", open, err)
	}
	if all, err := b.Spans(2 * keptSpans); err != nil || len(all) != keptSpans {
		t.Errorf("%d spans kept, %v", len(all), err)
	}
}

func TestSpansWaitForTheirAcknowledgement(t *testing.T) {
	b := newBuffer(t)
	span := &agentv1.Span{Kind: SpanSession, Login: Login(anna), StartMs: noon.UnixMilli()}
	if err := b.PutSpan(span); err != nil {
		t.Fatal(err)
	}
	sent, err := b.Spans(10)
	if err != nil || len(sent) != 1 {
		t.Fatal(sent, err)
	}
	// It changes while it travels: the acknowledgement is of what it was.
	span.EndMs = noon.Add(time.Hour).UnixMilli()
	if err := b.PutSpan(span); err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteSpans(sent); err != nil {
		t.Fatal(err)
	}
	if sent, err = b.Spans(10); err != nil || len(sent) != 1 || sent[0].EndMs == 0 {
		t.Fatalf("the end was lost: %v %v", sent, err)
	}
	if err := b.DeleteSpans(sent); err != nil {
		t.Fatal(err)
	}
	if sent, err = b.Spans(10); err != nil || len(sent) != 0 {
		t.Fatalf("left: %v %v", sent, err)
	}
	if err := b.PutSpan(&agentv1.Span{Kind: SpanPause, StartMs: 1}); err != nil {
		t.Fatal(err)
	}
	if sent, err = b.Spans(10); err != nil || b.DeleteSpans(sent) != nil {
		t.Fatal(err)
	}
	if open, err := b.OpenSpans(); err != nil || len(open) != 1 {
		t.Errorf("a span that goes on was forgotten: %v %v", open, err)
	}
}

func TestAPauseEndsAtLocalMidnight(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffer.db")
	b := reopen(t, path)
	if err := b.Pause(anna, noon); err != nil {
		t.Fatal(err)
	}
	b.Close()
	b = reopen(t, path)
	for _, step := range []struct {
		now  time.Time
		want bool
	}{
		{noon, true}, {noon.Add(11*time.Hour + 59*time.Minute), true}, {noon.Add(12 * time.Hour), false},
		{noon.AddDate(0, 0, -1), false}, {noon.Add(-time.Hour), true},
	} {
		if paused, err := b.Paused(anna, step.now); err != nil || paused != step.want {
			t.Errorf("at %s: %v %v", step.now, paused, err)
		}
	}
	if paused, err := b.Paused(bert, noon); err != nil || paused {
		t.Errorf("somebody else: %v %v", paused, err)
	}
	if err := b.Resume(anna); err != nil {
		t.Fatal(err)
	}
	if paused, err := b.Paused(anna, noon); err != nil || paused {
		t.Errorf("after resume: %v %v", paused, err)
	}
}

func TestASecondAgentIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffer.db")
	reopen(t, path)
	if _, err := Open(path, DefaultLimits); !errors.Is(err, ErrLocked) {
		t.Errorf("second open: %v", err)
	}
}

func TestAMostlyEmptyFileIsCopiedSmaller(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffer.db")
	b := reopen(t, path)
	big := record(anna, 0)
	big.URL = "https://example.com/" + randomText(2000)
	big.Product = randomText(2000)
	for n := range uint64(8) {
		// Many rows a transaction: what is looked at is the file, not the writing.
		if err := b.appendMany("1000/anna", n*2000, 2000, big); err != nil {
			t.Fatal(err)
		}
	}
	before := b.Stats().FileBytes
	if before < 50<<20 {
		t.Fatalf("the file has only %d bytes", before)
	}
	if err := b.Erase(nil, noon.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	appendAll(t, b, bert, 0, 3)
	b.Close()
	b = reopen(t, path)
	if after := b.Stats().FileBytes; after > 1<<20 {
		t.Errorf("%d bytes before, %d after", before, after)
	}
	s := newSent(t)
	s.drain(b, 10)
	equal(t, "sent", s.titles, titles(0, 3))
}

func randomText(n int) string {
	raw := make([]byte, n)
	for i := range raw {
		raw[i] = byte('a' + rand.IntN(26))
	}
	return string(raw)
}

func TestOneWhoseFileIsNoBufferGoesOn(t *testing.T) {
	for name, content := range map[string]string{"text": "this is no database, only some text that lies there", "zeros": string(make([]byte, 100_000))} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "buffer.db")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			b := reopen(t, path)
			appendAll(t, b, anna, 0, 1)
			if aside := b.Stats().SetAside; len(aside) != 1 {
				t.Errorf("set aside: %v", aside)
			}
			if spans, err := b.Spans(10); err != nil || len(spans) != 1 || spans[0].Kind != SpanLoss || spans[0].Reason != "damaged file" {
				t.Errorf("spans: %v %v", spans, err)
			}
		})
	}
}

// testdata/version1.db.gz is what a service left that knew no bundles: three episodes, and the checkpoint of a fourth.
func TestABufferOfTheFirstVersionGoesOn(t *testing.T) {
	packed, err := os.Open(filepath.Join("testdata", "version1.db.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "buffer.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	b := reopen(t, path)
	if err := b.EndRun(runOfAnna, noon); err != nil {
		t.Fatal(err)
	}
	onMac := record(anna, 4)
	onMac.Bundle = "org.example.Card"
	if err := b.Append("1000/00000000000000bb", 1, onMac, noon); err != nil {
		t.Fatal(err)
	}
	s := newSent(t)
	s.drain(b, 100)
	equal(t, "titles", s.titles, titles(0, 5))
	equal(t, "bundles", s.bundles, []string{"", "", "", "", "org.example.Card"})
}
