// Package settings keeps the last good settings document on disk and says what it allows a login. Without a good
// document nothing is captured.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

// Features this agent has, for settings that require some.
var Features = []string{}

const (
	// leastEvery bounds what a document may ask for: contacts cost both sides.
	leastEvery   = time.Second
	defaultEvery = 48 * time.Second
)

// Store is the document in force. It is safe for several goroutines.
type Store struct {
	path, ceilingPath string
	// changed is called after a document was taken over.
	changed func()

	mu     sync.Mutex
	device *settings.Device
	// since is when the document came to this device.
	since time.Time
	// problem says in people's words why nothing is captured; empty where something may be.
	problem string
	// refused says what was wrong with the newest document, of which the one before stayed in force.
	refused string
	ceiling *settings.Ceiling
	// ceilingProblem stops capture: a ceiling that cannot be read must not be taken for none.
	ceilingProblem string
}

// Open reads the document (a missing or damaged one is no error: it stops capture, Problem says so) and the device's
// own ceiling (an empty path or a missing file limits nothing).
func Open(path, ceilingPath string, changed func()) *Store {
	s := &Store{path: path, ceilingPath: ceilingPath, changed: changed}
	s.loadCeiling()
	device, err := load(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.problem = "no settings from the collector yet"
	case err != nil:
		s.problem = "the settings on this device are damaged; capture goes on when the collector has sent them again"
	default:
		s.device = device
		if info, err := os.Stat(path); err == nil {
			s.since = info.ModTime()
		}
	}
	return s
}

// The file is the revision, a line break, and the document: a changed byte no longer fits the revision.
func load(path string) (*settings.Device, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	revision, document, found := bytes.Cut(raw, []byte("\n"))
	if !found || settings.Revision(document) != string(revision) {
		return nil, errors.New("settings: load: the file is damaged")
	}
	return settings.ParseDevice(document)
}

// Apply takes over a newer document, durably. One that is not what its revision says, or out of range, is an error and
// leaves the old one in force.
func (s *Store) Apply(revision string, document []byte) error {
	device, err := settings.ParseDevice(document)
	if err == nil && settings.Revision(document) != revision {
		err = errors.New("settings: apply: the document does not fit its revision")
	}
	if err == nil {
		err = disk.Replace(s.path, append([]byte(revision+"\n"), document...))
	}
	s.mu.Lock()
	if err != nil {
		s.refused = err.Error()
		s.mu.Unlock()
		return fmt.Errorf("settings: apply: %w", err)
	}
	s.device, s.since, s.problem, s.refused = device, time.Now(), "", ""
	s.mu.Unlock()
	s.loadCeiling()
	s.changed()
	return nil
}

// loadCeiling reads the ceiling anew, so that an administrator's change holds from the next settings or start.
func (s *Store) loadCeiling() {
	if s.ceilingPath == "" {
		return
	}
	raw, err := readOwned(s.ceilingPath)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ceiling, s.ceilingProblem = nil, ""
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		s.ceiling, err = settings.ParseCeiling(raw)
	}
	if err != nil {
		s.ceilingProblem = "the ceiling " + s.ceilingPath + " cannot be used: " + err.Error()
	}
}

// Revision in force; empty before the first good document.
func (s *Store) Revision() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.device == nil {
		return ""
	}
	return s.device.Settings.Revision
}

// Since is when the document in force came to this device; the zero time before the first.
func (s *Store) Since() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since
}

// SyncEvery is the time between contacts while a session is in use.
func (s *Store) SyncEvery() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.device == nil || time.Duration(s.device.Agents.SyncEvery) < leastEvery {
		return defaultEvery
	}
	return time.Duration(s.device.Agents.SyncEvery)
}

// Buffer gives the caps; zeros before the first good document.
func (s *Store) Buffer() settings.Buffer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.device == nil {
		return settings.Buffer{}
	}
	return s.device.Agents.Buffer
}

// Records is the highest version of a record that the collector reads.
func (s *Store) Records() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.device == nil {
		return 1
	}
	return max(1, s.device.Agents.Records)
}

// Problem says why nothing is captured on this device, or what was wrong with newer settings; empty where all is well.
func (s *Store) Problem() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, problem := range []string{s.problem, s.ceilingProblem} {
		if problem != "" {
			return problem
		}
	}
	return s.refused
}

// For gives what holds for a login: nil, and the reason in people's words, where nothing may be captured at all.
func (s *Store) For(login stream.Login) (*settings.Effective, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.problem != "":
		return nil, s.problem
	case s.ceilingProblem != "":
		return nil, s.ceilingProblem
	}
	effective := s.device.For(login, Features, s.ceiling)
	return effective, effective.Reason
}
