package browsers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/process"
)

// Browser is a running browser.
type Browser struct {
	// Program is its first window.
	*desktop.Program
	// First is the tab it was opened with.
	First Tab
	// Suffix is what its windows' titles have after the page's, and those of private windows.
	Suffix, PrivateSuffix string

	remote  remote
	desktop *desktop.Desktop
	// again starts the browser's program once more, with arguments for the instance that runs.
	again func(args ...string) error
	// keys of a new private window.
	private string
}

// Tab is a tab's name in the browser's own words.
type Tab string

// remote is how a browser is told what to do.
type remote interface {
	tabs(ctx context.Context) ([]Tab, error)
	open(ctx context.Context, address string, where where) (Tab, error)
	activate(ctx context.Context, tab Tab) error
	navigate(ctx context.Context, tab Tab, address string) error
	run(ctx context.Context, tab Tab, script string) error
	close()
}

// where a tab is opened.
type where string

const (
	inTab    where = "tab"
	inWindow where = "window"
)

// begin finds the tab that the browser was opened with.
func (b *Browser) begin(ctx context.Context) error {
	return process.Wait(ctx, patience, "browsers: first tab of "+b.App, func() error {
		tabs, err := b.remote.tabs(ctx)
		if err == nil && len(tabs) != 1 {
			err = fmt.Errorf("%d tabs", len(tabs))
		}
		if err == nil {
			b.First = tabs[0]
		}
		return err
	})
}

// OpenTab opens a tab in the window in front. It is in front when this returns; what its title is may come later.
func (b *Browser) OpenTab(ctx context.Context, address string) (Tab, error) {
	return b.remote.open(ctx, address, inTab)
}

// OpenWindow opens another window with one tab and waits until it is in front.
func (b *Browser) OpenWindow(ctx context.Context, address string) (window *desktop.Program, tab Tab, err error) {
	window, err = b.Another(ctx, func() error {
		tab, err = b.remote.open(ctx, address, inWindow)
		return err
	})
	return window, tab, err
}

// OpenPrivate opens a private window by the browser's own keys and goes to an address there. The browser has to be in front.
func (b *Browser) OpenPrivate(ctx context.Context, address string) (window *desktop.Program, tab Tab, err error) {
	before, err := b.remote.tabs(ctx)
	if err != nil {
		return nil, "", err
	}
	if window, err = b.Another(ctx, func() error { return b.desktop.Input("key", b.private) }); err != nil {
		return nil, "", fmt.Errorf("browsers: private window: %w", err)
	}
	err = process.Wait(ctx, patience, "browsers: tab of the private window", func() error {
		tabs, err := b.remote.tabs(ctx)
		if err != nil {
			return err
		}
		for _, tab = range tabs {
			if !slices.Contains(before, tab) {
				return b.remote.navigate(ctx, tab, address)
			}
		}
		return fmt.Errorf("%d tabs as before", len(tabs))
	})
	return window, tab, err
}

// ActivateTab shows a tab of a window.
func (b *Browser) ActivateTab(ctx context.Context, tab Tab) error { return b.remote.activate(ctx, tab) }

// Navigate goes to an address in a tab, without waiting for the page.
func (b *Browser) Navigate(ctx context.Context, tab Tab, address string) error {
	return b.remote.navigate(ctx, tab, address)
}

// Run runs a script in a tab's page.
func (b *Browser) Run(ctx context.Context, tab Tab, script string) error {
	return b.remote.run(ctx, tab, script)
}

// Hosts are the native hosts that the browser runs: processes of its own that are this program.
func (b *Browser) Hosts(program string) ([]int, error) {
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return nil, fmt.Errorf("browsers: hosts: %w", err)
	}
	var hosts []int
	for _, link := range links {
		var pid, parent int
		var state string
		if path, _ := os.Readlink(link); path != program {
			continue
		}
		stat, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "stat"))
		if _, err := fmt.Sscanf(string(stat), "%d (dayline-agent) %s %d", &pid, &state, &parent); err == nil && parent == b.PID() {
			hosts = append(hosts, pid)
		}
	}
	return hosts, nil
}

// Close lets go of the browser, which is asked to end.
func (b *Browser) Close() error {
	b.remote.close()
	return b.Stop(patience)
}

// sandbox is what lets a browser run as root.
func sandbox() []string {
	if os.Getuid() == 0 {
		return []string{"--no-sandbox", "--test-type"} // refused otherwise; the second hides its warning bar
	}
	return nil
}
