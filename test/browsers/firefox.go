package browsers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/coder/websocket"

	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/process"
)

// preferences of a fresh profile: nothing that asks a person at the first start, nothing fetched from far away, and extensions
// without Mozilla's signature, which ESR allows and releases do not.
const preferences = `user_pref("xpinstall.signatures.required", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.preonboarding.enabled", false);
user_pref("termsofuse.bypassNotification", true);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("browser.startup.page", 0);
user_pref("browser.newtabpage.enabled", false);
user_pref("browser.tabs.warnOnClose", false);
user_pref("browser.sessionstore.resume_from_crash", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("datareporting.healthreport.uploadEnabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
user_pref("app.normandy.enabled", false);
user_pref("app.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.safebrowsing.provider.mozilla.updateURL", "");
user_pref("extensions.systemAddon.update.enabled", false);
`

var listening = regexp.MustCompile(`WebDriver BiDi listening on (ws://[0-9.:]+)`)

// OpenFirefox opens Firefox on a computer at an address. The profile is a folder that is kept.
func OpenFirefox(ctx context.Context, d *desktop.Desktop, computer Computer, profile, address string) (*Browser, error) {
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(preferences), 0o600); err != nil {
		return nil, fmt.Errorf("browsers: firefox: %w", err)
	}
	command := computer.command("firefox-esr", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", address)
	program, err := d.Open(ctx, "firefox-esr", "firefox-esr", command)
	if err != nil {
		return nil, err
	}
	b := &Browser{Program: program, Suffix: " — Mozilla Firefox", PrivateSuffix: " — Mozilla Firefox Private Browsing", desktop: d, private: "ctrl+shift+p"}
	if b.remote, err = newBiDi(ctx, program.Process); err != nil {
		return nil, errors.Join(err, program.Stop(patience))
	}
	return b, b.begin(ctx)
}

// bidi speaks WebDriver BiDi (https://w3c.github.io/webdriver-bidi/) with Firefox.
type bidi struct {
	calls
	conn *websocket.Conn
}

// newBiDi connects to the address that the browser prints.
func newBiDi(ctx context.Context, browser *process.Process) (*bidi, error) {
	var address string
	err := process.Wait(ctx, patience, "browsers: firefox listens", func() error {
		text, err := os.ReadFile(browser.Log())
		if found := listening.FindSubmatch(text); found != nil {
			address = string(found[1])
			return nil
		}
		return errors.Join(err, errors.New("it does not say where"))
	})
	if err != nil {
		return nil, err
	}
	conn, _, err := websocket.Dial(ctx, address+"/session", nil)
	if err != nil {
		return nil, fmt.Errorf("browsers: firefox: %w", err)
	}
	conn.SetReadLimit(1 << 22)
	b := &bidi{conn: conn}
	go b.hear(func() ([]byte, error) {
		_, text, err := conn.Read(context.Background()) // until close
		return text, err
	})
	return b, b.call(ctx, "session.new", map[string]any{"capabilities": struct{}{}}, nil)
}

func (b *bidi) close() { _ = b.conn.CloseNow() }

func (b *bidi) call(ctx context.Context, method string, params, result any) error {
	return b.ask(ctx, call{Method: method, Params: params}, result, func(text []byte) error {
		return b.conn.Write(ctx, websocket.MessageText, text)
	})
}

func (b *bidi) tabs(ctx context.Context) ([]Tab, error) {
	var tree struct {
		Contexts []struct{ Context Tab }
	}
	err := b.call(ctx, "browsingContext.getTree", map[string]any{"maxDepth": 0}, &tree)
	var tabs []Tab
	for _, context := range tree.Contexts {
		tabs = append(tabs, context.Context)
	}
	return tabs, err
}

func (b *bidi) open(ctx context.Context, address string, where where) (Tab, error) {
	var opened struct{ Context Tab }
	if err := b.call(ctx, "browsingContext.create", map[string]any{"type": where}, &opened); err != nil {
		return "", err
	}
	return opened.Context, b.navigate(ctx, opened.Context, address)
}

func (b *bidi) activate(ctx context.Context, tab Tab) error {
	return b.call(ctx, "browsingContext.activate", map[string]any{"context": tab}, nil)
}

func (b *bidi) navigate(ctx context.Context, tab Tab, address string) error {
	return b.call(ctx, "browsingContext.navigate", map[string]any{"context": tab, "url": address, "wait": "none"}, nil)
}

func (b *bidi) run(ctx context.Context, tab Tab, script string) error {
	var done struct{ Type string }
	err := b.call(ctx, "script.evaluate", map[string]any{"expression": script, "target": map[string]any{"context": tab}, "awaitPromise": true}, &done)
	if err == nil && done.Type != "success" {
		err = fmt.Errorf("browsers: script: %s", done.Type)
	}
	return err
}
