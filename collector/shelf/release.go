package shelf

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/stamp"
	"github.com/dayline-project/dayline/shared/release"
)

// Release is one version on the shelf.
type Release struct {
	// Manifest as it was added; its Packages are those on the shelf, which may be fewer than were released.
	release.Manifest
	Version release.Version
	// Problem: what lies there is no release of this version; nothing of it is handed out.
	Problem error

	// letters are the manifest and what signed it, by name, as they were added.
	letters map[string][]byte
	held    []*holding
	// withheld systems, and why they are not handed this version.
	withheld map[string]error
}

// Held is a package as it lies on the shelf, verified.
type Held struct {
	release.Package
	// Stamp puts an enrolment string into it, on its way out; nil for an update.
	Stamp *stamp.Package
	// ReaderAt of the whole file, as it was released. It goes on after a Remove: the file ends with its last reader.
	io.ReaderAt
}

// holding is a package that is verified when it is first asked for.
type holding struct {
	release.Package
	file string

	mu   sync.Mutex
	held *Held
}

func loadRelease(dir string, version release.Version, by Vouched) *Release {
	one := &Release{Version: version, withheld: map[string]error{}}
	text, signatures, err := readSigned(filepath.Join(dir, release.ManifestName))
	if err != nil {
		one.Problem = fmt.Errorf("shelf: %w", err)
	} else {
		one.Manifest, one.Problem = by.manifest(text, signatures)
	}
	if one.Problem == nil && one.Manifest.Version != version.String() {
		one.Problem = fmt.Errorf("shelf: %s has the manifest of %s", dir, one.Manifest.Version)
	}
	if one.Problem != nil {
		return one
	}
	one.letters = lettersOf(release.ManifestName, text, signatures)
	one.Packages = slices.DeleteFunc(one.Packages, func(p release.Package) bool {
		_, err := os.Stat(filepath.Join(dir, p.Name))
		return errors.Is(err, fs.ErrNotExist)
	})
	for _, p := range one.Packages {
		one.held = append(one.held, &holding{Package: p, file: filepath.Join(dir, p.Name)})
		if err := by.allows(p.OS, version); err != nil {
			one.withheld[p.OS] = err
		}
	}
	return one
}

// adopt takes over what another of the same version verified.
func (r *Release) adopt(other *Release) {
	for i, h := range r.held {
		if at := slices.IndexFunc(other.held, func(o *holding) bool { return o.Package == h.Package }); at >= 0 {
			r.held[i] = other.held[at]
		}
	}
}

// fits tells whether there are packages that install it on a system.
func (r *Release) fits(system string) bool {
	return slices.ContainsFunc(r.Packages, func(p release.Package) bool { return p.OS == system && p.Installs() })
}

// mayGo tells why a system is not handed this version.
func (r *Release) mayGo(system string) error {
	if r.Problem != nil {
		return fmt.Errorf("%s: %w", r.Version, r.Problem)
	}
	return r.withheld[system]
}

// Package gives the package of a kind for a system and a processor. NotFound where the release has none, or it is withheld; any
// other error: what is there is not what was added.
func (r *Release) Package(system, arch, kind string) (*Held, error) {
	at := slices.IndexFunc(r.held, func(h *holding) bool { return h.OS == system && h.Arch == arch && h.Kind == kind })
	if at < 0 {
		return nil, collector.Refuse(collector.NotFound, "", "release %s has no %s for %s on %s on the shelf: %s", r.Version, kind, system, arch, howToAdd)
	}
	if err := r.mayGo(system); err != nil {
		return nil, collector.Refuse(collector.NotFound, "", "%v", err)
	}
	return r.held[at].verified()
}

// verified gives the package, once it is what the manifest says. Its file stays open as long as somebody has it, and is closed
// when the garbage is collected.
func (h *holding) verified() (*Held, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held != nil {
		return h.held, nil
	}
	file, err := os.Open(h.file)
	if err != nil {
		return nil, fmt.Errorf("shelf: %w", err)
	}
	if h.held, err = verify(file, h.Package); err != nil {
		return nil, errors.Join(fmt.Errorf("shelf: %s: %w", h.file, err), file.Close())
	}
	return h.held, nil
}

func verify(file *os.File, p release.Package) (*Held, error) {
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(file, p.Size+1))
	if err != nil {
		return nil, err
	}
	if n != p.Size {
		return nil, fmt.Errorf("it is not the file that %s lists, which has %d bytes", release.ManifestName, p.Size)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != p.SHA256 {
		return nil, fmt.Errorf("it is not the file that %s lists: its SHA-256 is %s, and not %s", release.ManifestName, got, p.SHA256)
	}
	held := &Held{Package: p, ReaderAt: file}
	if p.Installs() {
		held.Stamp, err = stamp.Open(p.Kind, file, p.Size)
	}
	return held, err
}
