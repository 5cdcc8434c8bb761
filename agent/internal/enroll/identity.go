// Package enroll finds the enrolment string, trades it for a device identity, and keeps that identity. The private key
// is made on the device and never leaves it.
package enroll

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/dayline-project/dayline/shared/disk"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/token"
)

// Names of the files in the state folder.
const (
	identityFile = "identity.json"
	pendingFile  = "enrolling.json"
	trustFile    = "trust.json"
)

// ErrNotEnrolled: there is no identity yet.
var ErrNotEnrolled = errors.New("this device is not enrolled")

// Sealer binds the key to the scope of the service's account, where the system can do more than a file that only that
// account may read.
type Sealer interface {
	Seal(plain []byte) ([]byte, error)
	Open(sealed []byte) ([]byte, error)
}

// Identity is the device's own. It is safe for several goroutines.
type Identity struct {
	mu     sync.Mutex
	path   string
	sealer Sealer
	stored stored
	key    ed25519.PrivateKey
}

// stored is the file.
type stored struct {
	Version    int                 `json:"version"`
	Collector  string              `json:"collector,omitempty"`
	Credential *agentv1.Credential `json:"credential,omitempty"`
	// SealedKey is the seed of the Ed25519 key.
	SealedKey []byte `json:"sealed_key"`
	// NextSealedKey is a key that a rekey was begun with and not finished.
	NextSealedKey []byte `json:"next_sealed_key,omitempty"`
}

// Load reads the identity in the state folder; ErrNotEnrolled where there is none.
func Load(folder string) (*Identity, error) {
	return load(filepath.Join(folder, identityFile))
}

func load(path string) (*Identity, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotEnrolled
	}
	if err != nil {
		return nil, fmt.Errorf("enroll: load identity: %w", err)
	}
	i := &Identity{path: path, sealer: sealer}
	if err := json.Unmarshal(raw, &i.stored); err != nil {
		return nil, fmt.Errorf("enroll: the identity is damaged; enrol again with --replace: %w", err)
	}
	if i.stored.Version != 1 {
		return nil, fmt.Errorf("enroll: load identity: written by a newer agent (version %d)", i.stored.Version)
	}
	if i.key, err = i.open(i.stored.SealedKey); err != nil {
		return nil, err
	}
	return i, nil
}

// Reseal seals the key for the account that runs this: another may have enrolled the device.
func (i *Identity) Reseal() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	sealed, err := i.sealer.Seal(i.key.Seed())
	if err != nil {
		return fmt.Errorf("enroll: reseal: %w", err)
	}
	if bytes.Equal(sealed, i.stored.SealedKey) {
		return nil
	}
	i.stored.SealedKey = sealed
	return i.save()
}

// begin makes a key and keeps it before anything is asked of a collector, so that an enrolment cut off after the
// collector's yes is repeated with the same key and gives the same device.
func begin(folder string) (*Identity, error) {
	path := filepath.Join(folder, pendingFile)
	i, err := load(path)
	if err == nil {
		return i, nil
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("enroll: make key: %w", err)
	}
	i = &Identity{path: path, sealer: sealer, key: key, stored: stored{Version: 1}}
	if i.stored.SealedKey, err = sealer.Seal(key.Seed()); err != nil {
		return nil, fmt.Errorf("enroll: seal key: %w", err)
	}
	return i, i.save()
}

// finish turns the key into an identity.
func (i *Identity) finish(collector string, credential *agentv1.Credential) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	pending := i.path
	i.path = filepath.Join(filepath.Dir(pending), identityFile)
	i.stored.Collector, i.stored.Credential = collector, credential
	if err := i.save(); err != nil {
		return err
	}
	if err := os.Remove(pending); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (i *Identity) save() error {
	raw, err := json.Marshal(i.stored)
	if err == nil {
		err = disk.Replace(i.path, raw)
	}
	if err != nil {
		return fmt.Errorf("enroll: save identity: %w", err)
	}
	return nil
}

func (i *Identity) open(sealed []byte) (ed25519.PrivateKey, error) {
	seed, err := i.sealer.Open(sealed)
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, errors.New("enroll: the device key cannot be read; enrol again with --replace")
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// Device is the id the collector gave.
func (i *Identity) Device() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.stored.Credential.GetDevice()
}

// Collector is the name the collector gave itself at enrolment.
func (i *Identity) Collector() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.stored.Collector
}

// Credential is the collector's word that the key is this device's.
func (i *Identity) Credential() *agentv1.Credential {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.stored.Credential
}

// Sign signs by the device key.
func (i *Identity) Sign(statement token.Statement) []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	return statement.Sign(i.key)
}

// Rekey makes a new key, lets replace trade it for a credential, and keeps both. The new key is kept first: a rekey cut
// off after the collector's yes is repeated with it.
func (i *Identity) Rekey(replace func(newKey ed25519.PrivateKey) (*agentv1.Credential, error)) error {
	i.mu.Lock()
	next, err := i.next()
	i.mu.Unlock()
	if err != nil {
		return err
	}
	credential, err := replace(next)
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.key = next
	i.stored.SealedKey, i.stored.NextSealedKey, i.stored.Credential = i.stored.NextSealedKey, nil, credential
	return i.save()
}

func (i *Identity) next() (ed25519.PrivateKey, error) {
	if i.stored.NextSealedKey != nil {
		return i.open(i.stored.NextSealedKey)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("enroll: make key: %w", err)
	}
	if i.stored.NextSealedKey, err = i.sealer.Seal(key.Seed()); err != nil {
		return nil, fmt.Errorf("enroll: seal key: %w", err)
	}
	return key, i.save()
}
