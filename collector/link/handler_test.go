package link

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/collector/stamp"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// house is the handler with a registry, a shelf and a clock of the test's own.
type house struct {
	t        *testing.T
	registry *sqlite.Registry
	shelf    *shelf.Releases
	shelfDir string
	now      time.Time
	door     Door
	pinned   string
	full     error
	misses   misses
	audited  []map[string]any
	handler  http.Handler
}

type misses map[string]int

func (m misses) Full(address string) bool { return m[address] >= 3 }
func (m misses) Add(address string)       { m[address]++ }

func open(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: now, misses: misses{}, shelfDir: t.TempDir()}
	var err error
	if h.registry, err = sqlite.Open(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.registry.Close() })
	if h.shelf, err = shelf.OpenReleases(h.shelfDir, release.Trusted{}, func(int64) error { return nil }); err != nil {
		t.Fatal(err)
	}
	h.trust([32]byte{})
	h.handler = Handler(Options{
		Registry: h.registry, Shelf: h.shelf, Pinned: func(string) string { return h.pinned }, Misses: h.misses,
		Enrolment: func() (token.Token, error) { return base, nil }, Door: func() (Door, error) { return h.door, nil },
		Caller: func(r *http.Request) string { return r.RemoteAddr }, Room: func() error { return h.full },
		Audit: func(_ context.Context, l collector.Link, detail map[string]any) error {
			detail["link"] = l.ID
			h.audited = append(h.audited, detail)
			return nil
		},
		Now: func() time.Time { return h.now }, Log: slog.New(slog.DiscardHandler),
	})
	return h
}

func (h *house) trust(pin [32]byte) {
	h.t.Helper()
	var err error
	if h.door, err = NewDoor("https://dayline.example.com:8443", pin); err != nil {
		h.t.Fatal(err)
	}
}

// add puts a small release on the shelf, with updates, which are no link's.
func (h *house) add(version string) map[string][]byte {
	h.t.Helper()
	files := shelftest.Updating(h.t, version, release.Windows, release.Linux)
	if _, err := h.shelf.Add(shelftest.Sent(files)); err != nil {
		h.t.Fatal(err)
	}
	return files
}

func (h *house) link(request Request) Fresh {
	h.t.Helper()
	made, err := Issue(h.t.Context(), h.registry, request, limits, base, h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	return made
}

// ask gives status, headers and body of an answer.
func (h *house) ask(method, path string, pairs ...string) (int, http.Header, string) {
	h.t.Helper()
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr = "192.0.2.7"
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Set(pairs[i], pairs[i+1])
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w.Code, w.Result().Header, w.Body.String()
}

// enrolls tells whether a token lets a device in.
func (h *house) enrolls(n byte, installer token.Token) error {
	device := collector.Device{ID: "d-" + string(rune('a'+n)), PublicKey: bytes.Repeat([]byte{n}, 32), OS: "linux"}
	return h.registry.Enroll(h.t.Context(), token.SecretHash(installer.Secret), device, h.now)
}

func (h *house) parse(text string) token.Token {
	h.t.Helper()
	installer, err := token.Parse(text)
	if err != nil {
		h.t.Fatal(err)
	}
	return installer
}

func TestThePageHasWhatASystemNeeds(t *testing.T) {
	h := open(t)
	files := h.add("1.2.3")
	made := h.link(Request{OS: "windows", CreatedBy: "ada@example.com"})
	h.now = h.now.Add(time.Hour)
	status, header, page := h.ask("GET", Path+made.Secret)
	if status != http.StatusOK || header.Get("Cache-Control") != "no-store" || header.Get("Referrer-Policy") != "no-referrer" ||
		!strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Fatalf("%d, %v", status, header)
	}
	for _, want := range []string{
		"Install Dayline on Windows", "dayline.example.com", "ada@example.com", "another 2 days 23 h", "1.2.3",
		Path + made.Secret + "/download/amd64/msi", Path + made.Secret + "/download/arm64/msi", "curl.exe", "never hidden",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	for name := range files {
		if shown := strings.Contains(page, name); shown != strings.HasSuffix(name, ".msi") {
			t.Errorf("%s is shown: %v", name, shown)
		}
	}
	_, _, page = h.ask("GET", Path+made.Secret, "Accept-Language", "fr, de-AT;q=0.8, en;q=0.5")
	if !strings.Contains(page, `<html lang="de">`) || !strings.Contains(page, "Dayline unter Windows installieren") || !strings.Contains(page, "noch 2 Tage 23 Std.") {
		t.Error("no German page")
	}
	if len(h.audited) > 0 {
		t.Errorf("looking at a page is a download: %v", h.audited)
	}

	h.trust([32]byte{1})
	if _, _, page = h.ask("GET", Path+made.Secret); strings.Contains(page, "/download/") || !strings.Contains(page, "Why there is no download button") {
		t.Error("a button where browsers cannot know the collector")
	}
}

func TestEachDownloadHasASecretOfItsOwn(t *testing.T) {
	h := open(t)
	files := h.add("1.2.3")
	made := h.link(Request{OS: "windows"})
	path := Path + made.Secret + "/download/amd64/msi"
	seen := map[string]bool{made.Installer.Secret: true, made.Secret: true}
	for n := range byte(3) {
		status, header, content := h.ask("GET", path, "Range", "bytes=10-")
		if status != http.StatusOK || header.Get("Content-Disposition") != `attachment; filename="dayline-agent-1.2.3-windows-amd64.msi"` {
			t.Fatalf("%d, %v", status, header)
		}
		text, err := token.FindStamp(strings.NewReader(content))
		if err != nil || len(content) != len(files["dayline-agent-1.2.3-windows-amd64.msi"]) {
			t.Fatalf("%d bytes, %v", len(content), err)
		}
		installer := h.parse(text)
		if seen[installer.Secret] || installer.Pin != base.Pin {
			t.Errorf("a secret twice, or another collector: %v", installer)
		}
		seen[installer.Secret] = true
		if err := h.enrolls(n+1, installer); err != nil {
			t.Error(err)
		}
	}
	if h.enrolls(9, token.Token{Secret: made.Secret}) == nil {
		t.Error("the address's secret enrols")
	}
	if status, header, body := h.ask("HEAD", path); status != http.StatusOK || body != "" || header.Get("Content-Length") == "" {
		t.Errorf("HEAD: %d, %v, %d bytes", status, header, len(body))
	}
	status, header, text := h.ask("GET", Path+made.Secret+"/enroll")
	if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
		t.Fatalf("%d, %v", status, header)
	}
	if err := h.enrolls(8, h.parse(text)); err != nil {
		t.Error(err)
	}
	if len(h.audited) != 4 || h.audited[0]["kind"] != "msi" || h.audited[0]["address"] != "192.0.2.7" || h.audited[3]["kind"] != "enrolment string" {
		t.Errorf("audited %v", h.audited)
	}
	if all, err := h.registry.Links(t.Context()); err != nil || all[0].Downloads != 4 || all[0].Devices != 4 {
		t.Errorf("%+v, %v", all, err)
	}
	for _, entry := range h.audited {
		for _, value := range entry {
			if text, ok := value.(string); ok && seen[text] {
				t.Error("a secret is in the audit log")
			}
		}
	}
}

// A command goes on while a newer release is added, and never gets another file than it names.
func TestAPackageIsServedAsItWasReleased(t *testing.T) {
	h := open(t)
	files := h.add("1.2.3")
	h.add("1.3.0")
	made := h.link(Request{OS: "linux"})
	name := "dayline-agent-1.2.3-linux-arm64.rpm"
	path := Path + made.Secret + "/packages/" + name
	if status, _, content := h.ask("GET", path); status != http.StatusOK || content != string(files[name]) {
		t.Errorf("%d, %d bytes", status, len(content))
	}
	if status, _, content := h.ask("GET", path, "Range", "bytes=2-5"); status != http.StatusPartialContent || content != string(files[name][2:6]) {
		t.Errorf("a part: %d, %q", status, content)
	}
	_, header, content := h.ask("GET", Path+made.Secret+"/download/arm64/rpm")
	if header.Get("Content-Disposition") != `attachment; filename="dayline-agent-1.3.0-linux-arm64.rpm.tar"` || !strings.Contains(content, string(files[name][:4])+"1.3.0") || !strings.Contains(content, "\x00dl1") {
		t.Errorf("%v", header)
	}
	h.pinned = "1.2.3"
	if _, header, _ := h.ask("GET", Path+made.Secret+"/download/arm64/rpm"); !strings.Contains(header.Get("Content-Disposition"), "1.2.3") {
		t.Errorf("not what is pinned: %v", header)
	}
	if _, _, page := h.ask("GET", Path+made.Secret); !strings.Contains(page, name) || strings.Contains(page, "1.3.0") {
		t.Error("the page is not of what is pinned")
	}
}

func TestALinkEndsToTheMillisecond(t *testing.T) {
	h := open(t)
	h.add("1.2.3")
	made := h.link(Request{OS: "windows"})
	_, _, text := h.ask("GET", Path+made.Secret+"/enroll")
	below := []string{"", "/enroll", "/download/amd64/msi", "/packages/dayline-agent-1.2.3-windows-amd64.msi"}
	for _, c := range []struct {
		after  time.Duration
		status int
	}{
		{71*time.Hour + 59*time.Minute, http.StatusOK}, {72*time.Hour - time.Millisecond, http.StatusOK},
		{72 * time.Hour, http.StatusGone}, {1000 * time.Hour, http.StatusGone},
	} {
		h.now = now.Add(c.after)
		for _, path := range below {
			if status, _, _ := h.ask("GET", Path+made.Secret+path); status != c.status {
				t.Errorf("%q after %s: %d", path, c.after, status)
			}
		}
	}
	if collector.CodeOf(h.enrolls(1, h.parse(text))) != collector.Expired {
		t.Error("what was downloaded enrols after the link")
	}
	if _, _, page := h.ask("GET", Path+made.Secret); !strings.Contains(page, "This link has expired") {
		t.Error("the page does not say why")
	}
}

func TestALinkThatIsOverSaysSo(t *testing.T) {
	h := open(t)
	h.add("1.2.3")
	revoked, used := h.link(Request{OS: "linux"}), h.link(Request{OS: "linux", MaxDevices: 1})
	if err := h.registry.RevokeLink(t.Context(), revoked.ID, h.now); err != nil {
		t.Fatal(err)
	}
	if err := h.enrolls(1, used.Installer); err != nil {
		t.Fatal(err)
	}
	for secret, words := range map[string]string{revoked.Secret: "This link was revoked", used.Secret: "This link is used up"} {
		for _, path := range []string{"", "/enroll", "/download/amd64/rpm", "/packages/dayline-agent-1.2.3-linux-amd64.rpm", "/nonsense"} {
			if status, _, page := h.ask("GET", Path+secret+path); status != http.StatusGone || !strings.Contains(page, words) {
				t.Errorf("%q: %d", path, status)
			}
		}
	}
	if len(h.audited) > 0 || len(h.misses) > 0 {
		t.Errorf("%v, %v", h.audited, h.misses)
	}
}

func TestNobodyLearnsWhichLinksThereAre(t *testing.T) {
	h := open(t)
	h.add("1.2.3")
	made := h.link(Request{OS: "windows"})
	for _, path := range []string{"", "wrong", made.Secret[:42] + "/enroll"} {
		if status, _, page := h.ask("GET", Path+path); status != http.StatusNotFound || !strings.Contains(page, "There is no such link") {
			t.Errorf("%q: %d", path, status)
		}
	}
	for _, path := range []string{Path + made.Secret, Path + made.Secret + "/enroll", Path + "wrong", Path} {
		status, header, page := h.ask("GET", path)
		if status != http.StatusTooManyRequests || header.Get("Retry-After") == "" || strings.Contains(page, "1.2.3") {
			t.Errorf("%q: %d", path, status)
		}
	}
	if len(h.audited) > 0 {
		t.Errorf("audited %v", h.audited)
	}
	clear(h.misses)
	if status, _, _ := h.ask("GET", Path+made.Secret); status != http.StatusOK {
		t.Errorf("after a while: %d", status)
	}
}

func TestWhatALinkDoesNotServe(t *testing.T) {
	h := open(t)
	h.add("1.2.3")
	made := h.link(Request{OS: "windows"})
	for _, below := range []string{
		"/packages/", "/packages/release.json", "/packages/../release.json", "/packages/dayline-agent-1.2.3-linux-amd64.rpm",
		"/packages/" + strings.Repeat("x", 8000), "/packages/dayline-agent-1.2.3-windows-amd64.msi/", "/download/", "/download/amd64",
		"/packages/dayline-agent-1.2.3-windows-amd64.zst", "/download/amd64/zst", "/download/amd64/rpm", "/download/../msi", "/download/amd64/msi/x", "/enroll/", "/enroll/x", "//", "/%00",
	} {
		if status, _, page := h.ask("GET", Path+made.Secret+below); status != http.StatusNotFound || !strings.Contains(page, "There is no such installer") {
			t.Errorf("%q: %d", below, status)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "BREW"} {
		if status, header, _ := h.ask(method, Path+made.Secret+"/enroll"); status != http.StatusMethodNotAllowed || header.Get("Allow") == "" {
			t.Errorf("%s: %d", method, status)
		}
	}
	if len(h.misses) > 0 || len(h.audited) > 0 {
		t.Errorf("%v, %v", h.misses, h.audited)
	}
	h.full = collector.Refuse(collector.NoSpace, "", "full")
	if status, header, _ := h.ask("GET", Path+made.Secret+"/download/amd64/msi"); status != http.StatusServiceUnavailable || header.Get("Content-Disposition") != "" {
		t.Errorf("without space: %d, %v", status, header)
	}
}

func TestWithoutAReleaseThePageSaysWhatToDo(t *testing.T) {
	h := open(t)
	made := h.link(Request{OS: "macos"})
	status, _, page := h.ask("GET", Path+made.Secret)
	if status != http.StatusOK || !strings.Contains(page, "release add") || !strings.Contains(page, "nothing to install yet") {
		t.Errorf("%d: %s", status, page)
	}
	if status, _, _ := h.ask("GET", Path+made.Secret+"/download/universal/pkg"); status != http.StatusNotFound {
		t.Errorf("a package: %d", status)
	}
}

func TestADamagedPackageKeepsNobodyFromTheOthers(t *testing.T) {
	h := open(t)
	h.add("1.2.3")
	made := h.link(Request{OS: "windows"})
	damaged := filepath.Join(h.shelfDir, shelf.ReleasesFolder, "1.2.3", "dayline-agent-1.2.3-windows-amd64.msi")
	if err := os.WriteFile(damaged, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := shelf.OpenReleases(h.shelfDir, release.Trusted{}, func(int64) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	h.handler.(*handler).Shelf = again
	if _, _, page := h.ask("GET", Path+made.Secret); strings.Contains(page, "/download/amd64/msi") || !strings.Contains(page, "/download/arm64/msi") {
		t.Error(page)
	}
	for _, below := range []string{"/download/amd64/msi", "/packages/" + filepath.Base(damaged)} {
		if status, header, content := h.ask("GET", Path+made.Secret+below); status != http.StatusInternalServerError ||
			header.Get("Content-Disposition") != "" || strings.Contains(content, h.shelfDir) {
			t.Errorf("%s: %d, %v", below, status, header)
		}
	}
	if len(h.audited) > 0 {
		t.Errorf("audited %v", h.audited)
	}
}

// signedForMacs begins as a package does whose table of contents has a signature.
func signedForMacs(t *testing.T) []byte {
	t.Helper()
	const contents = `<xar><toc><signature style="RSA"><size>1</size></signature></toc></xar>`
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	if _, err := w.Write([]byte(contents)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	head := binary.BigEndian.AppendUint16([]byte("xar!"), 28)
	head = binary.BigEndian.AppendUint16(head, 1)
	head = binary.BigEndian.AppendUint64(head, uint64(packed.Len()))
	head = binary.BigEndian.AppendUint64(head, uint64(len(contents)))
	return append(binary.BigEndian.AppendUint32(head, 1), packed.Bytes()...)
}

// Nor by a command that was copied before, nor where it is pinned.
func TestWhatWasWithdrawnIsOnNoLink(t *testing.T) {
	h := open(t)
	key := shelftest.Signer(t)
	signed, err := shelf.OpenReleases(h.shelfDir, shelftest.Trust(1, key), func(int64) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	h.handler.(*handler).Shelf = signed
	add := func(files map[string][]byte) {
		if _, err := signed.Add(shelftest.Sent(shelftest.Signed(t, files, key))); err != nil {
			t.Fatal(err)
		}
	}
	for _, version := range []string{"1.2.3", "1.2.4"} {
		add(shelftest.Released(t, version, release.Windows))
	}
	made := h.link(Request{OS: "windows"})
	const msi = "/packages/dayline-agent-1.2.4-windows-amd64.msi"
	if status, _, _ := h.ask("GET", Path+made.Secret+msi); status != http.StatusOK {
		t.Fatalf("before: %d", status)
	}
	add(shelftest.Channel(t, 1, h.now, "1.2.3", "", "1.2.4"))
	if _, _, page := h.ask("GET", Path+made.Secret); !strings.Contains(page, "1.2.3") || strings.Contains(page, "1.2.4") {
		t.Error(page)
	}
	if status, _, _ := h.ask("GET", Path+made.Secret+msi); status != http.StatusNotFound {
		t.Errorf("by its name: %d", status)
	}
	h.pinned = "1.2.4"
	if _, _, page := h.ask("GET", Path+made.Secret); !strings.Contains(page, "1.2.4: it was withdrawn") || strings.Contains(page, "/download/") {
		t.Error(page)
	}
	if status, _, _ := h.ask("GET", Path+made.Secret+"/download/amd64/msi"); status != http.StatusNotFound {
		t.Errorf("pinned: %d", status)
	}
	if len(h.audited) > 0 {
		t.Errorf("audited %v", h.audited)
	}
}

func TestWhatIsSignedCarriesByItsNameOrNotAtAll(t *testing.T) {
	held := func(kind string, content []byte) *shelf.Held {
		packed, err := stamp.Open(kind, bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		return &shelf.Held{Package: release.Package{Name: "dayline-agent-1.2.3-macos-universal." + kind, Kind: kind}, Stamp: packed}
	}
	installer := base
	installer.Secret, installer.Addresses = token.NewSecret(), append(slices.Clone(base.Addresses), strings.Repeat("b", 60)+".example.com:8443")
	name, carried := carry(held(release.Pkg, signedForMacs(t)), installer)
	if !carried || filepath.Ext(name) != ".pkg" {
		t.Errorf("%q, %v", name, carried)
	}
	text, err := token.FindInName("Copy of " + strings.Replace(name, ".pkg", " (1).pkg", 1))
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	if got, err := token.Parse(text); err != nil || got.Secret != installer.Secret || got.Addresses[0] != base.Addresses[0] {
		t.Errorf("%v, %v", got, err)
	}
	installer.Addresses = []string{strings.Repeat("a", 60) + "." + strings.Repeat("b", 60) + ".example.com:8443"}
	if name, carried := carry(held(release.Pkg, signedForMacs(t)), installer); carried {
		t.Errorf("a name of %d bytes", len(name))
	}
	if name, carried := carry(held("zip", []byte("x")), base); carried {
		t.Errorf("%q carries", name)
	}
}
