package link

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/shared/release"
)

//go:embed page.html
var pageText string

//go:embed page.css
var style string

var pages = template.Must(template.New("page").Parse(pageText))

// headers are on every answer. The page loads nothing and runs nothing; its one style is named by its hash.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; img-src data:; style-src '" + styleHash() + "'; form-action 'none'; " +
		"frame-ancestors 'none'; base-uri 'none'",
	"X-Content-Type-Options": "nosniff",
	"X-Frame-Options":        "DENY",
	"X-Robots-Tag":           "noindex, nofollow",
	"Referrer-Policy":        "no-referrer",
	"Cache-Control":          "no-store",
	"Vary":                   "Accept-Language",
}

func styleHash() string {
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// shown is what the page says.
type shown struct {
	words
	Style template.CSS
	Title string
	// Told in the place of everything else.
	Told []string

	System, From, By, Left, Until string
	// Problem keeps everything from being installed.
	Problem string
	Version string
	// Key is named where browsers do not know the certificate.
	Key      string
	Packages []shownPackage
}

type shownPackage struct {
	release.Package
	For, Megabytes string
	// Download is where the button leads; empty: there is none.
	Download string
	// After the download, where that is not all.
	After   string
	Command Command
}

// tell answers with a page that says one thing.
func tell(w http.ResponseWriter, language string, status int, what string) {
	in := wordsOf(language)
	show(w, status, shown{words: in, Title: in.Say(what), Told: []string{in.Say(what + "Why")}})
}

func show(w http.ResponseWriter, status int, page shown) {
	page.Style = template.CSS(style)
	var text bytes.Buffer
	if err := pages.Execute(&text, page); err != nil {
		http.Error(w, "the collector failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(text.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // whoever left does not read it
}

// page shows a valid link.
func (h *handler) page(w http.ResponseWriter, r *http.Request, l collector.Link, secret string) error {
	door, err := h.Door()
	if err != nil {
		return err
	}
	in := wordsOf(languageOf(r))
	page := shown{
		words: in, System: in.Say(l.OS), From: door.name, By: l.CreatedBy,
		Key: door.Key(), Left: in.left(l.ExpiresAt.Sub(h.Now())), Until: l.ExpiresAt.UTC().Format("2006-01-02 15:04 UTC"),
	}
	page.Title = in.Say("title", page.System)
	chosen, err := h.Shelf.Choose(l.OS, h.Pinned(l.OS))
	if collector.CodeOf(err) == collector.NotFound {
		page.Problem = err.Error()
		show(w, http.StatusOK, page)
		return nil
	}
	if err != nil {
		return err
	}
	page.Version = chosen.Version.String()
	if page.Packages, err = h.packages(r.Context(), in, door, secret, l.OS, chosen); err != nil {
		return err
	}
	show(w, http.StatusOK, page)
	return nil
}

// packages shows those of a release for a system. One that is damaged keeps nobody from the others.
func (h *handler) packages(ctx context.Context, in words, door Door, secret, system string, chosen *shelf.Release) (all []shownPackage, err error) {
	installer, err := h.installer()
	if err != nil {
		return nil, err
	}
	for _, c := range door.Commands(secret, Packages(chosen, system)) {
		held, err := chosen.Package(system, c.Arch, c.Kind)
		if err != nil {
			h.Log.ErrorContext(ctx, "package not handed out", "file", c.Name, "error", err)
			continue
		}
		one := shownPackage{
			Package: c.Package, Command: c, For: in.Say("for_"+c.Kind) + in.Say("on_"+c.Arch),
			Megabytes: in.megabytes(c.Size), After: in.Say("after_" + c.Kind),
		}
		if _, carried := carry(held, installer); carried && door.Trusted() {
			one.Download = Path + secret + "/" + downloadBelow + c.Arch + "/" + c.Kind
		}
		all = append(all, one)
	}
	return all, nil
}

// kinds in the order in which most people want them.
var kinds = []string{release.MSI, release.Pkg, release.Deb, release.RPM, release.Tar}

// Packages that install a release on a system, those that most people want first.
func Packages(chosen *shelf.Release, system string) []release.Package {
	fit := slices.DeleteFunc(slices.Clone(chosen.Packages), func(p release.Package) bool { return p.OS != system || !p.Installs() })
	slices.SortFunc(fit, func(a, b release.Package) int {
		if by := slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind); by != 0 {
			return by
		}
		return strings.Compare(a.Arch, b.Arch)
	})
	return fit
}

// left tells how long a link goes on, never longer than it does.
func (in words) left(d time.Duration) string {
	hours, minutes := int(d.Hours()), int(d.Minutes())
	switch {
	case hours >= 48:
		return in.Say("days", hours/24, hours%24)
	case hours >= 2:
		return in.Say("hours", hours, minutes%60)
	}
	return in.Say("minutes", minutes)
}

func (in words) megabytes(bytes int64) string {
	text := fmt.Sprintf("%.1f\u00a0MB", float64(bytes)/1e6)
	return strings.Replace(text, ".", in.Say("point"), 1)
}
