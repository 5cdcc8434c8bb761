package update

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// signer signs what a test hands out.
type signer struct{ key ed25519.PrivateKey }

func newSigner(t *testing.T) signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key}
}

func (s signer) trusted(version int) release.Trusted {
	return release.Trusted{Version: version, Keys: []ed25519.PublicKey{s.key.Public().(ed25519.PublicKey)}}
}

// shop is a collector's shelf over HTTP, and a device that updates itself from it: 1.0.0 runs there, on linux/amd64.
type shop struct {
	t *testing.T
	signer
	*Updater
	host    *stand
	now     time.Time
	program []byte
	log     bytes.Buffer
	// soon counts how often the collector was to be told.
	soon int

	mu    sync.Mutex
	files map[string][]byte
	// serve may answer in place of the shelf.
	serve  func(w http.ResponseWriter, r *http.Request) (answered bool)
	ranges []string
	sent   int64
}

// stand is a Host that only remembers.
type stand struct {
	folder  string
	able    error
	unwatch int
	watched []Marker
	watch   error
	report  Report
}

func (s *stand) Target() string             { return filepath.Join(s.folder, "dayline-agent") }
func (s *stand) Aside() string              { return filepath.Join(s.folder, "aside") }
func (s *stand) Able(context.Context) error { return s.able }
func (s *stand) Watch(context.Context) error {
	m, err := LoadMarker(filepath.Join(s.folder, "state"))
	if err == nil {
		s.watched = append(s.watched, *m)
	}
	return errors.Join(s.watch, err)
}
func (s *stand) Unwatch(context.Context) error       { s.unwatch++; return nil }
func (*stand) Stop(context.Context) error            { return nil }
func (*stand) Start(context.Context) error           { return nil }
func (s *stand) Ask(context.Context) (Report, error) { return s.report, nil }
func (*stand) Reached(context.Context) bool          { return true }

func openShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, signer: newSigner(t), host: &stand{folder: t.TempDir()}, now: time.Now(), files: map[string][]byte{}}
	s.program = make([]byte, 300_000)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(s.program)
	copy(s.program, "the program of 1.4.0")
	if err := os.WriteFile(s.host.Target(), []byte("the program of 1.0.0"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.channel(5, func(*release.Channel) {})
	s.release("1.4.0", func(*release.Manifest) {})
	server := httptest.NewServer(http.HandlerFunc(s.hand))
	t.Cleanup(server.Close)
	s.Updater = New(Config{
		Folder: filepath.Join(s.host.folder, "state"), Version: "1.0.0", System: release.Linux, Arch: release.AMD64,
		OSVersion: func() string { return "debian 12.11" }, Device: "d-1", Host: s.host,
		Built: func() (release.Trusted, error) { return s.trusted(1), nil },
		Get: func(ctx context.Context, path string, from int64) (*http.Response, error) {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
			if err != nil {
				return nil, err
			}
			if from > 0 {
				request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
			}
			return http.DefaultTransport.RoundTrip(request)
		},
		Time: func() time.Time { return s.now }, Connected: func() bool { return true }, Soon: func() { s.soon++ },
		Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	})
	s.settleFor, s.splayFor, s.power = 0, 0, func() power { return power{percent: 100} }
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return s
}

// put lays a file and its signatures on the shelf.
func (s *shop) put(name string, text []byte, statement func([]byte) token.Statement) {
	s.t.Helper()
	signatures, err := release.Signatures{}.With(statement(text), s.key).Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name], s.files[name+release.SignatureEnding] = text, signatures
}

// channel puts a version of the channel on the shelf, whose newest is 1.4.0.
func (s *shop) channel(version int, change func(*release.Channel)) {
	s.t.Helper()
	c := release.Channel{
		Product: release.Product, Version: version, IssuedAt: s.now.Add(-time.Hour), ExpiresAt: s.now.Add(24 * time.Hour),
		Systems: map[string]release.Aim{release.Linux: {Newest: "1.4.0"}},
	}
	change(&c)
	text, err := c.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	s.put(release.ChannelName, text, token.ChannelStatement)
}

// release puts one on the shelf, that is the program for linux/amd64.
func (s *shop) release(version string, change func(*release.Manifest)) {
	s.t.Helper()
	v, err := release.ParseVersion(version)
	if err != nil {
		s.t.Fatal(err)
	}
	packed := s.pack(s.program)
	p := release.Describe(v, release.Linux, release.AMD64, release.Zst, int64(len(packed)), sha256.Sum256(packed))
	m := release.Manifest{Product: release.Product, Version: version, IssuedAt: s.now.Add(-time.Hour), Packages: []release.Package{p}}
	change(&m)
	text, err := m.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	s.put(version+"/"+release.ManifestName, text, token.ReleaseStatement)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[version+"/"+p.Name] = packed
}

func (s *shop) pack(program []byte) []byte {
	s.t.Helper()
	writer, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		s.t.Fatal(err)
	}
	return writer.EncodeAll(program, nil)
}

// packageFile is the file of 1.4.0 on the shelf.
const packageFile = "1.4.0/dayline-agent-1.4.0-linux-amd64.zst"

func (s *shop) hand(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	name := strings.TrimPrefix(r.URL.Path, release.Path)
	text, there := s.files[name]
	if name == packageFile {
		s.ranges = append(s.ranges, r.Header.Get("Range"))
	}
	serve := s.serve
	s.mu.Unlock()
	counted := &counting{w, s}
	switch {
	case serve != nil && serve(counted, r):
	case !there:
		http.NotFound(counted, r)
	default:
		http.ServeContent(counted, r, name, time.Time{}, bytes.NewReader(text))
	}
}

// counting counts what the shop hands out.
type counting struct {
	http.ResponseWriter
	shop *shop
}

func (c *counting) Write(block []byte) (int, error) {
	c.shop.mu.Lock()
	c.shop.sent += int64(len(block))
	c.shop.mu.Unlock()
	return c.ResponseWriter.Write(block)
}

func flush(w http.ResponseWriter) { w.(*counting).ResponseWriter.(http.Flusher).Flush() }

// onPackage answers requests for the package of 1.4.0 only.
func onPackage(answer func(w http.ResponseWriter, r *http.Request)) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, packageFile) {
			return false
		}
		answer(w, r)
		return true
	}
}

// open begins, as the actor does.
func (s *shop) open() {
	s.t.Helper()
	if err := s.begin(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// ask orders a version and does what can be done now.
func (s *shop) ask(version string, change ...func(*Order)) State {
	s.t.Helper()
	v, err := release.ParseVersion(version)
	if err != nil {
		s.t.Fatal(err)
	}
	o := Order{Version: v}
	for _, c := range change {
		c(&o)
	}
	if s.known() == nil {
		s.open()
	}
	s.Order(&o)
	s.step(s.t.Context())
	return s.State()
}

func (s *shop) known() *known { return s.news.known }

// again does what can be done now, whatever waits.
func (s *shop) again() State {
	s.work.retryAt = time.Time{}
	s.step(s.t.Context())
	return s.State()
}

func (s *shop) marker() *Marker {
	s.t.Helper()
	m, err := LoadMarker(s.Folder)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// handedOver demands that the watcher was given the program whole.
func (s *shop) handedOver() {
	s.t.Helper()
	state := s.State()
	if len(s.host.watched) != 1 || state.Step != Swap || state.Version != "1.4.0" || state.Waits != "" {
		s.t.Fatalf("%+v, watched %+v\n%s", state, s.host.watched, &s.log)
	}
	m := s.host.watched[0]
	staged, err := os.ReadFile(filepath.Join(s.folder, m.Staged))
	if err != nil || !bytes.Equal(staged, s.program) {
		s.t.Fatalf("%d bytes staged, %v", len(staged), err)
	}
	former := sha256.Sum256([]byte("the program of 1.0.0"))
	sum := sha256.Sum256(s.program)
	if m.From != "1.0.0" || m.To != "1.4.0" || m.SHA256 != fmt.Sprintf("%x", sum) || m.Former != fmt.Sprintf("%x", former) || !m.Connected {
		s.t.Errorf("%+v", m)
	}
}

// nothing demands that nothing was handed over, and nothing of the program lies about.
func (s *shop) nothing() {
	s.t.Helper()
	if len(s.host.watched) > 0 || s.marker().OfWatcher() {
		s.t.Fatalf("handed over: %+v", s.marker())
	}
	if _, err := os.Lstat(filepath.Join(s.folder, stagedName)); !errors.Is(err, os.ErrNotExist) {
		s.t.Errorf("a program is staged: %v", err)
	}
}

func TestWhatIsOrderedIsHandedOver(t *testing.T) {
	s := openShop(t)
	s.ask("1.4.0")
	s.handedOver()
	if _, err := os.Stat(filepath.Join(s.folder, s.host.watched[0].Staged)); err != nil {
		t.Error(err)
	}
	if size := int64(len(s.files[packageFile])); s.sent > size*12/10 {
		t.Errorf("%d bytes came for a package of %d", s.sent, size)
	}
	state := s.State()
	if state.Channel != 5 || state.Newest != "1.4.0" || state.Problem != "" || !state.ChannelExpiresAt.Equal(s.now.Add(24*time.Hour).UTC()) {
		t.Errorf("%+v", state)
	}
	// The marker is the watcher's from now on, whatever is asked for.
	s.Order(nil)
	s.step(t.Context())
	if m := s.marker(); m.Step != Swap {
		t.Errorf("%+v", m)
	}
}

// A person who keeps the helper from starting keeps nobody's version.
func TestWhetherHelpersWereThereIsNoted(t *testing.T) {
	for report, blind := range map[Report]bool{{}: false, {Sessions: 2, Observed: 1}: false, {Sessions: 2}: true} {
		s := openShop(t)
		s.host.report = report
		s.ask("1.4.0")
		s.handedOver()
		if s.host.watched[0].Blind != blind {
			t.Errorf("%+v: %+v", report, s.host.watched[0])
		}
	}
}

func TestRefused(t *testing.T) {
	pinned, now := func(o *Order) { o.Pinned = true }, func(o *Order) { o.Now = true }
	failed := func(age time.Duration) func(*shop) {
		return func(s *shop) {
			m := Marker{Failed: []Failed{{Version: "1.4.0", Step: Probation, Reason: "it hung", At: time.Now().Add(-age), RolledBack: true}}}
			if err := m.Save(s.Folder); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		name    string
		change  func(s *shop)
		version string
		order   []func(*Order)
		want    string
	}{
		{name: "no channel", change: func(s *shop) { delete(s.files, release.ChannelName) }, want: "no channel is known"},
		{name: "an expired channel", change: func(s *shop) {
			s.channel(5, func(c *release.Channel) { c.IssuedAt, c.ExpiresAt = s.now.Add(-48*time.Hour), s.now.Add(-time.Hour) })
		}, want: "the channel expired on " + time.Now().Add(-time.Hour).UTC().Format("2006-01-02")},
		{name: "a channel of another's key", change: func(s *shop) {
			mine := s.signer
			s.signer = newSigner(s.t)
			s.channel(6, func(*release.Channel) {})
			s.signer = mine
		}, want: "no trusted key signed it"},
		{name: "a channel that was changed", change: func(s *shop) {
			s.files[release.ChannelName] = bytes.Replace(s.files[release.ChannelName], []byte("1.4.0"), []byte("1.4.1"), 1)
		}, want: "is not of these bytes"},
		{name: "a channel of the day after tomorrow", change: func(s *shop) {
			s.channel(5, func(c *release.Channel) { c.IssuedAt, c.ExpiresAt = s.now.Add(49*time.Hour), s.now.Add(60*time.Hour) })
		}, want: "more than 48 hours from now"},
		{name: "a channel beyond what the keys may issue", change: func(s *shop) { s.channel(release.ChannelsOfKeys, func(*release.Channel) {}) },
			want: "is not below 1000000"},
		{name: "a channel without the system", change: func(s *shop) {
			s.channel(5, func(c *release.Channel) { c.Systems = map[string]release.Aim{release.MacOS: {Newest: "1.4.0"}} })
		}, want: "the channel names no releases for linux"},
		{name: "withdrawn", change: func(s *shop) {
			s.channel(5, func(c *release.Channel) {
				c.Withdrawn, c.Systems[release.Linux] = []string{"1.4.0"}, release.Aim{Newest: "1.3.0"}
			})
		}, order: []func(*Order){pinned, now}, want: "1.4.0: it was withdrawn"},
		{name: "below the floor", change: func(s *shop) {
			s.channel(5, func(c *release.Channel) { c.Systems[release.Linux] = release.Aim{Newest: "1.5.0", Floor: "1.4.1"} })
		}, order: []func(*Order){pinned, now}, want: "1.4.0: it is below the oldest version that may be installed for linux, 1.4.1"},
		{name: "older", version: "0.9.0", want: "0.9.0 is older than 1.0.0, which runs, and is not pinned"},
		{name: "a manifest that was changed", change: func(s *shop) {
			name := "1.4.0/" + release.ManifestName
			s.files[name] = bytes.Replace(s.files[name], []byte("amd64"), []byte("arm64"), 1)
		}, want: "is not of these bytes"},
		{name: "a manifest without a signature", change: func(s *shop) { delete(s.files, "1.4.0/release.json.sig") }, want: "release.json.sig: the collector does not have it"},
		{name: "a manifest of the day after tomorrow", change: func(s *shop) {
			s.release("1.4.0", func(m *release.Manifest) { m.IssuedAt = s.now.Add(49 * time.Hour) })
		}, want: "release.json: it says that it was issued on"},
		{name: "another release's manifest", change: func(s *shop) {
			s.release("1.3.0", func(*release.Manifest) {})
			s.files["1.4.0/release.json"], s.files["1.4.0/release.json.sig"] = s.files["1.3.0/release.json"], s.files["1.3.0/release.json.sig"]
		}, want: "it is of 1.3.0, not of 1.4.0"},
		{name: "a manifest that does not end", change: func(s *shop) {
			s.files["1.4.0/release.json"] = make([]byte, release.MaxManifestBytes+1)
		}, want: "release.json: it has more than 65536 bytes"},
		{name: "another processor's", change: func(s *shop) {
			s.release("1.4.0", func(m *release.Manifest) {
				m.Packages[0].Arch, m.Packages[0].Name = release.ARM64, "dayline-agent-1.4.0-linux-arm64.zst"
			})
		}, want: "1.4.0 has no update for linux on amd64"},
		{name: "what only installs", change: func(s *shop) {
			s.release("1.4.0", func(m *release.Manifest) {
				m.Packages[0].Kind, m.Packages[0].Name = release.Deb, "dayline-agent-1.4.0-linux-amd64.deb"
			})
		}, want: "1.4.0 has no update for linux on amd64"},
		{name: "too old to become it", change: func(s *shop) { s.release("1.4.0", func(m *release.Manifest) { m.MinVersion = "1.2.0" }) },
			want: "1.0.0 is too old to become 1.4.0: that takes 1.2.0, or later"},
		{name: "too old a system", change: func(s *shop) {
			s.release("1.4.0", func(m *release.Manifest) { m.MinOS = map[string]string{release.Linux: "12.12"} })
		}, want: `1.4.0 needs linux 12.12, or later; this is "debian 12.11"`},
		{name: "failed here", change: failed(24 * time.Hour), want: "1.4.0 failed here at probation, on "},
		{name: "failed here just now", change: failed(time.Minute), order: []func(*Order){now}, want: "it is tried again after "},
		{name: "little battery", change: func(s *shop) { s.power = func() power { return power{battery: true, percent: 29} } }, want: "on battery, which is below 30 %"},
		{name: "just started", change: func(s *shop) { s.settleFor = time.Minute }, order: []func(*Order){now}, want: "less than 1m0s ago"},
		{name: "not its turn", change: func(s *shop) { s.splayFor = 1000 * time.Hour }, want: "its turn comes at "},
		{name: "no package", change: func(s *shop) { delete(s.files, packageFile) }, want: "the collector does not have it; it is tried again at"},
		{name: "more than was signed, and said so", change: func(s *shop) { s.files[packageFile] = append(s.files[packageFile], 0) }, want: "were signed"},
		{name: "more than was signed", change: func(s *shop) {
			s.serve = onPackage(func(w http.ResponseWriter, _ *http.Request) {
				flush(w)
				for range 100 {
					_, _ = w.Write(s.program[:8000])
				}
			})
		}, want: "the collector sends more than the "},
		{name: "less than was signed", change: func(s *shop) {
			s.serve = onPackage(func(w http.ResponseWriter, _ *http.Request) {
				flush(w)
				_, _ = w.Write(s.files[packageFile][:1000])
			})
		}, want: "the collector sent 1000 of "},
		{name: "a connection that breaks", change: func(s *shop) {
			s.serve = onPackage(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(len(s.files[packageFile])))
				_, _ = w.Write(s.files[packageFile][:1000])
				flush(w)
				panic(http.ErrAbortHandler)
			})
		}, want: "broken off after "},
		{name: "from elsewhere", change: func(s *shop) {
			s.serve = onPackage(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
		}, want: "the collector sends elsewhere, and nothing is fetched from there"},
		{name: "busy", change: func(s *shop) {
			s.serve = onPackage(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7200")
				w.WriteHeader(http.StatusServiceUnavailable)
			})
		}, want: "the collector is busy; it is tried again at"},
		{name: "ill", change: func(s *shop) {
			s.serve = onPackage(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
		}, want: "the collector answers 500 internal server error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := openShop(t)
			if test.change != nil {
				test.change(s)
			}
			if test.version == "" {
				test.version = "1.4.0"
			}
			state := s.ask(test.version, test.order...)
			if !strings.Contains(state.Waits, test.want) || state.Waits == "" || state.Version != test.version {
				t.Errorf("%+v; wanted %q", state, test.want)
			}
			s.nothing()
			if said := state.Words(time.Now()); !strings.Contains(said, "on the way to "+test.version) || !strings.Contains(said, test.want) {
				t.Error(said)
			}
		})
	}
}
