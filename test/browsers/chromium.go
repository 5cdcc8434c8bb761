package browsers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/dayline-project/dayline/test/desktop"
)

// OpenChromium opens Chromium on a computer, on the right half of a desktop, at an address. The profile is a folder that is kept;
// flags come after our own. What fetches extensions stays on: --disable-background-networking would end that without a word.
func OpenChromium(ctx context.Context, d *desktop.Desktop, computer Computer, profile, address string, flags ...string) (*Browser, error) {
	devtools, theirs, err := newDevtools()
	if err != nil {
		return nil, fmt.Errorf("browsers: chromium: %w", err)
	}
	defer func() {
		for _, file := range theirs {
			file.Close()
		}
	}()
	common := append([]string{"--user-data-dir=" + profile, "--no-first-run", "--disable-gpu", "--disable-component-update", "--disable-sync",
		"--disable-quic", "--no-default-browser-check", "--password-store=basic", "--disable-search-engine-choice-screen",
		"--window-position=640,0", "--window-size=630,760"}, sandbox()...)
	args := append(append(append([]string{"--remote-debugging-pipe"}, common...), flags...), address)
	command := computer.command("chromium", args...)
	command.ExtraFiles = theirs
	program, err := d.Open(ctx, "chromium", "Chromium", command)
	if err != nil {
		devtools.close()
		return nil, err
	}
	b := &Browser{Program: program, Suffix: " - Chromium", PrivateSuffix: " - Chromium", remote: devtools, desktop: d, private: "ctrl+shift+n"}
	b.again = func(args ...string) error {
		// It leaves its arguments with the one that runs, and ends; one that found none would stay.
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, "chromium", append(common, args...)...)
		cmd.Env, cmd.WaitDelay = d.Env(), time.Second
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("browsers: chromium again: %w: %s", err, output)
		}
		return nil
	}
	return b, b.begin(ctx)
}

// OpenProfile opens a window of another profile in the same Chromium, as its menu of people does.
func (b *Browser) OpenProfile(ctx context.Context, name, address string) (*desktop.Program, error) {
	return b.Another(ctx, func() error { return b.again("--profile-directory="+name, address) })
}

// NewProfile makes an empty folder for a browser's profile on a desktop.
func NewProfile(dir, name string) (string, error) {
	profile := filepath.Join(dir, name)
	return profile, os.MkdirAll(profile, 0o700)
}
