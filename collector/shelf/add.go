package shelf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/release"
)

// maxReleases on the shelf: each package that was asked for is an open file.
const maxReleases = 16

// incoming begins the names of folders that are being filled.
const incoming = ".adding-"

// Next gives files one after the other, by name: the letters (IsLetter), then the packages of the release; io.EOF after the last.
// A file is read before the next is asked for.
type Next func() (name string, content io.Reader, err error)

// Added is what became of an upload.
type Added struct {
	// Release that was sent; nil: none.
	Release *Release
	// Channel that the shelf has now; nil: it is as it was.
	Channel *release.Channel
	// Trusted is the version of the keys that count now; 0: it is as it was.
	Trusted int
}

// Add puts packages of one version on the shelf, each compared with the manifest and opened as downloads will open it, and later keys
// and channels: all of them or, after an error, none. A version that is there already gets those of its packages that it lacks, and
// its new signatures; Conflict where it was released otherwise.
func (r *Releases) Add(next Next) (added Added, err error) {
	if !r.adding.TryLock() {
		return added, collector.Refuse(collector.Conflict, "", "another release is being added or removed; try again when that is done")
	}
	defer r.adding.Unlock()
	letters, next, err := readLetters(next)
	if err != nil {
		return added, err
	}
	by, fresh, err := vouch(r.dir, r.built, letters)
	if err != nil {
		return added, refuse(err)
	}
	text, withRelease := letters[release.ManifestName]
	var manifest release.Manifest
	if withRelease {
		if manifest, err = by.manifest(text, letters[release.ManifestName+release.SignatureEnding]); err != nil {
			return added, refuse(err)
		}
	}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return added, fmt.Errorf("shelf: add: %w", err)
	}
	dir, err := os.MkdirTemp(r.dir, incoming)
	if err != nil {
		return added, fmt.Errorf("shelf: add: %w", err)
	}
	defer os.RemoveAll(dir) // what was placed is no longer in it
	var version release.Version
	if withRelease {
		if version, err = r.receiveRelease(dir, manifest, letters, next); err != nil {
			return added, err
		}
	}
	if err := by.keep(r.dir, fresh, letters); err != nil {
		return added, fmt.Errorf("shelf: add: %w", err)
	}
	if len(fresh) > 0 {
		added = addedOf(by, fresh)
		r.vouch(by)
	}
	if withRelease {
		if err := r.place(dir, version); err != nil {
			return added, fmt.Errorf("shelf: add: %w", err)
		}
		added.Release = loadRelease(filepath.Join(r.dir, version.String()), version, by)
		r.put(added.Release)
	}
	return added, nil
}

func addedOf(by Vouched, fresh []string) (added Added) {
	for _, name := range fresh {
		if name == release.ChannelName {
			added.Channel = by.Channel
		} else {
			added.Trusted = by.Trusted.Version
		}
	}
	return added
}

// readLetters gives the letters by name, and what follows them: nothing where none of them is a release's.
func readLetters(next Next) (letters map[string][]byte, rest Next, err error) {
	letters = map[string][]byte{}
	for {
		name, content, err := next()
		switch {
		case err == nil && IsLetter(name):
			if _, twice := letters[name]; twice || len(letters) >= maxLetters {
				return nil, nil, collector.Refuse(collector.BadRequest, "", "%s is there twice, or one file too many; nothing was changed", name)
			}
			if letters[name], err = io.ReadAll(io.LimitReader(content, release.MaxManifestBytes+1)); err != nil {
				return nil, nil, err
			}
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return nil, nil, err
		case len(letters) == 0 || err == nil && letters[release.ManifestName] == nil:
			return nil, nil, collector.Refuse(collector.BadRequest, "", "%s, which lists a release's packages, has to come first", release.ManifestName)
		}
		first := true
		return letters, func() (string, io.Reader, error) {
			if first {
				first = false
				return name, content, err
			}
			return next()
		}, nil
	}
}

// receiveRelease receives a release whose manifest was verified into a folder.
func (r *Releases) receiveRelease(dir string, manifest release.Manifest, letters map[string][]byte, next Next) (release.Version, error) {
	version, err := release.ParseVersion(manifest.Version)
	if err != nil {
		return version, refuse(err)
	}
	isThere, err := r.mayAdd(version, letters[release.ManifestName])
	if err != nil {
		return version, err
	}
	received, err := r.fill(dir, manifest, next)
	if err != nil {
		return version, err
	}
	if received == 0 && !isThere {
		return version, collector.Refuse(collector.BadRequest, "", "there are no packages with %s; nothing was changed", release.ManifestName)
	}
	for _, name := range []string{release.ManifestName, release.ManifestName + release.SignatureEnding} {
		if len(letters[name]) == 0 {
			continue
		}
		if err := disk.Create(filepath.Join(dir, name), bytes.NewReader(letters[name])); err != nil {
			return version, fmt.Errorf("shelf: add: %w", err)
		}
	}
	return version, nil
}

// mayAdd refuses a release that is another than the one of its version on the shelf, or one more than the shelf holds; and tells
// whether it is there.
func (r *Releases) mayAdd(version release.Version, text []byte) (isThere bool, err error) {
	there, err := os.ReadFile(filepath.Join(r.dir, version.String(), release.ManifestName))
	switch held := len(r.List()); {
	case errors.Is(err, fs.ErrNotExist) && held >= maxReleases:
		return false, collector.Refuse(collector.Conflict, "", "the shelf holds %d releases: `dayline-collector release remove VERSION` makes room", held)
	case errors.Is(err, fs.ErrNotExist), err == nil && string(there) == string(text):
		return err == nil, nil
	}
	return false, collector.Refuse(collector.Conflict, "", "release %s is on the shelf with other packages; `dayline-collector release remove %s` takes it off", version, version)
}

// fill receives the packages into a folder.
func (r *Releases) fill(dir string, manifest release.Manifest, next Next) (received int, err error) {
	for {
		name, content, err := next()
		if errors.Is(err, io.EOF) {
			return received, nil
		}
		if err != nil {
			return 0, err
		}
		at := slices.IndexFunc(manifest.Packages, func(p release.Package) bool { return p.Name == name })
		if at < 0 {
			return 0, collector.Refuse(collector.BadRequest, "", "%q is none of the packages that %s lists; nothing was changed", name, release.ManifestName)
		}
		if err := r.receive(filepath.Join(dir, name), manifest.Packages[at], content); err != nil {
			return 0, err
		}
		received++
	}
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
