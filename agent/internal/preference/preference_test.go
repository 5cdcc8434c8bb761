//go:build unix

package preference

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"howett.net/plist"
)

const (
	domain = "org.example.agent"
	key    = "EnrollmentString"
)

// set writes preferences as a profile would: binary, for everybody to read.
func set(t *testing.T, folder string, values any) string {
	t.Helper()
	raw, err := plist.Marshal(values, plist.BinaryFormat)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, domain+".plist")
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatAProfileSets(t *testing.T) {
	managed, local := t.TempDir(), t.TempDir()
	look := func(want string) {
		t.Helper()
		if got, err := Find([]string{managed, filepath.Join(managed, "none"), local}, domain, key); err != nil || got != want {
			t.Errorf("found %q, %v; want %q", got, err, want)
		}
	}
	look("")
	set(t, local, map[string]any{key: "dl1local"})
	look("dl1local")
	path := set(t, managed, map[string]any{"Other": 1})
	look("dl1local")
	set(t, managed, map[string]any{key: "dl1managed", "Other": 1})
	look("dl1managed")
	const asXML = `<?xml version="1.0"?><plist version="1.0"><dict><key>EnrollmentString</key><string>dl1xml</string></dict></plist>`
	if err := os.WriteFile(path, []byte(asXML), 0o644); err != nil {
		t.Fatal(err)
	}
	look("dl1xml")
}

func TestWhatAnybodyMaySetIsNotHeeded(t *testing.T) {
	folder := t.TempDir()
	path := set(t, folder, map[string]any{key: "dl1foreign"})
	for _, open := range []string{path, folder} {
		if err := os.Chmod(open, 0o777); err != nil {
			t.Fatal(err)
		}
		if got, err := Find([]string{folder}, domain, key); !errors.Is(err, ErrNotTrusted) || got != "" {
			t.Errorf("with %s open to others: %q, %v", open, got, err)
		}
		if err := os.Chmod(open, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere := set(t, t.TempDir(), map[string]any{key: "dl1foreign"})
	if err := errors.Join(os.Remove(path), os.Symlink(elsewhere, path)); err != nil {
		t.Fatal(err)
	}
	if got, err := Find([]string{folder}, domain, key); !errors.Is(err, ErrNotTrusted) || got != "" {
		t.Errorf("by a link: %q, %v", got, err)
	}
}

func TestPreferencesThatAreNone(t *testing.T) {
	folder := t.TempDir()
	path := set(t, folder, map[string]any{key: 7})
	if got, err := Find([]string{folder}, domain, key); err == nil {
		t.Errorf("found %q, a number", got)
	}
	// A text of 2^63 characters, whose length in bytes is 0.
	endless := "bplist00\x6f\x13\x80" + strings.Repeat("\x00", 7) + "\x08" + strings.Repeat("\x00", 6) + "\x01\x01" +
		strings.Repeat("\x00", 7) + "\x01" + strings.Repeat("\x00", 15) + "\x12"
	for _, raw := range []string{"bplist00", "<plist><dict><key>", "{", "\x00\xff", endless} {
		if err := os.WriteFile(path, []byte(raw), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := Find([]string{folder}, domain, key); err == nil {
			t.Errorf("found %q in %q", got, raw)
		}
	}
}

func FuzzParse(f *testing.F) {
	raw, err := plist.Marshal(map[string]any{key: "dl1", "Other": []any{1, true, 2.5}}, plist.BinaryFormat)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`<plist version="1.0"><dict><key>EnrollmentString</key><string>dl1</string></dict></plist>`))
	f.Add([]byte(`{ EnrollmentString = dl1; }`))
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = parse(raw, key) })
}
