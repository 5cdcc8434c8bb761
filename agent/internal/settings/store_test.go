package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

var anna = stream.Login{Account: "anna", Name: `PC\anna`}

// document is a good one that speaks of anna.
func document(t *testing.T, change func(*settings.Device)) (string, []byte) {
	t.Helper()
	device := &settings.Device{
		Device: "d-0123456789abcdef",
		Settings: episode.Settings{
			Passive: episode.PassiveSettings{Start: episode.Duration(2 * time.Minute), Stop: episode.Duration(5 * time.Minute)},
			Active:  episode.ActiveSettings{Limit: episode.Duration(time.Hour)},
			Settle:  episode.Duration(2 * time.Second),
			Privacy: episode.Privacy{Titles: true, URLs: episode.URLsPath},
		},
		Browsers: settings.Browsers{UnknownPrivate: "blank"},
		Logins:   map[string]settings.Login{settings.LoginKey(anna): {Tracked: true}},
		Agents:   settings.Agents{SyncEvery: episode.Duration(48 * time.Second), Buffer: settings.Buffer{Bytes: 64_000_000, Days: 60}},
	}
	if change != nil {
		change(device)
	}
	revision, raw, err := device.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return revision, raw
}

func TestNothingIsCapturedBeforeTheFirstGoodSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "settings")
	changes := 0
	s := Open(path, "", func() { changes++ })
	if effective, reason := s.For(anna); effective != nil || reason == "" || s.Revision() != "" {
		t.Fatalf("without settings: %v %q", effective, reason)
	}
	revision, raw := document(t, func(d *settings.Device) { d.Settings.Passive.Start = episode.Duration(time.Hour) })
	if err := s.Apply(revision, raw); err == nil || changes != 0 {
		t.Fatalf("a value out of range was taken over: %v", err)
	}
	revision, raw = document(t, nil)
	if err := s.Apply("r-0000000000000000", raw); err == nil {
		t.Fatal("a document with another's revision was taken over")
	}
	if err := s.Apply(revision, raw); err != nil || changes != 1 {
		t.Fatal(err, changes)
	}
	again := Open(path, "", func() {})
	if since := s.Since(); since.IsZero() || again.Since().Sub(since).Abs() > time.Minute {
		t.Errorf("in force since %s, and after a start since %s", since, again.Since())
	}
	effective, reason := again.For(anna)
	if effective == nil || !effective.Collect() || reason != "" || again.Revision() != revision || effective.Settings.Revision != revision {
		t.Fatalf("after a restart: %+v %q", effective, reason)
	}
	stranger, _ := again.For(stream.Login{Account: "bert", Name: `PC\bert`})
	if stranger.Collect() {
		t.Fatal("a login the collector was not asked about is recorded")
	}
}

// Every single damaged byte of the file stops capture.
func TestDamagedSettingsStopCapture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "settings")
	revision, raw := document(t, nil)
	if err := Open(path, "", func() {}).Apply(revision, raw); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range good {
		bad := append([]byte(nil), good...)
		bad[at] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s := Open(path, "", func() {})
		if effective, reason := s.For(anna); effective != nil || !strings.Contains(reason, "damaged") || s.Revision() != "" {
			t.Fatalf("byte %d changed: %v %q", at, effective, reason)
		}
	}
}

func TestTheCeilingHolds(t *testing.T) {
	folder := t.TempDir()
	ceiling := filepath.Join(folder, "ceiling.json")
	write := func(text string, mode os.FileMode) *Store {
		t.Helper()
		if err := os.WriteFile(ceiling, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(ceiling, mode); err != nil {
			t.Fatal(err)
		}
		s := Open(filepath.Join(folder, "settings"), ceiling, func() {})
		revision, raw := document(t, nil)
		if err := s.Apply(revision, raw); err != nil {
			t.Fatal(err)
		}
		return s
	}
	effective, _ := write(`{"privacy":{"titles":false,"urls":"host"}}`, 0o644).For(anna)
	if effective == nil || effective.Settings.Privacy.Titles || effective.Settings.Privacy.URLs != episode.URLsHost {
		t.Errorf("the ceiling does not hold: %+v", effective)
	}
	if effective, reason := write(`{"privacy":{"tittles":false}}`, 0o644).For(anna); effective != nil || !strings.Contains(reason, "ceiling") {
		t.Errorf("a misspelt ceiling was taken for none: %q", reason)
	}
	if effective, reason := write(`{}`, 0o666).For(anna); effective != nil || !strings.Contains(reason, "root") {
		t.Errorf("a ceiling anybody may write was believed: %q", reason)
	}
}
