package browsers

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/script"
	"github.com/dayline-project/dayline/test/site"
	"github.com/dayline-project/dayline/test/wire"
)

// settings that let everything through that may be: what is private is not told all the same.
const settings = `privacy: {titles: true, urls: full}
browsers: {unknown_private: title}
settle: 0s
agents: {sync_every: 1s}
`

// secret is in the title and the address of private pages alone, plain in those of others.
const secret, plain = "canary-secret-9d41", "canary-plain-3b7e"

func openChromium(ctx context.Context, d *desktop.Desktop, computer Computer, profile, address string) (*Browser, error) {
	return OpenChromium(ctx, d, computer, profile, address)
}

type opener func(ctx context.Context, d *desktop.Desktop, computer Computer, profile, address string) (*Browser, error)

// In Chromium the extension sees no private window, and a second profile is one of the same process.
func TestChromium(t *testing.T) {
	t.Parallel()
	p := newProof(t, openChromium)
	p.start(t)
	p.other = must(p.browser.OpenProfile(t.Context(), "Profile 1", p.pages.At("other")))(t)
	p.told(t, "other")
	p.prove(t)
}

// In Firefox it is allowed to see them.
func TestFirefox(t *testing.T) {
	t.Parallel()
	p := newProof(t, OpenFirefox)
	p.start(t)
	p.prove(t)
}

// proof is one browser's.
type proof struct {
	*site.Site
	tap      *wire.Tap
	pages    Pages
	screen   *desktop.Desktop
	terminal *desktop.Program
	ear      *Ear
	computer Computer
	open     opener
	profile  string

	browser *Browser
	tabs    map[string]Tab
	// second is another window of the browser, private a private one, other one of another profile.
	second, private, other *desktop.Program
	privateTab             Tab
	script                 script.Script
}

// prove lives through a person's time with a browser that a company installed, and compares what is reported.
func (p *proof) prove(t *testing.T) {
	p.Collector.Kill() // so that the buffer holds what is seen
	p.day(t)
	p.buffered(t)
	p.StartCollector(t)
	p.arrives(t)
	p.nowhere(t)
	p.faults(t)
	p.changes(t)
}

// newProof brings up a collector behind a tap, an agent and a desktop with a terminal, and has the extension handed out.
func newProof(t *testing.T, open opener) *proof {
	listen := must(rig.FreeAddress())(t)
	tap := must(wire.NewTap(listen, site.Folder(t)))(t)
	t.Cleanup(tap.Close)
	p := &proof{tap: tap, pages: NewPages(), open: open}
	t.Cleanup(p.pages.Close)
	p.Site = site.New(t, rig.Options{Listen: listen, Public: tap.Address(), TLSOff: true, Account: settings})
	p.computer = must(Deploy(t.Context(), p.Bin, p.Collector, p.Dir))(t)
	p.screen = p.Desktop(t)
	p.terminal = must(p.screen.OpenTerminal(t.Context(), "Shell"))(t)
	p.Enroll(t, append(p.screen.Env(), "SSL_CERT_FILE="+tap.CertFile))
	mustDo(t, errors.Join(p.Agent.StartService(), p.Agent.StartSession()))
	p.screen.Watched(func() []int {
		looking := p.Agent.Looking()
		if p.browser != nil {
			looking = append(looking, must(p.browser.Hosts(p.Bin.Agent()))(t)...)
		}
		return looking
	})
	p.ear = must(NewEar(filepath.Join(p.Dir, "desk")))(t)
	t.Cleanup(p.ear.Close)
	p.profile = must(NewProfile(p.Dir, "profile"))(t)
	return p
}

// start opens the browser with its windows and a tab for each page, and waits until the last is reported.
func (p *proof) start(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	p.browser = must(p.open(ctx, p.screen, p.computer, p.profile, p.pages.At("one")))(t)
	t.Cleanup(func() {
		if err := p.browser.Close(); err != nil {
			t.Error(err)
		}
	})
	p.told(t, "one")
	p.tabs = map[string]Tab{"one": p.browser.First}
	for _, name := range []string{"two", "three"} {
		p.tabs[name] = must(p.browser.OpenTab(ctx, p.pages.At(name)))(t)
		p.told(t, name)
	}
	var err error
	p.second, p.tabs["second"], err = p.browser.OpenWindow(ctx, p.pages.At("second"))
	mustDo(t, err)
	p.told(t, "second")
	p.private, p.privateTab, err = p.browser.OpenPrivate(ctx, p.pages.At(secret))
	mustDo(t, err)
	must(p.private.Do(ctx, Title(secret)+p.browser.PrivateSuffix, func() error { return nil }))(t)
}

// told waits until a page was told.
func (p *proof) told(t *testing.T, name string) {
	t.Helper()
	must(p.ear.Hears(t.Context(), p.pages.At(name)))(t)
}

// day goes from tab to tab, from page to page, within a page, from window to window, to another program and back.
func (p *proof) day(t *testing.T) {
	t.Helper()
	ctx, b := t.Context(), p.browser
	p.begin(t)
	p.shell(t)
	p.window(t, b.Program, "three")
	for _, name := range []string{"one", "two", "one", "three"} {
		p.shows(t, Title(name), name, func() error { return b.ActivateTab(ctx, p.tabs[name]) })
	}
	tab := p.tabs["three"]
	p.shows(t, Title(plain), plain, func() error { return b.Navigate(ctx, tab, p.pages.At(plain)) })
	p.shows(t, "Inbox", "inbox?title=Inbox", func() error { return b.Navigate(ctx, tab, p.pages.At("inbox?title=Inbox")) })
	p.shows(t, "Inbox", "inbox/2?title=Inbox", func() error { return b.Navigate(ctx, tab, p.pages.At("inbox/2?title=Inbox")) })
	p.shows(t, "Within", "within", func() error { return b.Run(ctx, tab, p.pages.Within("within", "Within")) })
	p.shows(t, "Within", "within/2", func() error { return b.Run(ctx, tab, p.pages.Within("within/2", "Within")) })
	p.shell(t)
	p.windowAt(t, b.Program, "Within", "within/2")
	p.window(t, p.second, "second")
	p.hides(t)
	p.window(t, p.second, "second")
	p.windowAt(t, b.Program, "Within", "within/2")
	p.hides(t)
	mustDo(t, b.Navigate(ctx, p.privateTab, p.pages.At(secret+"-2")))
	must(p.private.Do(ctx, Title(secret+"-2")+b.PrivateSuffix, func() error { return nil }))(t)
	p.shell(t)
	p.hides(t)
	if p.other != nil {
		p.window(t, p.other, "other")
		p.hides(t)
		p.window(t, p.other, "other")
	}
	p.window(t, p.second, "second")
	p.windowAt(t, b.Program, "Within", "within/2")
	p.shows(t, Title("one"), "one", func() error { return b.ActivateTab(ctx, p.tabs["one"]) })
	p.shell(t)
}

// faults kills the native host, then the session's helper, and starts the browser anew: each time all is told as before.
func (p *proof) faults(t *testing.T) {
	t.Helper()
	p.begin(t)
	p.window(t, p.browser.Program, "one")
	hosts := must(p.browser.Hosts(p.Bin.Agent()))(t)
	if len(hosts) == 0 {
		t.Fatal("the browser runs no native host")
	}
	for _, host := range hosts {
		mustDo(t, syscall.Kill(host, syscall.SIGKILL))
	}
	p.tour(t)

	p.Agent.KillSession()
	mustDo(t, p.Agent.StartSession())
	p.resumes(t)

	mustDo(t, p.browser.Close())
	mustDo(t, p.browser.Gone(t.Context()))
	p.browser = must(p.open(t.Context(), p.screen, p.computer, p.profile, p.pages.At("one")))(t)
	p.told(t, "one")
	p.tabs["one"] = p.browser.First
	p.tabs["two"] = must(p.browser.OpenTab(t.Context(), p.pages.At("two")))(t)
	p.told(t, "two")
	mustDo(t, p.browser.ActivateTab(t.Context(), p.tabs["one"]))
	p.told(t, "one")
	p.resumes(t)
}

// resumes waits until pages are reported again, by going to and fro, and takes the tour. A host that has an ear of ours looks for
// a further one no more often than every five seconds, when something is told.
func (p *proof) resumes(t *testing.T) {
	t.Helper()
	from := time.Now()
	must(p.browser.Activate(t.Context()))(t)
	site.Eventually(t, time.Minute, "a page is reported", func() error {
		for _, name := range []string{"two", "one"} {
			if err := p.browser.ActivateTab(t.Context(), p.tabs[name]); err != nil {
				return err
			}
			p.told(t, name)
		}
		rows, err := p.Collector.Activity(t.Context())
		if err == nil && !slices.ContainsFunc(rows, func(row rig.Row) bool { return row.Start.After(from) && row.URL == p.pages.At("two") }) {
			err = rig.ErrNoRows
		}
		return err
	})
	p.begin(t)
	p.shell(t)
	p.window(t, p.browser.Program, "one")
	p.tour(t)
}

// tour shows tabs and the terminal, and compares.
func (p *proof) tour(t *testing.T) {
	t.Helper()
	for _, name := range []string{"two", "one"} {
		p.shows(t, Title(name), name, func() error { return p.browser.ActivateTab(t.Context(), p.tabs[name]) })
	}
	p.shell(t)
	p.arrives(t)
}

// begin keeps what came before out of the script: times are compared with some slack. Somebody is there.
func (p *proof) begin(t *testing.T) {
	t.Helper()
	p.input(t)
	must(p.screen.Seen(t.Context()))(t)
	site.Pass(t, 500*time.Millisecond)
	p.script = script.Script{}
}

// page adds that a page is in front.
func (p *proof) page(did script.Did, title, path string) {
	p.script.Began(script.Episode{State: "active", App: p.browser.App, Title: title + p.browser.Suffix, URL: p.pages.At(path), Began: did}, "focus")
}

// shows does something in the browser that brings a page to the front, and waits until that was seen and told.
func (p *proof) shows(t *testing.T, title, path string, act func() error) {
	t.Helper()
	did := must(p.browser.Do(t.Context(), title+p.browser.Suffix, act))(t)
	must(p.ear.Hears(t.Context(), p.pages.At(path)))(t)
	did.Seen = must(p.screen.Seen(t.Context()))(t)
	p.page(did, title, path)
}

// window brings a window to the front.
func (p *proof) window(t *testing.T, window *desktop.Program, name string) {
	t.Helper()
	p.windowAt(t, window, Title(name), name)
}

func (p *proof) windowAt(t *testing.T, window *desktop.Program, title, path string) {
	t.Helper()
	did := must(window.Activate(t.Context()))(t)
	must(p.ear.Hears(t.Context(), p.pages.At(path)))(t)
	p.page(did, title, path)
}

// hides brings the private window to the front.
func (p *proof) hides(t *testing.T) {
	t.Helper()
	did := must(p.private.Activate(t.Context()))(t)
	p.script.Began(script.Episode{State: "active", App: p.browser.App, Private: true, Began: did}, "focus")
}

// shell brings the terminal to the front.
func (p *proof) shell(t *testing.T) {
	t.Helper()
	p.script.Focused(must(p.terminal.Activate(t.Context()))(t), p.terminal.App, "Shell")
}

// arrives compares what is reported with the script.
func (p *proof) arrives(t *testing.T) {
	t.Helper()
	if err := p.script.Arrives(t.Context(), 2*time.Minute, p.Collector.Activity); err != nil {
		t.Error(err)
		for _, h := range p.ear.All() {
			t.Logf("told at %s: %d %t %s %q", h.At.Format("15:04:05.000"), h.Window, h.Private, h.URL, h.Title)
		}
	}
}

// buffered waits until the agent's buffer holds what was seen.
func (p *proof) buffered(t *testing.T) {
	t.Helper()
	site.Eventually(t, time.Minute, "the buffer holds a page", func() error {
		if !bytes.Contains(site.Contents(t, p.Agent.State, "*"), []byte(p.pages.At(plain))) {
			return errors.New("it does not")
		}
		return nil
	})
	p.absent(t, secret)
}

// nowhere looks for the private pages everywhere, by a search that finds those of others.
func (p *proof) nowhere(t *testing.T) {
	t.Helper()
	p.absent(t, secret)
	places := p.places(t)
	for _, place := range []string{"the wire", "the collector's data"} {
		if !bytes.Contains(places[place], []byte(plain)) {
			t.Errorf("%q is not in %s: the search finds nothing", plain, place)
		}
	}
	for _, place := range []string{"the agent's log", "the collector's log"} {
		if bytes.Contains(places[place], []byte(plain)) {
			t.Errorf("%q is in %s", plain, place)
		}
	}
}

// absent looks for what must be nowhere.
func (p *proof) absent(t *testing.T, canary string) {
	t.Helper()
	for place, text := range p.places(t) {
		if bytes.Contains(text, []byte(canary)) {
			t.Errorf("%q is in %s", canary, place)
		}
	}
}

// places are all where what was seen could be.
func (p *proof) places(t *testing.T) map[string][]byte {
	t.Helper()
	return map[string][]byte{
		"the agent's state": site.Contents(t, p.Agent.State, "*"), "the wire": p.tap.Seen(), "the collector's data": site.Contents(t, p.Collector.Data, "*"),
		"the agent's log": []byte(p.Agent.Logs()), "the collector's log": site.Contents(t, p.Collector.Process().Log(), "*"),
	}
}

func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
