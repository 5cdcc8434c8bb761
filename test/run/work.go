package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/dayline-project/dayline/test/browsers"
	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/rig"
)

// virtual is the desktop that is brought up where there is none, with its programs.
type virtual struct {
	desktop          *desktop.Desktop
	dir              string
	terminal, editor *desktop.Program
	browser          *browsers.Browser
	pages            browsers.Pages
}

// open opens the programs; the browser has the extension, which finds the agent among the binaries.
func (v *virtual) open(ctx context.Context, bin rig.Binaries) (err error) {
	if v.terminal, err = v.desktop.OpenTerminal(ctx, "Shell"); err != nil {
		return err
	}
	if v.editor, err = v.desktop.OpenEditor(ctx, "notes.txt"); err != nil {
		return err
	}
	profile, err := browsers.NewProfile(v.dir, "profile")
	if err != nil {
		return err
	}
	flags, err := browsers.Unpacked(profile, bin.Agent())
	if err != nil {
		return err
	}
	v.pages = browsers.NewPages()
	v.browser, err = browsers.OpenChromium(ctx, v.desktop, "", profile, v.pages.At("orders?title=Orders"), flags...)
	return err
}

// Close ends the desktop and removes its files.
func (v *virtual) Close() {
	v.desktop.Close()
	if v.pages.Server != nil {
		v.pages.Close()
	}
	if err := os.RemoveAll(v.dir); err != nil {
		fmt.Fprintln(os.Stderr, "run: desktop:", err)
	}
}

// work does an office's work over and over, until the context ends: it goes from window to window by clicks, types, lets titles
// change, looks away for a moment and comes back.
func work(ctx context.Context, v *virtual) error {
	tasks := []string{"Invoice 2041", "Invoice 2042", "Reminder to Lima", "Stock list", "Offer for the harbour"}
	for round := 0; ; round++ {
		task := tasks[round%len(tasks)]
		letter := string(rune('a' + round%26))
		steps := []struct {
			look time.Duration
			do   func() error
		}{
			{3 * time.Second, func() error { _, err := v.terminal.Click(ctx); return err }},
			{4 * time.Second, func() error { _, err := v.terminal.Type(ctx, task+"\n", task); return err }},
			{3 * time.Second, func() error { _, err := v.browser.Click(ctx); return err }},
			{4 * time.Second, func() error { _, err := v.browser.Type(ctx, letter, "Orders "+letter+" - Chromium"); return err }},
			{3 * time.Second, func() error {
				return v.browser.Navigate(ctx, v.browser.First, v.pages.At(fmt.Sprintf("orders/%d?title=Orders", round+1)))
			}},
			{3 * time.Second, func() error { _, err := v.editor.Click(ctx); return err }},
			{time.Second, func() error { return v.desktop.Input("type", "--delay", "30", "checked "+task+" ") }},
			// A glance at another window, shorter than it takes to count.
			{500 * time.Millisecond, func() error { _, err := v.terminal.Click(ctx); return err }},
			{5 * time.Second, func() error { _, err := v.editor.Click(ctx); return err }},
		}
		for _, step := range steps {
			if err := step.do(); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(step.look):
			}
		}
	}
}
