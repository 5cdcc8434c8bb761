package shelf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/release"
)

// maxReleases on the shelf: each package that was asked for is an open file.
const maxReleases = 16

// incoming begins the names of folders that are being filled.
const incoming = ".adding-"

// Next gives the files of a release one after the other, by name, the manifest first; io.EOF after the last. A file is read before
// the next is asked for.
type Next func() (name string, content io.Reader, err error)

// Add puts packages of one version on the shelf, each compared with the manifest and opened as downloads will open it: all of them
// or, after an error, none. A version that is there already gets those of its packages that it lacks; Conflict where it was
// released otherwise.
func (r *Releases) Add(next Next) (*Release, error) {
	if !r.adding.TryLock() {
		return nil, collector.Refuse(collector.Conflict, "", "another release is being added or removed; try again when that is done")
	}
	defer r.adding.Unlock()
	text, manifest, version, err := firstManifest(next)
	if err != nil {
		return nil, err
	}
	if err := r.mayAdd(version, text); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return nil, fmt.Errorf("shelf: add: %w", err)
	}
	dir, err := os.MkdirTemp(r.dir, incoming)
	if err != nil {
		return nil, fmt.Errorf("shelf: add: %w", err)
	}
	defer os.RemoveAll(dir) // what was placed is no longer in it
	if err := r.fill(dir, manifest, next); err != nil {
		return nil, err
	}
	if err := disk.Create(filepath.Join(dir, release.ManifestName), strings.NewReader(string(text))); err != nil {
		return nil, fmt.Errorf("shelf: add: %w", err)
	}
	if err := r.place(dir, version); err != nil {
		return nil, fmt.Errorf("shelf: add: %w", err)
	}
	added := loadRelease(filepath.Join(r.dir, version.String()), version)
	r.put(added)
	return added, nil
}

func firstManifest(next Next) ([]byte, release.Manifest, release.Version, error) {
	name, content, err := next()
	var text []byte
	switch {
	case errors.Is(err, io.EOF) || err == nil && name != release.ManifestName:
		err = collector.Refuse(collector.BadRequest, "", "%s, which lists a release's packages, has to come first", release.ManifestName)
	case err == nil:
		text, err = io.ReadAll(io.LimitReader(content, release.MaxManifestBytes+1))
	}
	if err != nil {
		return nil, release.Manifest{}, release.Version{}, err
	}
	manifest, err := release.ParseManifest(text)
	if err != nil {
		return nil, manifest, release.Version{}, refuse(err)
	}
	version, err := release.ParseVersion(manifest.Version)
	return text, manifest, version, err
}

// mayAdd refuses a release that is another than the one of its version on the shelf, or one more than the shelf holds.
func (r *Releases) mayAdd(version release.Version, text []byte) error {
	there, err := os.ReadFile(filepath.Join(r.dir, version.String(), release.ManifestName))
	switch held := len(r.List()); {
	case errors.Is(err, fs.ErrNotExist) && held >= maxReleases:
		return collector.Refuse(collector.Conflict, "", "the shelf holds %d releases: `dayline-collector release remove VERSION` makes room", held)
	case errors.Is(err, fs.ErrNotExist), err == nil && string(there) == string(text):
		return nil
	}
	return collector.Refuse(collector.Conflict, "", "release %s is on the shelf with other packages; `dayline-collector release remove %s` takes it off", version, version)
}

// fill receives the packages into a folder.
func (r *Releases) fill(dir string, manifest release.Manifest, next Next) error {
	received := 0
	for {
		name, content, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		at := slices.IndexFunc(manifest.Packages, func(p release.Package) bool { return p.Name == name })
		if at < 0 {
			return collector.Refuse(collector.BadRequest, "", "%q is none of the packages that %s lists; nothing was changed", name, release.ManifestName)
		}
		if err := r.receive(filepath.Join(dir, name), manifest.Packages[at], content); err != nil {
			return err
		}
		received++
	}
	if received == 0 {
		return collector.Refuse(collector.BadRequest, "", "there are no packages with %s; nothing was changed", release.ManifestName)
	}
	return nil
}

// receive writes a package, durably, and verifies what was written.
func (r *Releases) receive(name string, p release.Package, content io.Reader) error {
	if err := r.room(p.Size); err != nil {
		return err
	}
	// One byte more than belongs there is enough to see that it is another file.
	if err := disk.Create(name, io.LimitReader(content, p.Size+1)); errors.Is(err, fs.ErrExist) {
		return collector.Refuse(collector.BadRequest, "", "%s is there twice; nothing was changed", p.Name)
	} else if err != nil {
		return fmt.Errorf("shelf: add: %s: %w", p.Name, err)
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("shelf: add: %w", err)
	}
	defer file.Close()
	if _, err = verify(file, p); err != nil {
		return refuse(fmt.Errorf("%s: %w", p.Name, err))
	}
	return nil
}

func refuse(err error) error {
	return collector.Refuse(collector.BadRequest, "", "%v; nothing was changed", err)
}

// place moves a filled folder to where its version belongs or, where that is there, the packages into it.
func (r *Releases) place(dir string, version release.Version) error {
	if err := disk.SyncFolder(dir); err != nil {
		return err
	}
	to := filepath.Join(r.dir, version.String())
	if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
		return errors.Join(os.Rename(dir, to), disk.SyncFolder(r.dir), disk.SyncFolder(filepath.Dir(r.dir)))
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := os.Rename(filepath.Join(dir, file.Name()), filepath.Join(to, file.Name())); err != nil {
			return err
		}
	}
	return disk.SyncFolder(to)
}

// Remove takes a version off the shelf. NotFound where it is not there. Downloads that are going on end as they began.
func (r *Releases) Remove(version string) error {
	if !r.adding.TryLock() {
		return collector.Refuse(collector.Conflict, "", "another release is being added or removed; try again when that is done")
	}
	defer r.adding.Unlock()
	parsed, err := release.ParseVersion(version)
	if err != nil {
		return collector.Refuse(collector.BadRequest, "version", "%v", err)
	}
	if !slices.ContainsFunc(r.List(), func(one *Release) bool { return one.Version == parsed }) {
		return collector.Refuse(collector.NotFound, "version", "release %s is not on the shelf", version)
	}
	// Out of the way first, so that half of it is never there.
	gone := filepath.Join(r.dir, incoming+version)
	if err := os.Rename(filepath.Join(r.dir, version), gone); err != nil {
		return fmt.Errorf("shelf: remove: %w", err)
	}
	r.drop(parsed)
	if err := errors.Join(os.RemoveAll(gone), disk.SyncFolder(r.dir)); err != nil {
		return fmt.Errorf("shelf: remove: %w", err)
	}
	return nil
}

func (r *Releases) drop(version release.Version) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, _ := r.find(version)
	r.held = slices.Delete(r.held, at, at+1)
}
