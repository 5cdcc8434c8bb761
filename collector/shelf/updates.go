package shelf

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/release"
)

// Aim gives the release that agents of a system are to update to: the pinned version, else the channel's newest or, where that is
// not on the shelf, the newest there that is older, and no pre-release. NotFound says what is missing: agents take nothing without a
// channel that counts.
func (r *Releases) Aim(system, pinned string, now time.Time) (*Release, error) {
	by := r.Vouched()
	if err := by.Unheard(now); err != nil {
		return nil, err
	}
	refuse := func(format string, args ...any) (*Release, error) {
		return nil, collector.Refuse(collector.NotFound, "", format, args...)
	}
	var fit []*Release
	for _, one := range r.List() {
		if one.mayGo(system) == nil && one.updates(system) {
			fit = append(fit, one)
		}
	}
	if pinned != "" {
		return r.choosePinned(fit, system, pinned)
	}
	aim, there := by.Channel.Systems[system]
	newest, err := release.ParseVersion(aim.Newest)
	if !there || err != nil {
		return refuse("channel %d says nothing of %s: `dayline-collector release channel --newest %s=VERSION` does", by.Channel.Version, system, system)
	}
	at := slices.IndexFunc(fit, func(one *Release) bool {
		isOlder := one.Version.Compare(newest) < 0 && one.Version.String() == one.Version.Product()
		return one.Version == newest || isOlder
	})
	if at < 0 {
		return refuse("no update for %s up to %s, the channel's newest, is on the shelf: %s", system, newest, howToAdd)
	}
	return fit[at], nil
}

// Unheard tells why agents would take no release of the shelf, whichever it is: NotFound says what is missing.
func (v Vouched) Unheard(now time.Time) error {
	refuse := func(format string, args ...any) error {
		return collector.Refuse(collector.NotFound, "", format, args...)
	}
	switch {
	case v.Trusted.Version == 0:
		return refuse("this collector was built without release keys, so it cannot tell what agents may become")
	case v.Problem != nil:
		return refuse("%v", v.Problem)
	case v.Channel == nil:
		return refuse("there is no channel.json, without which agents take nothing: `dayline-collector release channel` signs one")
	case v.Channel.Expired(now):
		return refuse("channel %d expired on %s, and agents take nothing by it: `dayline-collector release channel` signs the next",
			v.Channel.Version, v.Channel.ExpiresAt.Format(time.DateOnly))
	}
	return nil
}

// updates tells whether there are packages that agents of a system update themselves by.
func (r *Release) updates(system string) bool {
	return slices.ContainsFunc(r.Packages, func(p release.Package) bool { return p.OS == system && !p.Installs() })
}

// UpdateFor gives what agents update themselves by, on a system with a processor as Go names it. NotFound where there is none.
func (r *Release) UpdateFor(system, arch string) (release.Package, error) {
	at := slices.IndexFunc(r.Packages, func(p release.Package) bool {
		return p.OS == system && (p.Arch == arch || p.Arch == release.Universal) && !p.Installs()
	})
	if at < 0 {
		return release.Package{}, collector.Refuse(collector.NotFound, "", "release %s has no update for %s on %s on the shelf", r.Version, system, arch)
	}
	return r.Packages[at], nil
}

// Handler hands out, below release.Path, what agents update themselves by, and what that is verified by; no installers. Whoever asks
// was let in before. Parts may be asked for (Range).
func (r *Releases) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "it is there to be read", http.StatusMethodNotAllowed)
			return
		}
		content, sum, err := r.file(strings.TrimPrefix(req.URL.Path, release.Path))
		switch {
		case collector.CodeOf(err) == collector.NotFound:
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		case err != nil:
			http.Error(w, "what lies on the shelf is not what was added", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("ETag", `"`+sum+`"`)
		http.ServeContent(w, req, "", time.Time{}, content)
	})
}

// file finds what a name below release.Path stands for, and gives its SHA-256.
func (r *Releases) file(name string) (content io.ReadSeeker, sum string, err error) {
	version, file, isOfRelease := strings.Cut(name, "/")
	if !isOfRelease {
		return letterIn(r.Vouched().letters, name)
	}
	all := r.List()
	at := slices.IndexFunc(all, func(one *Release) bool { return one.Version.String() == version })
	if at < 0 {
		return letterIn(nil, name)
	}
	for _, p := range all[at].Packages {
		if p.Name == file && !p.Installs() {
			held, err := all[at].Package(p.OS, p.Arch, p.Kind)
			if err != nil {
				return nil, "", err
			}
			return io.NewSectionReader(held, 0, held.Size), held.SHA256, nil
		}
	}
	return letterIn(all[at].letters, file)
}

func letterIn(letters map[string][]byte, name string) (content io.ReadSeeker, sum string, err error) {
	letter, there := letters[name]
	if !there {
		return nil, "", collector.Refuse(collector.NotFound, "", "this collector has no %.100q for agents", name)
	}
	hash := sha256.Sum256(letter)
	return bytes.NewReader(letter), hex.EncodeToString(hash[:]), nil
}
