//go:build unix

package observe

import (
	"os"
	"time"
)

// zone is the computer's time zone, read anew when it changes: the Go runtime reads it once, at start.
type zone struct {
	path     string
	location *time.Location
	seen     os.FileInfo
}

// systemZone is the zone of this computer.
func systemZone() *zone { return openZone(zoneFile()) }

// openZone takes the zone of a file; the runtime's own where the path is empty or the file is none.
func openZone(path string) *zone {
	z := &zone{path: path, location: time.Local}
	z.refresh()
	return z
}

// zoneFile is where the system keeps the zone; $TZ, which is for one process, never changes in it.
func zoneFile() string {
	if _, fixed := os.LookupEnv("TZ"); fixed {
		return ""
	}
	return "/etc/localtime"
}

// refresh reads the file again if it is another one, or was changed. One that cannot be read changes nothing.
func (z *zone) refresh() {
	if z.path == "" {
		return
	}
	info, err := os.Stat(z.path)
	if err != nil || z.seen != nil && os.SameFile(info, z.seen) && info.ModTime().Equal(z.seen.ModTime()) {
		return
	}
	const most = 1 << 20
	if info.Size() > most {
		return
	}
	data, err := os.ReadFile(z.path)
	if err != nil {
		return
	}
	location, err := time.LoadLocationFromTZData("Local", data)
	if err != nil {
		return
	}
	z.location, z.seen = location, info
}
