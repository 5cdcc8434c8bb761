package shelf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/release"
)

// ReleasesFolder is the name of the releases' shelf in a data folder: a folder for each version, named by it, with its manifest,
// its signatures and its packages; and beside them what is newest of the channel and each later version of the keys.
const ReleasesFolder = "releases"

// howToAdd is said wherever a release is missed.
const howToAdd = "`dayline-collector release add FILE…` puts one there"

// Releases are the versions of the agent that a collector hands out: packed and signed by whoever releases them.
// Safe for use by several at once.
type Releases struct {
	dir string
	// built are the keys that this build trusts; the zero ones: none.
	built release.Trusted
	// room refuses what the disk has no place for, in bytes.
	room func(bytes int64) error

	// adding is held while the shelf is changed, mu while it is looked at.
	adding sync.Mutex
	mu     sync.Mutex
	// held, newest first.
	held    []*Release
	vouched Vouched
}

// OpenReleases reads the shelf of a data folder. What lies there and is no release, or is signed by none of the keys that follow from
// built, is left there and handed out to nobody: its Problem says why. By zero keys any release is one. room refuses what there is
// no place for.
func OpenReleases(dataDir string, built release.Trusted, room func(bytes int64) error) (*Releases, error) {
	r := &Releases{dir: filepath.Join(dataDir, ReleasesFolder), built: built, room: room}
	r.vouched, _, _ = vouch(r.dir, built, nil) // nothing was sent that could be refused
	entries, err := os.ReadDir(r.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("shelf: %w", err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), incoming) { // a collector that was killed left it
			if err := os.RemoveAll(filepath.Join(r.dir, entry.Name())); err != nil {
				return nil, fmt.Errorf("shelf: %w", err)
			}
			continue
		}
		version, err := release.ParseVersion(entry.Name())
		if err != nil {
			continue // an administrator's own
		}
		r.put(loadRelease(filepath.Join(r.dir, entry.Name()), version, r.vouched))
	}
	return r, nil
}

// Vouched gives what the releases are verified by.
func (r *Releases) Vouched() Vouched {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.vouched
}

// vouch verifies all anew.
func (r *Releases) vouch(by Vouched) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.vouched = by
	for i, one := range r.held {
		r.held[i] = loadRelease(filepath.Join(r.dir, one.Version.String()), one.Version, by)
		r.held[i].adopt(one)
	}
}

// put takes a release in, in the place of the one of its version.
func (r *Releases) put(one *Release) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, there := r.find(one.Version)
	if there {
		one.adopt(r.held[at])
		r.held[at] = one
		return
	}
	r.held = slices.Insert(r.held, at, one)
}

// find gives where a version is or belongs.
func (r *Releases) find(version release.Version) (at int, there bool) {
	return slices.BinarySearchFunc(r.held, version, func(one *Release, v release.Version) int { return v.Compare(one.Version) })
}

// List gives every release, newest first.
func (r *Releases) List() []*Release {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.held)
}

// Choose gives the release to install on a system (release.Windows and so on): the pinned version where one is pinned, else the
// newest that has packages for it, a pre-release only where there is nothing else; never what was withdrawn, is below the floor or
// does not verify. NotFound says what to do.
func (r *Releases) Choose(system, pinned string) (*Release, error) {
	var fit []*Release
	var withheld error
	for _, one := range r.List() {
		if err := one.mayGo(system); err == nil && one.fits(system) {
			fit = append(fit, one)
		} else if err != nil && withheld == nil {
			withheld = err
		}
	}
	if pinned != "" {
		return r.choosePinned(fit, system, pinned)
	}
	if len(fit) == 0 && withheld != nil {
		return nil, collector.Refuse(collector.NotFound, "", "no release for %s on the shelf is handed out (%v): %s", system, withheld, howToAdd)
	}
	if len(fit) == 0 {
		return nil, collector.Refuse(collector.NotFound, "", "no release for %s is on the shelf: %s", system, howToAdd)
	}
	if at := slices.IndexFunc(fit, func(one *Release) bool { return one.Version.String() == one.Version.Product() }); at >= 0 {
		return fit[at], nil
	}
	return fit[0], nil
}

func (r *Releases) choosePinned(fit []*Release, system, pinned string) (*Release, error) {
	is := func(one *Release) bool { return one.Version.String() == pinned }
	if at := slices.IndexFunc(fit, is); at >= 0 {
		return fit[at], nil
	}
	all := r.List()
	if at := slices.IndexFunc(all, is); at >= 0 && all[at].mayGo(system) != nil {
		then := "pin another"
		if all[at].Problem != nil {
			then = fmt.Sprintf("`dayline-collector release remove %s`, then add it again as it was released", pinned)
		}
		return nil, collector.Refuse(collector.NotFound, "", "updates.%s is pinned to what is not handed out (%v): %s", system, all[at].mayGo(system), then)
	}
	there := "none"
	if len(fit) > 0 {
		there = ""
		for _, one := range fit {
			there += ", " + one.Version.String()
		}
	}
	return nil, collector.Refuse(collector.NotFound, "", "updates.%s is pinned to %s, which is not on the shelf for %s (there: %s): %s",
		system, pinned, system, strings.TrimPrefix(there, ", "), howToAdd)
}
