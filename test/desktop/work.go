package desktop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/dayline-project/dayline/test/process"
	"github.com/dayline-project/dayline/test/script"
)

// Program is an opened program and its window.
type Program struct {
	*process.Process
	Window Window
	// App is the base name of the executable.
	App string

	desktop *Desktop
}

// OpenTerminal opens an xterm in the upper left. A line typed into it becomes its title.
func (d *Desktop) OpenTerminal(ctx context.Context, title string) (*Program, error) {
	const loop = `stty -echo; while IFS= read -r line; do printf '\033]0;%s\007%s\n' "$line" "$line"; done`
	return d.open(ctx, "xterm", "XTerm", "xterm", "-geometry", "90x20+0+0", "-T", title, "-e", "sh", "-c", loop)
}

// OpenEditor opens an xedit in the lower left.
func (d *Desktop) OpenEditor(ctx context.Context, file string) (*Program, error) {
	return d.open(ctx, "xedit", "Xedit", "xedit", "-geometry", "560x380+0+380", file)
}

// OpenBrowser opens Chromium on the right half at an address, with a fresh profile of its own.
func (d *Desktop) OpenBrowser(ctx context.Context, address string, flags ...string) (*Program, error) {
	profile, err := os.MkdirTemp(d.dir, "profile")
	if err != nil {
		return nil, err
	}
	args := []string{"--user-data-dir=" + profile, "--no-first-run", "--disable-gpu", "--disable-component-update", "--disable-sync",
		"--disable-quic", "--disable-background-networking", "--no-default-browser-check", "--password-store=basic",
		"--disable-search-engine-choice-screen", "--window-position=640,0", "--window-size=630,760"}
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox", "--test-type") // Chromium refuses root otherwise; the second hides its warning bar
	}
	return d.open(ctx, "chromium", "Chromium", "chromium", append(append(args, flags...), address)...)
}

// Page writes a page whose title changes with each letter typed into it, and gives its address.
func (d *Desktop) Page(title string) (string, error) {
	file := filepath.Join(d.dir, "page-"+strconv.FormatInt(time.Now().UnixNano(), 36)+".html")
	text := `<!doctype html><meta charset="utf-8"><title>` + title + `</title><body style="font:2em sans-serif">` + title + `<pre id="p"></pre>
<script>onkeydown = e => { if (e.key.length == 1) { document.title = "` + title + ` " + e.key; p.textContent += e.key } }</script>`
	return "file://" + file, os.WriteFile(file, []byte(text), 0o644)
}

func (d *Desktop) open(ctx context.Context, name, class, program string, args ...string) (*Program, error) {
	known := map[Window]bool{}
	before, err := d.x.windows("_NET_CLIENT_LIST")
	if err != nil {
		return nil, fmt.Errorf("desktop: open %s: %w", name, err)
	}
	for _, w := range before {
		known[w] = true
	}
	p, err := d.start(fmt.Sprintf("%s-%d", name, len(d.started)), program, args...)
	if err != nil {
		return nil, fmt.Errorf("desktop: open %s: %w", name, err)
	}
	opened := &Program{Process: p, App: name, desktop: d}
	err = d.up(ctx, p, func() error {
		opened.Window, err = d.x.byClass(class, known)
		if err != nil {
			return err
		}
		if active, _ := d.x.active(); active != opened.Window {
			return fmt.Errorf("window %d is not in front", opened.Window)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("desktop: open %s: %w", name, err)
	}
	return opened, nil
}

// Title of the program's window as the screen has it now.
func (p *Program) Title() (string, error) { return p.desktop.x.title(p.Window) }

// Activate brings the window to the front without any input, as a task bar or a script does.
func (p *Program) Activate(ctx context.Context) (script.Did, error) {
	return p.front(ctx, func() error { return p.desktop.x.activate(p.Window) })
}

// Click brings the window to the front by moving the pointer into it and pressing a button.
func (p *Program) Click(ctx context.Context) (script.Did, error) {
	x, y, err := p.desktop.x.centre(p.Window)
	if err != nil {
		return script.Did{}, fmt.Errorf("desktop: click: %w", err)
	}
	if err := p.desktop.Input("mousemove", strconv.Itoa(x), strconv.Itoa(y)); err != nil {
		return script.Did{}, err
	}
	return p.front(ctx, func() error { return p.desktop.Input("click", "1") })
}

func (p *Program) front(ctx context.Context, act func() error) (script.Did, error) {
	if err := p.desktop.hold(ctx); err != nil {
		return script.Did{}, err
	}
	did := script.Did{Begun: time.Now()}
	if err := act(); err != nil {
		return did, fmt.Errorf("desktop: bring %s to the front: %w", p.App, err)
	}
	err := process.Wait(ctx, patience, "desktop: bring "+p.App+" to the front", func() error {
		active, err := p.desktop.x.active()
		if err == nil && active != p.Window {
			err = fmt.Errorf("window %d is in front", active)
		}
		return err
	})
	did.Seen = p.desktop.changed()
	return did, err
}

// Type types text into the window in front, where it is this one, and waits until its title is as told.
func (p *Program) Type(ctx context.Context, text, title string) (script.Did, error) {
	if err := p.desktop.hold(ctx); err != nil {
		return script.Did{}, err
	}
	did := script.Did{Begun: time.Now()}
	if err := p.desktop.Input("type", "--delay", "0", text); err != nil {
		return did, err
	}
	err := process.Wait(ctx, patience, "desktop: type into "+p.App, func() error {
		have, err := p.Title()
		if err == nil && have != title {
			err = fmt.Errorf("its title is %q", have)
		}
		return err
	})
	did.Seen = p.desktop.changed()
	return did, err
}

// Input makes key and pointer events, in xdotool's words; they reach whatever is in front.
func (d *Desktop) Input(args ...string) error {
	cmd := exec.Command("xdotool", args...)
	cmd.Env = d.Env()
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("desktop: input: %w: %s", err, output)
	}
	return nil
}
