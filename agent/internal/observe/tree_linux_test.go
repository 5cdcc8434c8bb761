package observe

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/sys/dbus/dbustest"
	"github.com/dayline-project/dayline/agent/internal/sys/x11/x11test"
)

// room is a desktop of a test's own, with a window manager and buses.
type room struct {
	t       *testing.T
	display string
}

func newRoom(t *testing.T) *room {
	t.Helper()
	quiet(t)
	t.Setenv("XDG_DATA_DIRS", "/usr/share") // the settings' schemas
	for _, name := range []string{"HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"} {
		t.Setenv(name, t.TempDir())
	}
	server, err := x11test.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	t.Setenv("DISPLAY", server.Display)
	r := &room{t: t, display: server.Display}
	r.run("openbox")
	return r
}

// run starts a program, which ends with the test, and all that it starts.
func (r *room) run(args ...string) {
	r.t.Helper()
	command := exec.Command(args[0], args[1:]...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		_ = command.Wait()
	})
}

// pages is a site whose pages go to where they are sent.
type pages struct {
	*httptest.Server
	next chan string
}

func newPages(t *testing.T) *pages {
	p := &pages{next: make(chan string)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/next" {
			select {
			case to := <-p.next:
				fmt.Fprint(w, to)
			case <-r.Context().Done():
			}
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>%s</title><iframe src="about:blank" title="evil"></iframe>
			<script>fetch("/next").then(r => r.text()).then(to => { location = to })</script>`, strings.TrimPrefix(r.URL.Path, "/"))
	}))
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p
}

// send has the page in front go elsewhere.
func (p *pages) send(t *testing.T, to string) {
	t.Helper()
	select {
	case p.next <- to:
	case <-time.After(patience):
		t.Fatalf("no page goes to %s", to)
	}
}

func TestAddressesOfBrowsers(t *testing.T) {
	for name, test := range map[string]struct {
		command []string
		private string
		// sign: what marks private windows, apart from their names.
		sign string
	}{
		"Chromium": {[]string{"chromium", "--no-sandbox", "--user-data-dir=PROFILE", "--no-first-run", "--no-default-browser-check", "--disable-gpu", "--disable-sync",
			"--disable-component-update", "--password-store=basic", "--force-renderer-accessibility"}, "--incognito", ""},
		"Firefox": {[]string{"firefox-esr", "--profile", "PROFILE"}, "--private-window", "private-browsing-indicator"},
	} {
		t.Run(name, func(t *testing.T) {
			r, site := newRoom(t), newPages(t)
			t.Setenv("ACCESSIBILITY_ENABLED", "1")
			dbustest.Start(t).Accessible(true)
			profile := t.TempDir()
			if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(preferences), 0o600); err != nil {
				t.Fatal(err)
			}
			for i, arg := range test.command {
				test.command[i] = strings.ReplaceAll(arg, "PROFILE", profile)
			}
			r.run(append(test.command, site.URL+"/one")...)
			asked := r.reader()
			asked.wants(browser.Page{URL: site.URL + "/one"})
			for _, to := range []string{"/two?q=1", "/three"} {
				site.send(t, to)
				asked.wants(browser.Page{URL: site.URL + to})
			}
			r.run(append(test.command, test.private, site.URL+"/canary")...)
			asked.wants(browser.Page{Private: true})
			if test.sign != "" {
				r.wantSign(asked.screen, test.sign)
			}
		})
	}
}

// patience is how long anything may take here, on a machine that has much else to do.
const patience = time.Minute

// asking has the window in front read, again and again.
type asking struct {
	t      *testing.T
	screen display
	worker *browser.Worker
}

func (r *room) reader() asking {
	r.t.Helper()
	screen, err := openDisplay(r.t.Context(), r.display, func() time.Duration { return 0 })
	if err != nil {
		r.t.Fatal(err)
	}
	worker := browser.NewWorker(func() (browser.Tree, error) { return r.tree() })
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	r.t.Cleanup(func() {
		cancel()
		<-ended
		screen.close()
	})
	return asking{r.t, screen, worker}
}

// tree is the room's accessibility interface, which may take its time.
func (r *room) tree() (*spiTree, error) {
	tree := &spiTree{name: r.display, patience: patience}
	return tree, tree.connect()
}

// wants waits until the window in front shows a page. No answer on the way may be of another page than that of the window's title.
func (a asking) wants(want browser.Page) {
	a.t.Helper()
	var last browser.Answer
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		front, _, err := a.screen.front()
		if err != nil {
			a.t.Fatal(err)
		}
		a.worker.Ask(front.asked())
		last = <-a.worker.Answers()
		page, _, _ := strings.Cut(front.Title, " ")
		if path := strings.TrimSuffix(last.Page.URL, "?q=1"); path != "" && !strings.HasSuffix(path, "/"+page) || page == "canary" && path != "" {
			a.t.Fatalf("%+v", last)
		}
		if last.Page == want && (!want.Private || page == "canary") {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	a.t.Fatalf("%+v, want %+v", last, want)
}

// wantSign checks that the window in front has the sign of a private one in its tabs' bar.
func (r *room) wantSign(screen display, sign string) {
	r.t.Helper()
	front, _, err := screen.front()
	if err != nil {
		r.t.Fatal(err)
	}
	tree, err := r.tree()
	if err != nil {
		r.t.Fatal(err)
	}
	defer tree.Close()
	window, err := tree.Window(front.asked())
	if err != nil {
		r.t.Fatal(err)
	}
	parts, err := window.Children(browser.ByID)
	for _, bar := range parts {
		if bar.Look().ID == "TabsToolbar" {
			parts, err = bar.Children(browser.ByID)
		}
	}
	if err != nil || !slices.ContainsFunc(parts, func(e browser.Element) bool { return strings.Contains(e.Look().Class, sign) }) {
		r.t.Errorf("no part of class %q: %v", sign, err)
	}
}

// preferences let Firefox begin with the page that it is given and no other.
const preferences = `user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.preonboarding.enabled", false);
user_pref("termsofuse.bypassNotification", true);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
`
