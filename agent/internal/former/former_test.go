package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/settings"
	"github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/agent/internal/uplink"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	shared "github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

var (
	anna = stream.Login{Authority: "EXAMPLE.COM", Account: "anna", Name: `EXAMPLE\anna`}
	bert = stream.Login{Account: "bert", Name: `PC\bert`}
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.FixedZone("", 3600))
)

// made has all that a record can have.
func made(n int) *stream.Record {
	return &stream.Record{Login: anna, Session: "00000000000000aa", Product: "Card", Bundle: "org.example.Card", Episode: episode.Episode{
		State: episode.Active, Start: noon.Add(time.Duration(n) * time.Hour), For: time.Minute, ObservedFor: time.Hour,
		Identity: episode.Identity{App: "card", Title: fmt.Sprintf("Card %d", n), Site: "example.com", URL: "https://example.com/", Private: true},
		EndedBy:  episode.ByLimit, Revision: "r-1",
	}}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// fill has a buffer contain everything that one can.
func fill(t *testing.T, path string) {
	t.Helper()
	b, err := buffer.Open(path, buffer.DefaultLimits)
	must(t, err)
	for n := range 300 {
		must(t, b.Append("1000/anna", uint64(n+1), made(n), noon))
	}
	pending, err := b.Peek(100)
	must(t, err)
	must(t, b.Delete(pending, 100, []buffer.Refused{{Sequence: 7, Field: "start", Reason: "before the collector began"}}), b.Close())
	b, err = buffer.Open(path, buffer.DefaultLimits)
	must(t, err)
	for n := 300; n < 310; n++ {
		must(t, b.Append("1000/anna", uint64(n+1), made(n), noon))
	}
	must(t, b.Checkpoint("1000/anna", made(310), noon))
	must(t, b.BeginRun("1001/bert", noon), b.EndRun("1001/bert", noon))
	sent := &agentv1.Span{Kind: buffer.SpanSession, Session: "00000000000000aa", Login: buffer.Login(anna), StartMs: noon.UnixMilli()}
	must(t, b.PutSpan(sent), b.DeleteSpans([]*agentv1.Span{sent}))
	must(t, b.PutSpan(&agentv1.Span{Kind: buffer.SpanPause, Login: buffer.Login(bert), StartMs: noon.UnixMilli()}), b.Pause(bert, noon))
	must(t, b.RecordLoss("disk full", bert, 3, noon, noon), b.Expire(noon, true), b.Close())
}

// What this tree writes, the release before reads: else an update could not be taken back.
func TestTheFormerReleaseReadsWhatThisOneWrites(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "buffer.db")
	fill(t, path)

	document := &shared.Device{
		Device: "d-0123456789abcdef",
		Settings: episode.Settings{
			Passive: episode.PassiveSettings{Start: episode.Duration(2 * time.Minute), Stop: episode.Indefinitely},
			Active:  episode.ActiveSettings{Limit: episode.Duration(time.Hour)}, Settle: episode.Duration(2 * time.Second),
			AlwaysActive: []string{"meet"}, Privacy: episode.Privacy{Titles: true, URLs: episode.URLsPath, Redact: []string{"[0-9]+"}},
			Schedule: episode.Schedule{"mon": {"08:00-17:00"}},
		},
		Browsers: shared.Browsers{UnknownPrivate: "blank", Accessibility: true}, Pause: true,
		Logins: map[string]shared.Login{shared.LoginKey(anna): {Tracked: true}},
		Agents: shared.Agents{SyncEvery: episode.Duration(48 * time.Second), Buffer: shared.Buffer{Bytes: 64_000_000, Days: 60}, Records: 2},
		Notice: &shared.Notice{Text: "You are measured.", Version: 1, Acknowledge: true},
	}
	revision, raw, err := document.Encode()
	must(t, err)
	must(t, settings.Open(filepath.Join(folder, "settings"), "", func() {}).Apply(revision, raw))

	_, err = uplink.NewTrusted(filepath.Join(folder, "trust.json"), uplink.Trust{Addresses: []string{"dayline.example.com:8443"}, Mode: "system"}, noon)
	must(t, err, os.Mkdir(filepath.Join(folder, update.Folder), 0o700))
	marker := &update.Marker{
		Step: update.Probation, From: "1.0.0", To: "1.1.0", Pinned: true, Now: true, Staged: "staged", SHA256: "aa", Former: "bb", Connected: true,
		Watched: time.Minute, Wanting: "no answer", Failed: []update.Failed{{Version: "1.0.9", Step: update.Swap, Reason: "disk full", At: noon.UTC(), RolledBack: true}},
	}
	must(t, marker.Save(folder))

	found, err := Read(folder)
	must(t, err)
	var titles []string
	for n := 100; n < 310; n++ {
		titles = append(titles, fmt.Sprintf("Card %d", n))
	}
	want := &Buffer{
		Titles: titles, Open: map[string]string{"1000/anna": "Card 310"}, Streams: 2,
		Runs: map[string]uint64{"1000/anna": 310, "1001/bert": 0}, Ended: []string{"1001/bert"},
		Spans: map[string]int{"session sent": 1, "pause": 1, "loss": 1}, Paused: []string{`\\bert`}, Quarantined: 1, Lost: 3,
	}
	if diff := cmp.Diff(want, found.Buffer); diff != "" {
		t.Errorf("buffer (-want +got):\n%s", diff)
	}
	s := found.Settings
	if s.Revision != revision || s.Device != document.Device || s.Settings.Passive.Stop != "indefinitely" || s.Settings.Privacy.URLs != "path" ||
		s.Settings.Schedule["mon"][0] != "08:00-17:00" || !s.Pause || !s.Logins[shared.LoginKey(anna)].Tracked || s.Agents.Buffer.Days != 60 || s.Notice.Version != 1 {
		t.Errorf("settings: %+v", s)
	}
	if found.Addresses[0] != "dayline.example.com:8443" {
		t.Errorf("trust: %q", found.Addresses)
	}
	m := found.Update
	if m.Step != "probation" || m.To != "1.1.0" || m.Watched != time.Minute || m.SHA256 != "aa" || m.Former != "bb" || !m.Connected || m.Wanting != "no answer" ||
		len(m.Failed) != 1 || !m.Failed[0].RolledBack || !m.Failed[0].At.Equal(noon) {
		t.Errorf("marker: %+v", m)
	}
}

// The test above means something only as long as the former release refuses what it does not know.
func TestTheFormerReleaseRefusesWhatItCannotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "buffer.db")
	fill(t, path)
	text, err := os.ReadFile(path)
	must(t, err)
	for n := 2 * os.Getpagesize(); n < len(text); n++ {
		text[n] ^= 1
	}
	must(t, os.WriteFile(path, text, 0o600))
	if _, err := ReadBuffer(path); err == nil {
		t.Error("a damaged buffer was read")
	}
	if _, err := decodeRecord(append([]byte{3}, stream.AppendRecord(nil, made(1))[1:]...)); err == nil {
		t.Error("a later record was read")
	}
}
