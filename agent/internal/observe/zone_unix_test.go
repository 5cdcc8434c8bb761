//go:build unix

package observe

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// zoneOf is the file of a zone that is always that much ahead (tzfile(5)): no transitions, one type, one name.
func zoneOf(ahead int32) []byte {
	file := append([]byte("TZif"), make([]byte, 16)...)
	for _, count := range []uint32{0, 0, 0, 0, 1, 4} {
		file = binary.BigEndian.AppendUint32(file, count)
	}
	file = binary.BigEndian.AppendUint32(file, uint32(ahead))
	return append(file, 0, 0, 'Z', 'O', 'N', 0)
}

func TestZone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "localtime")
	set := func(ahead int32, changed time.Time) {
		t.Helper()
		if err := os.WriteFile(path, zoneOf(ahead), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, changed, changed); err != nil {
			t.Fatal(err)
		}
	}
	offset := func(z *zone) int { return offsetOf(noon.In(z.location)) }
	set(9*3600, noon)
	z := openZone(path)
	if got := offset(z); got != 9*3600 {
		t.Errorf("%d s ahead", got)
	}
	set(5*3600+1800, noon.Add(time.Second))
	z.refresh()
	if got := offset(z); got != 5*3600+1800 {
		t.Errorf("after the change %d s ahead", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if z.refresh(); offset(z) != 5*3600+1800 {
		t.Error("a zone that is gone changed something")
	}
	if openZone("").location != time.Local {
		t.Error("without a file the zone is the runtime's")
	}
}
