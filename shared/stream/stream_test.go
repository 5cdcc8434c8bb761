package stream

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

func sample(n int) Record {
	return Record{
		Login:   Login{Authority: "S-1-5-21-1", Account: fmt.Sprint(1000 + n%3), Name: `EXAMPLE\ana`},
		Session: "s1", Product: "Text Editor",
		Episode: episode.Episode{
			State:    episode.Active,
			Start:    time.Date(2026, 3, 1, 9, 0, n, 250e6, time.FixedZone("", 2*3600)),
			For:      1500 * time.Millisecond,
			Identity: episode.Identity{App: "editor", Title: fmt.Sprintf("notes %d — Überblick", n%7), Site: "example.com", URL: "https://example.com/a"},
			EndedBy:  episode.ByFocus, ObservedFor: 2 * time.Second, Revision: "r1",
		},
	}
}

// onMac is a record of version 2.
func onMac() Record {
	record := sample(0)
	record.Bundle = "org.example.Editor"
	return record
}

func sameTime(a, b time.Time) bool {
	_, ao := a.Zone()
	_, bo := b.Zone()
	return a.Equal(b) && ao == bo
}

// The canonical bytes are on people's disks and in every digest: these must never change.
func TestRecordBytesAreFixed(t *testing.T) {
	record := sample(0)
	const want = "010a532d312d352d32312d3104313030300b4558414d504c455c616e610273310b5465787420456469746f7201f48993839567f001dc0b" +
		"06656469746f72166e6f746573203020e2809420c39c626572626c69636b0b6578616d706c652e636f6d1568747470733a2f2f6578616d706c652e636f6d2f61000100d00f027231"
	got := AppendRecord(nil, &record)
	const wantDigest = "7512b7023b6ff1b5d49b9ec8e67387ee"
	digest := Digest{}.Next(got)
	if hex.EncodeToString(got) != want || hex.EncodeToString(digest[:]) != wantDigest {
		t.Errorf("canonical bytes changed:\n%x\ndigest %x", got, digest)
	}
	record = onMac()
	if got := hex.EncodeToString(AppendRecord(nil, &record)); got != "02"+want[2:]+"126f72672e6578616d706c652e456469746f72" {
		t.Errorf("canonical bytes of version 2 changed:\n%s", got)
	}
}

func TestRecordRoundTrip(t *testing.T) {
	private := sample(1)
	private.Private, private.Title, private.Site, private.URL, private.ObservedFor = true, "", "", "", 0
	locked := Record{Login: Login{Account: "bo"}, Episode: episode.Episode{
		State: episode.Locked, Start: time.UnixMilli(1).UTC(), For: time.Hour, EndedBy: episode.ByUnlock, Reason: episode.ReasonSleep,
	}}
	for _, record := range []Record{sample(0), private, locked, onMac()} {
		canonical := AppendRecord([]byte("before"), &record)[len("before"):]
		back, err := DecodeRecord(canonical)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(record, back, cmp.Comparer(sameTime)); diff != "" {
			t.Error(diff)
		}
		for cut := range canonical {
			if _, err := DecodeRecord(canonical[:cut]); !errors.Is(err, ErrRecord) {
				t.Fatalf("cut at %d: %v", cut, err)
			}
		}
		if _, err := DecodeRecord(append(canonical, 0)); !errors.Is(err, ErrRecord) {
			t.Errorf("a byte too many: %v", err)
		}
	}
	record := sample(0)
	canonical := append(AppendRecord(nil, &record), 0)
	for _, version := range []byte{0, RecordVersion, RecordVersion + 1} {
		canonical[0] = version
		if _, err := DecodeRecord(canonical); !errors.Is(err, ErrRecord) {
			t.Errorf("version %d with an empty bundle: %v", version, err)
		}
	}
}

func TestRecordRepairsText(t *testing.T) {
	record := sample(0)
	record.Title = "a\xffb"
	back, err := DecodeRecord(AppendRecord(nil, &record))
	if err != nil || back.Title != "a\uFFFDb" {
		t.Errorf("%q %v", back.Title, err)
	}
}

func FuzzDecodeRecord(f *testing.F) {
	record := sample(0)
	f.Add(AppendRecord(nil, &record))
	record = onMac()
	f.Add(AppendRecord(nil, &record))
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, canonical []byte) {
		record, err := DecodeRecord(canonical)
		if err != nil {
			return
		}
		if again := AppendRecord(nil, &record); !bytes.Equal(again, canonical) {
			t.Errorf("%x became %x", canonical, again)
		}
	})
}

func build(t testing.TB, id ID, first uint64, before Digest, records ...Record) (*agentv1.Batch, Digest) {
	t.Helper()
	b := NewBuilder(id, before)
	for i := range records {
		if err := b.Add(first+uint64(i), AppendRecord(nil, &records[i])); err != nil {
			t.Fatal(err)
		}
	}
	return b.Batch(), b.Digest()
}

func TestBatchRoundTrip(t *testing.T) {
	var records []Record
	for i := range 20 {
		records = append(records, sample(i))
	}
	records[7] = onMac()
	batch, after := build(t, ID{1}, 5, Digest{2}, records...)
	wire, err := proto.Marshal(batch)
	if err != nil {
		t.Fatal(err)
	}
	received := new(agentv1.Batch)
	if err := proto.Unmarshal(wire, received); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(received)
	if err != nil {
		t.Fatal(err)
	}
	if opened.ID != (ID{1}) || opened.First != 5 || opened.Last != 24 || opened.Before != (Digest{2}) {
		t.Errorf("%+v", opened)
	}
	digest := Digest{2}
	for i, entry := range opened.Entries {
		digest = digest.Next(AppendRecord(nil, &records[i]))
		if entry.Fault != nil || entry.After != digest {
			t.Fatalf("record %d: fault %v, digest %x instead of %x", i, entry.Fault, entry.After, digest)
		}
		if diff := cmp.Diff(records[i], entry.Record, cmp.Comparer(sameTime)); diff != "" {
			t.Fatal(diff)
		}
	}
	if digest != after {
		t.Error("the builder's digest is another")
	}
}

// An agent of before bundles sent this, and holds that the digest after it is so.
func TestOpenTakesWhatAnOldAgentSends(t *testing.T) {
	const sent = "0a100100000000000000000000000000000010011a10000000000000000000000000000000002200220273312206656469746f72220b54657874" +
		"20456469746f7222166e6f746573203020e2809420c39c626572626c69636b220b6578616d706c652e636f6d221568747470733a2f2f6578616d" +
		"706c652e636f6d2f612202723122166e6f746573203320e2809420c39c626572626c69636b2a1f0a0a532d312d352d32312d311204313030301a" +
		"0b4558414d504c455c616e613223080110f4899383956718f00120dc0b28d00f38014002480350045805600670018001073223080110e4b89383" +
		"956718f00120dc0b28d00f3801400248035008580560067001800107"
	wire, err := hex.DecodeString(sent)
	if err != nil {
		t.Fatal(err)
	}
	batch := new(agentv1.Batch)
	if err := proto.Unmarshal(wire, batch); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(batch)
	if err != nil {
		t.Fatal(err)
	}
	last := opened.Entries[1]
	if diff := cmp.Diff(sample(3), last.Record, cmp.Comparer(sameTime)); diff != "" {
		t.Error(diff)
	}
	if after := hex.EncodeToString(last.After[:]); after != "882e7e48478af59cc58e33efa4e52766" {
		t.Errorf("digest %s", after)
	}
}

func TestBuilderStaysInsideEveryBound(t *testing.T) {
	for name, vary := range map[string]func(*Record, int){
		"many": func(*Record, int) {},
		"long texts": func(r *Record, i int) {
			r.Title = fmt.Sprint(i) + strings.Repeat("𝄞", 500)
			r.URL = fmt.Sprint(i) + strings.Repeat("u", 2000)
		},
		"many strings": func(r *Record, i int) {
			r.Bundle = fmt.Sprint("b", i)
			r.Title, r.URL, r.Site, r.App, r.Product = fmt.Sprint("t", i), fmt.Sprint("u", i), fmt.Sprint("s", i), fmt.Sprint("a", i), fmt.Sprint("p", i)
		},
		"many accounts": func(r *Record, i int) { r.Login.Account = fmt.Sprint(i) },
	} {
		t.Run(name, func(t *testing.T) {
			b, digest, taken := NewBuilder(ID{}, Digest{}), Digest{}, 0
			for i := range 12000 {
				record := sample(i)
				vary(&record, i)
				canonical := AppendRecord(nil, &record)
				err := b.Add(uint64(i+1), canonical)
				if errors.Is(err, ErrFull) {
					taken += mustFit(t, b.Batch())
					if digest != b.Digest() {
						t.Fatal("a refused record changed the digest")
					}
					b = NewBuilder(ID{}, b.Digest())
					err = b.Add(uint64(i+1), canonical)
				}
				if err != nil {
					t.Fatal(err)
				}
				digest = digest.Next(canonical)
			}
			if taken += mustFit(t, b.Batch()); taken != 12000 {
				t.Errorf("%d records arrived", taken)
			}
		})
	}
}

func mustFit(t *testing.T, batch *agentv1.Batch) int {
	t.Helper()
	if size := proto.Size(batch); size > MaxBodyBytes-128<<10 {
		t.Fatalf("%d bytes", size)
	}
	opened, err := Open(batch)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range opened.Entries {
		if entry.Fault != nil {
			t.Fatal(entry.Fault)
		}
	}
	return len(opened.Entries)
}

func TestBuilderRefuses(t *testing.T) {
	good, long := sample(0), sample(1)
	long.For = MaxFor + time.Millisecond
	long.ObservedFor = 0
	b := NewBuilder(ID{}, Digest{})
	if b.Batch() != nil {
		t.Error("a batch of nothing")
	}
	if err := b.Add(0, AppendRecord(nil, &good)); err == nil {
		t.Error("sequence 0")
	}
	if err := b.Add(3, AppendRecord(nil, &good)); err != nil {
		t.Error(err)
	}
	if err := b.Add(5, AppendRecord(nil, &good)); err == nil {
		t.Error("a gap")
	}
	var f *Fault
	if err := b.Add(4, AppendRecord(nil, &long)); !errors.As(err, &f) || f.Field != "length_ms" {
		t.Error(err)
	}
	if err := b.Add(4, []byte("x")); !errors.Is(err, ErrRecord) {
		t.Error(err)
	}
	if b.Len() != 1 {
		t.Errorf("%d records", b.Len())
	}
}

func TestOpenRefusesTheBatch(t *testing.T) {
	for field, spoil := range map[string]func(*agentv1.Batch){
		"batch.stream":                        func(b *agentv1.Batch) { b.Stream = b.Stream[:15] },
		"batch.digest":                        func(b *agentv1.Batch) { b.Digest = nil },
		"batch.digest ":                       func(b *agentv1.Batch) { b.Digest[3] = 1 },
		"batch.first_sequence":                func(b *agentv1.Batch) { b.FirstSequence = 0 },
		"batch.first_sequence ":               func(b *agentv1.Batch) { b.FirstSequence = 1<<64 - 1 },
		"batch.episodes":                      func(b *agentv1.Batch) { b.Episodes = nil },
		"batch.episodes ":                     func(b *agentv1.Batch) { b.Episodes = make([]*agentv1.Episode, MaxEpisodes+1) },
		"batch.strings":                       func(b *agentv1.Batch) { b.Strings[0] = "x" },
		"batch.strings ":                      func(b *agentv1.Batch) { b.Strings = nil },
		"batch.strings  ":                     func(b *agentv1.Batch) { b.Strings = make([]string, MaxStrings+1) },
		"batch.strings   ":                    func(b *agentv1.Batch) { b.Strings = append([]string{""}, repeat(strings.Repeat("x", 2048), 2049)...) },
		"batch.strings[1]":                    func(b *agentv1.Batch) { b.Strings[1] = strings.Repeat("x", 2049) },
		"batch.strings[2]":                    func(b *agentv1.Batch) { b.Strings[2] = "\xff" },
		"batch.logins":                        func(b *agentv1.Batch) { b.Logins = make([]*agentv1.Login, MaxLogins+1) },
		"batch.episodes[1].title":             func(b *agentv1.Batch) { b.Episodes[1].Title = uint32(len(b.Strings)) },
		"batch.episodes[1].bundle":            func(b *agentv1.Batch) { b.Episodes[1].Bundle = 1 << 31 },
		"batch.episodes[0].login":             func(b *agentv1.Batch) { b.Episodes[0].Login = 1 << 31 },
		"batch.episodes[1].settings_revision": func(b *agentv1.Batch) { b.Episodes[1].SettingsRevision = 1<<32 - 1 },
	} {
		batch, _ := build(t, ID{1}, 1, Digest{}, sample(0), sample(3))
		spoil(batch)
		_, err := Open(batch)
		var f *Fault
		if !errors.As(err, &f) || f.Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := Open(nil); err == nil {
		t.Error("no batch at all was taken")
	}
}

func repeat(text string, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = text
	}
	return texts
}

func TestOpenRefusesOneRecordByItself(t *testing.T) {
	for field, spoil := range map[string]func(*agentv1.Batch){
		"state":          func(b *agentv1.Batch) { b.Episodes[1].State = 9 },
		"state ":         func(b *agentv1.Batch) { b.Episodes[1].State = 0 },
		"state  ":        func(b *agentv1.Batch) { b.Episodes[1].State = -1 },
		"ended_by":       func(b *agentv1.Batch) { b.Episodes[1].EndedBy = 99 },
		"reason":         func(b *agentv1.Batch) { b.Episodes[1].Reason = 99 },
		"length_ms":      func(b *agentv1.Batch) { b.Episodes[1].LengthMs = 0 },
		"length_ms ":     func(b *agentv1.Batch) { b.Episodes[1].LengthMs = -1 << 63 },
		"length_ms  ":    func(b *agentv1.Batch) { b.Episodes[1].LengthMs = 7*86400000 + 1 },
		"observed_ms":    func(b *agentv1.Batch) { b.Episodes[1].ObservedMs = 1<<63 - 1 },
		"observed_ms ":   func(b *agentv1.Batch) { b.Episodes[1].ObservedMs = 1 },
		"start_ms":       func(b *agentv1.Batch) { b.Episodes[1].StartMs = 1<<63 - 1 },
		"offset_minutes": func(b *agentv1.Batch) { b.Episodes[1].OffsetMinutes = 1081 },
		"session":        func(b *agentv1.Batch) { b.Strings[b.Episodes[1].Session] = strings.Repeat("s", 33) },
		"title":          func(b *agentv1.Batch) { b.Strings[b.Episodes[1].Title] = strings.Repeat("x", 513) },
		"login.account":  func(b *agentv1.Batch) { b.Logins[b.Episodes[1].Login].Account = "" },
	} {
		other := sample(3)
		other.Session, other.Login.Account = "s2", "other"
		batch, _ := build(t, ID{1}, 1, Digest{}, sample(0), other, sample(6))
		spoil(batch)
		opened, err := Open(batch)
		if err != nil {
			t.Errorf("%s: refused the batch: %v", field, err)
			continue
		}
		for i, entry := range opened.Entries {
			if (entry.Fault != nil) != (i == 1) || i == 1 && entry.Fault.Field != strings.TrimSpace(field) {
				t.Errorf("%s: record %d: %v", field, i, entry.Fault)
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	batch, _ := build(f, ID{1}, 1, Digest{}, sample(0), sample(1))
	wire, _ := proto.Marshal(batch)
	f.Add(wire)
	batch, _ = build(f, ID{1}, 1, Digest{}, onMac())
	wire, _ = proto.Marshal(batch)
	f.Add(wire)
	f.Fuzz(func(t *testing.T, wire []byte) {
		batch := new(agentv1.Batch)
		if proto.Unmarshal(wire, batch) != nil {
			return
		}
		opened, err := Open(batch)
		if err != nil {
			return
		}
		for i := range opened.Entries {
			entry := &opened.Entries[i]
			if entry.Fault == nil && entry.Check() != nil {
				t.Fatalf("Open took what Check refuses: %v", entry.Check())
			}
		}
	})
}

func TestGoing(t *testing.T) {
	open := &agentv1.OpenEpisode{
		Login: &agentv1.Login{Account: "ana"}, Session: "s", State: agentv1.State_STATE_ACTIVE, StartMs: 1000, OffsetMinutes: 60, App: "editor",
		Bundle: "org.example.Editor",
	}
	record, err := Going(open)
	if err != nil || record.App != "editor" || record.Bundle != "org.example.Editor" || record.For != 0 || record.EndedBy != "" {
		t.Errorf("%+v %v", record, err)
	}
	open.Bundle = strings.Repeat("b", MaxStringBytes+1)
	if _, err := Going(open); err == nil {
		t.Error("a bundle beyond the bound was taken")
	}
	open.Bundle, open.State = "", 7
	if _, err := Going(open); err == nil {
		t.Error("an unknown state was taken")
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		"plain — ünï 𝄞":                 "plain — ünï 𝄞",
		"a\x00b\x1b[31mc\r\n\td\x7f":    "ab[31mcd",
		"\u202eevil\u2066x\u2069\u200f": "evilx",
		"c1\u0085end\u2028":             "c1end",
		"👩\u200d💻":                      "👩\u200d💻",
	} {
		if got := Printable(in); got != want {
			t.Errorf("%q: %q instead of %q", in, got, want)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	var records []Record
	for i := range 5000 {
		records = append(records, sample(i))
	}
	batch, _ := build(b, ID{1}, 1, Digest{}, records...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(5000*b.N)/b.Elapsed().Seconds(), "episodes/s")
}
