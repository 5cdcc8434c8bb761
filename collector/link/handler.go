package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/collector/stamp"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// Registry is what opening links needs of collector.Registry.
type Registry interface {
	LinkByAddress(ctx context.Context, addressHash [32]byte) (collector.Link, error)
	AddDownload(ctx context.Context, id string, secretHash [32]byte, at time.Time) error
}

// Shelf has the releases.
type Shelf interface {
	Choose(system, pinned string) (*shelf.Release, error)
	List() []*shelf.Release
}

// Misses counts the links asked for that there are none of, by network address.
type Misses interface {
	// Full: so many came from there that nothing more is answered.
	Full(address string) bool
	Add(address string)
}

// Options are the rooms that links open.
type Options struct {
	Registry Registry
	Shelf    Shelf
	// Pinned is the version that a system is pinned to; empty: none.
	Pinned func(system string) string
	// Enrolment gives a token lacking only its secret.
	Enrolment func() (token.Token, error)
	Door      func() (Door, error)
	Misses    Misses
	// Caller is the network address that a call is counted for.
	Caller func(*http.Request) string
	// Room refuses downloads that the disk has no place to write down.
	Room func() error
	// Audit writes a download down.
	Audit func(ctx context.Context, link collector.Link, detail map[string]any) error
	Now   func() time.Time
	Log   *slog.Logger
}

// Handler opens links below Path. Whoever has a link's address sees its page and downloads, while it is valid; others learn
// nothing, and soon not even that.
func Handler(o Options) http.Handler { return &handler{o} }

type handler struct{ Options }

// What lies below a link's address: packages/NAME is a package as it was released; download/ARCH/KIND one with an enrolment string of its
// own, and enroll that string alone.
const (
	packagesBelow = "packages/"
	downloadBelow = "download/"
	enrollBelow   = "enroll"
)

// ServeHTTP of http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	language := languageOf(r)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		tell(w, language, http.StatusMethodNotAllowed, "notRead")
		return
	}
	caller := h.Caller(r)
	if h.Misses.Full(caller) {
		w.Header().Set("Retry-After", "60")
		tell(w, language, http.StatusTooManyRequests, "tooMany")
		return
	}
	secret, below, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Path), "/")
	l, err := h.Registry.LinkByAddress(r.Context(), token.SecretHash(secret))
	if collector.CodeOf(err) == collector.NotFound {
		h.Misses.Add(caller)
		tell(w, language, http.StatusNotFound, "unknown")
		return
	}
	if err == nil {
		if state := State(l, h.Now()); state != Valid {
			tell(w, language, http.StatusGone, state)
			return
		}
		err = h.open(w, r, l, secret, below)
	}
	h.fail(w, r, err)
}

// fail answers with what kept a link from being opened, if anything did.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	language := languageOf(r)
	switch code := collector.CodeOf(err); {
	case err == nil || errors.Is(err, errBroken):
	case code == collector.Expired || code == collector.Revoked || code == collector.UsedUp:
		tell(w, language, http.StatusGone, states[code])
	case code == collector.NotFound:
		tell(w, language, http.StatusNotFound, "noPackage")
	case code == collector.NoSpace:
		w.Header().Set("Retry-After", "600")
		tell(w, language, http.StatusServiceUnavailable, "diskFull")
	default:
		h.Log.ErrorContext(r.Context(), "installer link not opened", "error", err)
		tell(w, language, http.StatusInternalServerError, "failed")
	}
}

// states that a refusal's code means.
var states = map[collector.Code]string{collector.Expired: Expired, collector.Revoked: Revoked, collector.UsedUp: UsedUp}

// errBroken: the answer began and did not come to its end; nothing can be said any more.
var errBroken = errors.New("link: the answer broke off")

func (h *handler) open(w http.ResponseWriter, r *http.Request, l collector.Link, secret, below string) error {
	if name, ok := strings.CutPrefix(below, packagesBelow); ok {
		return h.released(w, r, l, name)
	}
	if wanted, ok := strings.CutPrefix(below, downloadBelow); ok {
		return h.stamped(w, r, l, wanted)
	}
	switch below {
	case "":
		return h.page(w, r, l, secret)
	case enrollBelow:
		return h.enrolmentString(w, r, l)
	}
	return collector.Refuse(collector.NotFound, "", "a link has no %q", below)
}

// released serves a package of any release on the shelf, as it is: commands go on while a newer one is added.
func (h *handler) released(w http.ResponseWriter, r *http.Request, l collector.Link, name string) error {
	for _, one := range h.Shelf.List() {
		at := slices.IndexFunc(one.Packages, func(p release.Package) bool { return p.Name == name && p.OS == l.OS && p.Installs() })
		if at < 0 || one.Problem != nil {
			continue
		}
		held, err := one.Package(l.OS, one.Packages[at].Arch, one.Packages[at].Kind)
		if err != nil {
			return err
		}
		attach(w, name)
		w.Header().Set("ETag", `"`+held.SHA256+`"`)
		http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(held, 0, held.Size))
		return nil
	}
	return collector.Refuse(collector.NotFound, "", "no release has %q", name)
}

// stamped serves a package of the chosen release with an enrolment string. It is made anew each time, so that no part of it
// fits to a part of another.
func (h *handler) stamped(w http.ResponseWriter, r *http.Request, l collector.Link, wanted string) error {
	arch, kind, _ := strings.Cut(wanted, "/")
	chosen, err := h.Shelf.Choose(l.OS, h.Pinned(l.OS))
	if err != nil {
		return err
	}
	held, err := chosen.Package(l.OS, arch, kind)
	if err != nil {
		return err
	}
	if !held.Installs() {
		return collector.Refuse(collector.NotFound, "", "%s installs nothing", held.Name)
	}
	installer, err := h.installer()
	if err != nil {
		return err
	}
	name, carried := carry(held, installer)
	if !carried {
		return collector.Refuse(collector.NotFound, "", "%s carries no enrolment string", held.Name)
	}
	out, err := held.Stamp.With(installer.Encode())
	if err != nil {
		return err
	}
	if err := h.count(r, l, installer, map[string]any{"version": chosen.Version.String(), "kind": kind, "arch": arch}); err != nil {
		return err
	}
	attach(w, name)
	w.Header().Set("Content-Length", strconv.FormatInt(out.Size(), 10))
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(w, out); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return nil
}

// carry gives the name of what is downloaded with a token, and whether it carries it at all.
func carry(held *shelf.Held, installer token.Token) (name string, carried bool) {
	const longest = 255 // bytes of a file's name, wherever it may be saved
	switch held.Stamp.Carrier() {
	case stamp.Inside:
		return held.Name, true
	case stamp.Beside:
		return held.Name + ".tar", true
	case stamp.Name:
		installer.Addresses = installer.Addresses[:1] // a name has little room, and agents learn the others where they come in
		name = "Dayline-" + installer.Encode() + "." + held.Kind
		return name, len(name) <= longest
	}
	return "", false
}

// enrolmentString serves one alone, for a file beside a package as it was released.
func (h *handler) enrolmentString(w http.ResponseWriter, r *http.Request, l collector.Link) error {
	installer, err := h.installer()
	if err != nil {
		return err
	}
	if err := h.count(r, l, installer, map[string]any{"kind": "enrolment string"}); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, installer.Encode())
	return nil
}

// installer gives a token with a secret of its own, which enrols nobody before it is counted.
func (h *handler) installer() (token.Token, error) {
	installer, err := h.Enrolment()
	installer.Secret = token.NewSecret()
	return installer, err
}

// count makes a token's secret enrol, and writes down who has it. With HEAD nobody gets it.
func (h *handler) count(r *http.Request, l collector.Link, installer token.Token, detail map[string]any) error {
	if r.Method == http.MethodHead {
		return nil
	}
	if err := h.Room(); err != nil {
		return err
	}
	// Whoever hangs up now must not have a secret that the audit log does not know.
	ctx := context.WithoutCancel(r.Context())
	if err := h.Registry.AddDownload(ctx, l.ID, token.SecretHash(installer.Secret), h.Now()); err != nil {
		return err
	}
	detail["os"], detail["address"] = l.OS, h.Caller(r)
	return h.Audit(ctx, l, detail)
}

// attach has a browser save what follows. The name has no character that ends a quoting.
func attach(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}
