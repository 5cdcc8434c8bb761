package observe

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestLabels(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program.exe")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	reads, said := 0, "Program"
	l := labels{
		read:   func(string) string { reads++; return said },
		remote: func(path string) bool { return strings.HasPrefix(path, `\\`) },
	}
	for range 3 {
		if got := l.of(Window{Path: path}); got != "Program" || reads != 1 {
			t.Errorf("%q after %d reads", got, reads)
		}
	}
	said = strings.Repeat("ü", 200)
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	if got := l.of(Window{Path: path}); got != strings.Repeat("ü", 127) || reads != 2 {
		t.Errorf("after an update %q, %d reads", got, reads)
	}
	for _, none := range []string{"", "program.exe", path + ".not", `\\share\program.exe`} {
		if got := l.of(Window{Path: none}); got != "" || reads != 2 {
			t.Errorf("%q: %q, %d reads", none, got, reads)
		}
	}
	for i := range maxProducts {
		other := path + strconv.Itoa(i)
		if err := os.Link(path, other); err != nil {
			t.Fatal(err)
		}
		l.of(Window{Path: other})
	}
	if len(l.known) > maxProducts {
		t.Errorf("%d labels are kept", len(l.known))
	}
}
