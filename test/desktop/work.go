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
	// App is the base name of the executable, Class its windows' class.
	App, Class string

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

// Open starts a program and waits until its first window, of this X class, is in front. App is the base name of its executable.
func (d *Desktop) Open(ctx context.Context, app, class string, command process.Command) (*Program, error) {
	opened := &Program{App: app, Class: class, desktop: d}
	if command.Env == nil {
		command.Env = d.Env()
	}
	command.Name, command.Dir = fmt.Sprintf("%s-%d", app, len(d.started)), d.dir
	known, err := d.known()
	if err != nil {
		return nil, fmt.Errorf("desktop: open %s: %w", app, err)
	}
	if opened.Process, err = process.Start(command); err != nil {
		return nil, fmt.Errorf("desktop: open %s: %w", app, err)
	}
	d.started = append(d.started, opened.Process)
	if err := d.up(ctx, opened.Process, func() error { return opened.inFront(known) }); err != nil {
		return nil, fmt.Errorf("desktop: open %s: %w", app, err)
	}
	return opened, nil
}

// Another does what opens another window of the program and waits until that is in front.
func (p *Program) Another(ctx context.Context, act func() error) (*Program, error) {
	another := *p
	known, err := p.desktop.known()
	if err == nil {
		err = act()
	}
	if err == nil {
		err = process.Wait(ctx, patience, "desktop: another window of "+p.App, func() error { return another.inFront(known) })
	}
	if err == nil {
		_, err = p.desktop.Seen(ctx)
	}
	return &another, err
}

// Gone waits until the screen has no window of the program's class any more: the next program's may have the same numbers.
func (p *Program) Gone(ctx context.Context) error {
	return process.Wait(ctx, patience, "desktop: windows of "+p.App+" are gone", func() error {
		if w, err := p.desktop.x.byClass(p.Class, nil); err == nil {
			return fmt.Errorf("window %d is there", w)
		}
		return nil
	})
}

// known are the windows that there are. One that is listed and closed already is none of them: the next may have its number.
func (d *Desktop) known() (map[Window]bool, error) {
	known := map[Window]bool{}
	before, err := d.x.windows("_NET_CLIENT_LIST")
	for _, w := range before {
		if _, err := d.x.title(w); err == nil {
			known[w] = true
		}
	}
	return known, err
}

// inFront finds the program's window that was not known before; it is an error until that is in front.
func (p *Program) inFront(known map[Window]bool) (err error) {
	if p.Window, err = p.desktop.x.byClass(p.Class, known); err != nil {
		return err
	}
	if active, _ := p.desktop.x.active(); active != p.Window {
		return fmt.Errorf("window %d is not in front", p.Window)
	}
	return nil
}

// Page writes a page whose title changes with each letter typed into it, and gives its address.
func (d *Desktop) Page(title string) (string, error) {
	file := filepath.Join(d.dir, "page-"+strconv.FormatInt(time.Now().UnixNano(), 36)+".html")
	text := `<!doctype html><meta charset="utf-8"><title>` + title + `</title><body style="font:2em sans-serif">` + title + `<pre id="p"></pre>
<script>onkeydown = e => { if (e.key.length == 1) { document.title = "` + title + ` " + e.key; p.textContent += e.key } }</script>`
	return "file://" + file, os.WriteFile(file, []byte(text), 0o644)
}

func (d *Desktop) open(ctx context.Context, app, class, program string, args ...string) (*Program, error) {
	return d.Open(ctx, app, class, process.Command{Path: program, Args: args})
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
	if err == nil {
		did.Seen, err = p.desktop.Seen(ctx)
	}
	return did, err
}

// Type types text into the window in front, where it is this one, and waits until its title is as told.
func (p *Program) Type(ctx context.Context, text, title string) (script.Did, error) {
	return p.Do(ctx, title, func() error { return p.desktop.Input("type", "--delay", "0", text) })
}

// Do does something in the window in front, where it is this one, and waits until its title is as told.
func (p *Program) Do(ctx context.Context, title string, act func() error) (script.Did, error) {
	if err := p.desktop.hold(ctx); err != nil {
		return script.Did{}, err
	}
	did := script.Did{Begun: time.Now()}
	if err := act(); err != nil {
		return did, fmt.Errorf("desktop: work with %s: %w", p.App, err)
	}
	err := process.Wait(ctx, patience, "desktop: work with "+p.App, func() error {
		have, err := p.Title()
		if err == nil && have != title {
			err = fmt.Errorf("its title is %q", have)
		}
		return err
	})
	if err == nil {
		did.Seen, err = p.desktop.Seen(ctx)
	}
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

// LastInput is between which moments the last input came, whoever's it was, as the X server has it.
func (d *Desktop) LastInput() (did script.Did, err error) {
	asked := time.Now()
	idle, err := d.x.idle()
	return script.Did{Begun: asked.Add(-idle), Seen: time.Now().Add(-idle)}, err
}
