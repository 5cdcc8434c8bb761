package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// State is what the former release finds in a state folder; nil, or empty, is what is not there.
type State struct {
	Device    string    `json:"device"`
	Collector string    `json:"collector"`
	Addresses []string  `json:"addresses"`
	Settings  *Settings `json:"settings,omitempty"`
	Logins    []string  `json:"logins"`
	Update    *Marker   `json:"update,omitempty"`
	Buffer    *Buffer   `json:"buffer,omitempty"`
}

// Settings are the document in force, as far as an agent without it would do otherwise.
type Settings struct {
	Revision string `json:"revision"`
	Device   string `json:"device"`
	Settings struct {
		Passive struct {
			Start string `json:"start"`
			Stop  string `json:"stop"`
		} `json:"passive"`
		Active struct {
			Limit string `json:"limit"`
		} `json:"active"`
		Settle       string   `json:"settle"`
		AlwaysActive []string `json:"always_active"`
		Privacy      struct {
			Titles bool     `json:"titles"`
			URLs   string   `json:"urls"`
			Redact []string `json:"redact"`
		} `json:"privacy"`
		Schedule map[string][]string `json:"schedule"`
	} `json:"settings"`
	Browsers struct {
		UnknownPrivate string `json:"unknown_private"`
		Accessibility  bool   `json:"accessibility"`
	} `json:"browsers"`
	Pause  bool `json:"pause"`
	Logins map[string]struct {
		Tracked  bool                `json:"tracked"`
		Schedule map[string][]string `json:"schedule"`
	} `json:"logins"`
	DoNotTrackSalt   string   `json:"do_not_track_salt"`
	DoNotTrackHashes []string `json:"do_not_track_hashes"`
	Agents           struct {
		SyncEvery string `json:"sync_every"`
		Buffer    struct {
			Bytes int64 `json:"bytes"`
			Days  int   `json:"days"`
		} `json:"buffer"`
		Records int `json:"records"`
	} `json:"agents"`
	Notice *struct {
		Text        string `json:"text"`
		Version     int    `json:"version"`
		Acknowledge bool   `json:"acknowledge"`
	} `json:"notice"`
}

// Marker is how far an update is.
type Marker struct {
	Step      string        `json:"step"`
	From      string        `json:"from"`
	To        string        `json:"to"`
	Pinned    bool          `json:"pinned"`
	Now       bool          `json:"now"`
	Staged    string        `json:"staged"`
	SHA256    string        `json:"sha256"`
	Former    string        `json:"former"`
	Connected bool          `json:"connected"`
	Watched   time.Duration `json:"watched_ns"`
	Wanting   string        `json:"wanting"`
	Failed    []struct {
		Version    string    `json:"version"`
		Step       string    `json:"step"`
		Reason     string    `json:"reason"`
		At         time.Time `json:"at"`
		RolledBack bool      `json:"rolled_back"`
	} `json:"failed"`
}

// Read reads a state folder whose service does not run. What the former release could not read is an error.
func Read(folder string) (*State, error) {
	s := &State{}
	for name, read := range map[string]func(raw []byte) error{
		"identity.json": s.readIdentity, "trust.json": s.readTrust, "settings": s.readSettings, "logins.json": s.readLogins,
		"update/marker.json": func(raw []byte) error { return json.Unmarshal(raw, &s.Update) },
	} {
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = read(raw)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	var err error
	if s.Buffer, err = ReadBuffer(filepath.Join(folder, "buffer.db")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("buffer.db: %w", err)
	}
	return s, nil
}

func (s *State) readIdentity(raw []byte) error {
	var stored struct {
		Version    int    `json:"version"`
		Collector  string `json:"collector"`
		Credential *struct {
			Device string `json:"device"`
		} `json:"credential"`
		SealedKey []byte `json:"sealed_key"`
	}
	if err := json.Unmarshal(raw, &stored); err != nil {
		return err
	}
	if stored.Version != 1 || stored.Credential == nil || len(stored.SealedKey) == 0 {
		return errors.New("it is of no use")
	}
	s.Collector, s.Device = stored.Collector, stored.Credential.Device
	return nil
}

func (s *State) readTrust(raw []byte) error {
	var kept struct {
		Sets []struct {
			Addresses []string `json:"addresses"`
			Mode      string   `json:"mode"`
			Pins      [][]byte `json:"pins"`
		} `json:"sets"`
	}
	if err := json.Unmarshal(raw, &kept); err != nil {
		return err
	}
	for _, set := range kept.Sets {
		if len(set.Addresses) == 0 || set.Mode != "system" && (set.Mode != "pin" || len(set.Pins) == 0) {
			return errors.New("it is of no use")
		}
	}
	s.Addresses = kept.Sets[0].Addresses
	return nil
}

func (s *State) readSettings(raw []byte) error {
	revision, document, found := bytes.Cut(raw, []byte("\n"))
	sum := sha256.Sum256(document)
	if !found || "r-"+hex.EncodeToString(sum[:8]) != string(revision) {
		return errors.New("the document does not fit its revision")
	}
	if err := json.Unmarshal(document, &s.Settings); err != nil {
		return err
	}
	for _, length := range []string{s.Settings.Settings.Passive.Start, s.Settings.Settings.Passive.Stop, s.Settings.Settings.Active.Limit,
		s.Settings.Settings.Settle, s.Settings.Agents.SyncEvery} {
		if _, err := time.ParseDuration(length); err != nil && length != "indefinitely" {
			return err
		}
	}
	s.Settings.Revision = string(revision)
	return nil
}

func (s *State) readLogins(raw []byte) error {
	var seen []struct {
		Account string `json:"account"`
		Day     string `json:"day"`
	}
	if err := json.Unmarshal(raw, &seen); err != nil {
		return err
	}
	for _, one := range seen {
		if _, err := time.Parse(time.DateOnly, one.Day); err != nil {
			return err
		}
		s.Logins = append(s.Logins, one.Account)
	}
	return nil
}
