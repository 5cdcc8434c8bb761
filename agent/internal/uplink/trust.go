package uplink

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/dayline-project/dayline/shared/disk"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/token"
)

// keptSets: the newest trust and the one before, so that a rotation that goes wrong on one side can be undone.
const keptSets = 2

// clockStep is how far the collector's time moves on before it is written again.
const clockStep = time.Hour

// Trust is where the collector is found and how it is recognised: by the pins, or by the system's trust store. It is
// one or the other; a set of pins never falls back to the system (security.md §2).
type Trust struct {
	Addresses []string `json:"addresses"`
	// Mode is token.TrustPin or token.TrustSystem.
	Mode string `json:"mode"`
	// Pins are SHA-256 of each authority's SubjectPublicKeyInfo.
	Pins [][]byte `json:"pins,omitempty"`
}

// FromToken gives the trust of an enrolment string.
func FromToken(t token.Token) Trust {
	trust := Trust{Addresses: t.Addresses, Mode: t.Trust}
	if t.Trust == token.TrustPin {
		trust.Pins = [][]byte{t.Pin[:]}
	}
	return trust
}

// fromAnswer reads what a collector said of itself; an error where it could not be used.
func fromAnswer(answer *agentv1.Trust) (Trust, error) {
	trust := Trust{Addresses: answer.Addresses, Mode: answer.Mode, Pins: answer.Pins}
	return trust, trust.check()
}

func (t Trust) check() error {
	if len(t.Addresses) == 0 || len(t.Addresses) > token.MaxAddresses {
		return fmt.Errorf("uplink: trust: %d addresses", len(t.Addresses))
	}
	for _, address := range t.Addresses {
		if err := token.CheckAddress(address); err != nil {
			return fmt.Errorf("uplink: trust: %w", err)
		}
	}
	switch {
	case t.Mode == token.TrustSystem && len(t.Pins) == 0:
		return nil
	case t.Mode != token.TrustPin || len(t.Pins) == 0 || len(t.Pins) > 8:
		return fmt.Errorf("uplink: trust: mode %q with %d pins", t.Mode, len(t.Pins))
	case slices.ContainsFunc(t.Pins, func(pin []byte) bool { return len(pin) != 32 }):
		return errors.New("uplink: trust: a pin is not 32 bytes long")
	}
	return nil
}

func (t Trust) equal(other Trust) bool {
	return t.Mode == other.Mode && slices.Equal(t.Addresses, other.Addresses) &&
		slices.EqualFunc(t.Pins, other.Pins, func(a, b []byte) bool { return string(a) == string(b) })
}

// Trusted is what the device trusts, kept in a file: the last two sets, newest first, and the last known time of the
// collector, by which certificates are judged where the device's own clock may be wrong.
type Trusted struct {
	mu   sync.Mutex
	path string
	kept kept
	// writtenMS is the time as last written.
	writtenMS int64
}

type kept struct {
	Sets            []Trust `json:"sets"`
	CollectorTimeMS int64   `json:"collector_time_ms,omitempty"`
}

// NewTrusted begins with one set and writes it.
func NewTrusted(path string, first Trust, collectorTime time.Time) (*Trusted, error) {
	if err := first.check(); err != nil {
		return nil, err
	}
	t := &Trusted{path: path, kept: kept{Sets: []Trust{first}, CollectorTimeMS: collectorTime.UnixMilli()}}
	return t, t.save()
}

// LoadTrusted reads the file. fs.ErrNotExist says that there is none.
func LoadTrusted(path string) (*Trusted, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("uplink: load trust: %w", fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("uplink: load trust: %w", err)
	}
	t := &Trusted{path: path}
	if err := json.Unmarshal(raw, &t.kept); err != nil {
		return nil, fmt.Errorf("uplink: load trust: %w", err)
	}
	for _, set := range t.kept.Sets {
		if err := set.check(); err != nil {
			return nil, err
		}
	}
	if len(t.kept.Sets) == 0 {
		return nil, errors.New("uplink: load trust: it is empty")
	}
	t.writtenMS = t.kept.CollectorTimeMS
	return t, nil
}

// Sets gives the sets to try, newest first.
func (t *Trusted) Sets() []Trust {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.kept.Sets)
}

// CollectorTime is the latest the collector told; the zero time if it never did.
func (t *Trusted) CollectorTime() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept.CollectorTimeMS == 0 {
		return time.Time{}
	}
	return time.UnixMilli(t.kept.CollectorTimeMS)
}

// Learn takes over what an answer said: a trust that differs from the newest becomes the newest (nil says nothing new).
func (t *Trusted) Learn(answer *agentv1.Trust, collectorTimeMS int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if collectorTimeMS > t.kept.CollectorTimeMS {
		t.kept.CollectorTimeMS = collectorTimeMS
	}
	write := t.kept.CollectorTimeMS-t.writtenMS > clockStep.Milliseconds()
	if answer != nil {
		trust, err := fromAnswer(answer)
		if err != nil {
			return err
		}
		if !trust.equal(t.kept.Sets[0]) {
			t.kept.Sets = slices.Insert(slices.DeleteFunc(t.kept.Sets, trust.equal), 0, trust)
			t.kept.Sets = t.kept.Sets[:min(len(t.kept.Sets), keptSets)]
			write = true
		}
	}
	if !write {
		return nil
	}
	return t.save()
}

func (t *Trusted) save() error {
	raw, err := json.Marshal(t.kept)
	if err == nil {
		err = disk.Replace(t.path, raw)
	}
	if err != nil {
		return fmt.Errorf("uplink: save trust: %w", err)
	}
	t.writtenMS = t.kept.CollectorTimeMS
	return nil
}
