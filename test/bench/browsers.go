package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dayline-project/dayline/test/browsers"
	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/rig"
)

// tabChanges at one a second; as long without any are measured too, and subtracted: the extension's process has more to do than ours.
const tabChanges = 30

// measureBrowsers changes tabs once a second in Chromium and Firefox, installed as a company does (as root, like the tests).
func measureBrowsers(ctx context.Context, bin rig.Binaries) (figures []figure, err error) {
	dir, err := os.MkdirTemp("", "dl")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	collector, err := rig.NewCollector(bin, dir, rig.Options{Account: "privacy: {titles: true, urls: full}\nsettle: 0s\n"})
	if err != nil {
		return nil, err
	}
	if err := collector.Start(ctx); err != nil {
		return nil, err
	}
	defer collector.Stop()
	computer, err := browsers.Deploy(ctx, bin, collector, dir)
	if err != nil {
		return nil, err
	}
	screen, err := desktop.Start(ctx, filepath.Join(dir, "desk"))
	if err != nil {
		return nil, err
	}
	defer screen.Close()
	agent, err := watching(ctx, bin, dir, collector, screen)
	if err != nil {
		return nil, err
	}
	defer agent.Stop()
	ear, err := browsers.NewEar(filepath.Join(dir, "desk"))
	if err != nil {
		return nil, err
	}
	defer ear.Close()
	pages := browsers.NewPages()
	defer pages.Close()
	for _, kind := range []struct {
		name string
		// process is what tells the process of extensions from the browser's others.
		process string
		open    func(profile string) (*browsers.Browser, error)
	}{
		{"Chromium", "--extension-process", func(profile string) (*browsers.Browser, error) {
			return browsers.OpenChromium(ctx, screen, computer, profile, pages.At("one"))
		}},
		{"Firefox", "WebExtensions", func(profile string) (*browsers.Browser, error) {
			return browsers.OpenFirefox(ctx, screen, computer, profile, pages.At("one"))
		}},
	} {
		profile, err := browsers.NewProfile(dir, kind.name)
		if err != nil {
			return figures, err
		}
		browser, err := kind.open(profile)
		if err != nil {
			return figures, err
		}
		found, err := changeTabs(ctx, kind.name, kind.process, browser, agent, bin, ear, pages)
		figures = append(figures, found...)
		if closed := browser.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return figures, err
		}
	}
	return figures, nil
}

func changeTabs(ctx context.Context, name, process string, browser *browsers.Browser, agent *rig.Agent, bin rig.Binaries, ear *browsers.Ear, pages browsers.Pages) ([]figure, error) {
	if _, err := ear.Hears(ctx, pages.At("one")); err != nil {
		return nil, err
	}
	two, err := browser.OpenTab(ctx, pages.At("two"))
	if err != nil {
		return nil, err
	}
	if _, err := ear.Hears(ctx, pages.At("two")); err != nil {
		return nil, err
	}
	ours, err := browser.Hosts(bin.Agent())
	if err != nil {
		return nil, err
	}
	ours = append(ours, agent.Session().PID())
	extensions := processesWith(process)
	used := func() (sums [2]time.Duration) {
		for _, pid := range ours {
			sums[0] += scheduled(pid)
		}
		for _, pid := range extensions {
			sums[1] += scheduled(pid)
		}
		return sums
	}
	before := used()
	if err := wait(ctx, tabChanges*time.Second); err != nil {
		return nil, err
	}
	quiet := used()
	var took []time.Duration
	for i := range tabChanges {
		tab, address := browser.First, pages.At("one")
		if i%2 == 1 {
			tab, address = two, pages.At("two")
		}
		from := time.Now()
		if err := browser.ActivateTab(ctx, tab); err != nil {
			return nil, err
		}
		told, err := ear.Hears(ctx, address)
		if err != nil {
			return nil, err
		}
		took = append(took, told.At.Sub(from))
		if err := wait(ctx, time.Until(from.Add(time.Second))); err != nil {
			return nil, err
		}
	}
	after := used()
	slices.Sort(took)
	share := func(i int) float64 {
		return 100 * float64((after[i]-quiet[i])-(quiet[i]-before[i])) / float64(tabChanges*time.Second)
	}
	return []figure{
		{"tab change to a session's ear, " + name, "≤ 300 ms", fmt.Sprintf("median %d ms, worst %d ms", took[len(took)/2].Milliseconds(), took[len(took)-1].Milliseconds()),
			"what is told is joined with the window when it is heard"},
		{"CPU at a tab change a second, " + name, "≤ 0.1 % of one core", fmt.Sprintf("host and session %.3f %%, extensions' process %.3f %%", share(0), share(1)),
			fmt.Sprintf("%d changes, less what as long without any takes", tabChanges)},
	}, nil
}

// processesWith are those of the machine that have this in their command lines.
func processesWith(text string) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		line, err := os.ReadFile(file)
		var pid int
		if _, scanned := fmt.Sscanf(file, "/proc/%d/", &pid); err == nil && scanned == nil && bytes.Contains(line, []byte(text)) {
			pids = append(pids, pid)
		}
	}
	return pids
}
