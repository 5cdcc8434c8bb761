package update

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dayline-project/dayline/shared/disk"
)

// Folder of the state folder, in which all of this is kept.
const Folder = "update"

// markerFile in it.
const markerFile = "marker.json"

// Marker says how far an update is. It belongs to the service save in Swap and Probation, when it is the watcher's: only its owner
// writes it.
type Marker struct {
	// Step that is being done; empty: none.
	Step string `json:"step,omitempty"`
	// From and To are the versions before and after.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Order's.
	Pinned bool `json:"pinned,omitempty"`
	Now    bool `json:"now,omitempty"`
	// Staged is the file, or bundle, that was unpacked and verified, in the folder, and SHA256 its hash, hexadecimal. Former is that of the
	// program that ran till then.
	Staged string `json:"staged,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Former string `json:"former,omitempty"`
	// Connected: the collector answered, before the swap.
	Connected bool `json:"connected,omitempty"`
	// Blind: before the swap no helper was in any of the sessions that should be observed.
	Blind bool `json:"blind,omitempty"`
	// Watched is how long the new version was judged, while the computer was awake.
	Watched time.Duration `json:"watched_ns,omitempty"`
	// Wanting is why the old version is being put back; empty: it is not.
	Wanting string `json:"wanting,omitempty"`
	// Failed releases, newest first, one entry each.
	Failed []Failed `json:"failed,omitempty"`
}

// Failed is a release that did not come to run here, or did not stay.
type Failed struct {
	Version string `json:"version"`
	// Step at which it failed.
	Step   string    `json:"step"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	// RolledBack: it ran.
	RolledBack bool `json:"rolled_back,omitempty"`
}

// OfWatcher tells whether the marker is the watcher's.
func (m *Marker) OfWatcher() bool { return m.Step == Swap || m.Step == Probation }

const (
	// maxReason bounds a reason's characters, and maxFailed their number: the collector takes so much of a device's health.
	maxReason = 300
	maxFailed = 8
)

// fail notes a failure; of each version the last.
func (m *Marker) fail(one Failed) {
	if reason := []rune(one.Reason); len(reason) > maxReason {
		one.Reason = string(reason[:maxReason])
	}
	others := slices.DeleteFunc(slices.Clone(m.Failed), func(other Failed) bool { return other.Version == one.Version })
	m.Failed = slices.Insert(others, 0, one)
	m.Failed = m.Failed[:min(len(m.Failed), maxFailed)]
}

// LoadMarker reads the marker of a state folder; an empty one where there is none. One that cannot be read is an error: it is not
// known what runs.
func LoadMarker(state string) (*Marker, error) {
	text, err := os.ReadFile(filepath.Join(state, Folder, markerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return &Marker{}, nil
	}
	m := &Marker{}
	if err == nil {
		err = json.Unmarshal(text, m)
	}
	if err != nil {
		return nil, fmt.Errorf("update: marker: %w", err)
	}
	return m, nil
}

// Save writes it, whole and durably.
func (m *Marker) Save(state string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = disk.Replace(filepath.Join(state, Folder, markerFile), text)
	}
	if err != nil {
		return fmt.Errorf("update: marker: %w", err)
	}
	return nil
}
