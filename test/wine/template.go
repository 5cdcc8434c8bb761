package wine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/dayline-project/dayline/test/rig"
)

// recipe is what a new prefix is told: it is Windows 10, and windows are drawn nowhere, so that no display is needed.
var recipe = [][]string{
	{"wineboot", "-i"},
	{"winecfg", "-v", "win10"},
	{"reg", "add", `HKCU\Software\Wine\Drivers`, "/v", "Graphics", "/d", "null", "/f"},
}

// home is the folder everything of Wine's is kept in: the template and the machines that are copied from it.
func home() (string, error) {
	root, err := rig.Root()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, ".build", "wine")
	return dir, os.MkdirAll(dir, 0o755)
}

// template gives the prefix that machines are copies of, made anew when Wine or the recipe changed. Two that ask at
// once take turns.
func template(ctx context.Context) (string, error) {
	dir, err := home()
	if err != nil {
		return "", fmt.Errorf("wine: template: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", fmt.Errorf("wine: template: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("wine: template: %w", err)
	}
	if err := sweep(dir); err != nil {
		return "", fmt.Errorf("wine: template: %w", err)
	}
	version, err := exec.CommandContext(ctx, "wine", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("wine: template: wine does not run (make setup installs it): %w", err)
	}
	digest := sha256.Sum256(append(append(version, fmt.Sprint(recipe)...), forwarder()...))
	ready := filepath.Join(dir, "template-"+hex.EncodeToString(digest[:8]))
	if _, err := os.Stat(ready); !errors.Is(err, fs.ErrNotExist) {
		return ready, err
	}
	if err := makeTemplate(ctx, dir, ready); err != nil {
		return "", fmt.Errorf("wine: template: %w", err)
	}
	return ready, nil
}

// makeTemplate follows the recipe in a folder of another name, so that what is there under its own is whole.
func makeTemplate(ctx context.Context, dir, ready string) error {
	old, err := filepath.Glob(filepath.Join(dir, "template-*"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	m, err := newMachine(dir)
	if err != nil {
		return err
	}
	defer m.Close()
	// Wine links the person's folders to those of HOME: none of ours shall be reached from in there.
	m.env = append(m.env, "HOME="+filepath.Join(m.dir, "nobody"))
	if err := m.serve(ctx); err != nil {
		return err
	}
	for _, command := range recipe {
		if _, err := m.Run(ctx, command...); err != nil {
			return err
		}
	}
	if err := os.WriteFile(m.Path(`C:\windows\system32\`+forwarderName), forwarder(), 0o644); err != nil {
		return err
	}
	if err := m.PowerCut(); err != nil {
		return err
	}
	return os.Rename(m.prefix, ready)
}

// sweep removes the machines of tests that were killed.
func sweep(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, "machine-*"))
	if err != nil {
		return err
	}
	for _, name := range left {
		pid, err := strconv.Atoi(strings.Split(filepath.Base(name), "-")[1])
		if err == nil && syscall.Kill(pid, 0) == nil {
			continue
		}
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	return nil
}

// largeFile is from where a file is shared with the template instead of copied: those are Wine's own programs and
// libraries, which nothing writes to, and they are nearly all of its 700 MB.
const largeFile = 64 << 10

// copyPrefix copies a template.
func copyPrefix(from, to string) error {
	return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := to + strings.TrimPrefix(name, from)
		switch {
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case entry.Type() == fs.ModeSymlink:
			link, err := os.Readlink(name)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		}
		info, err := entry.Info()
		if err != nil || filepath.Join(from, "wineserver") == name { // Debian's note of where the server listens
			return err
		}
		if info.Size() >= largeFile && filepath.Dir(name) != from {
			return os.Link(name, target)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, info.Mode().Perm())
	})
}

// Overlay writes what `go test -overlay` takes for tests that run here, and gives the file's name. Wine 8.0 answers a
// removal by handle, which is how os.RemoveAll and so t.TempDir remove, with a status (STATUS_NOT_IMPLEMENTED) that
// Go does not take for "do it the other way". The agent itself is never built with it.
func Overlay(ctx context.Context) (string, error) {
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("wine: overlay: %w", err)
	}
	dir, err := home()
	if err != nil {
		return "", fmt.Errorf("wine: overlay: %w", err)
	}
	source := filepath.Join(strings.TrimSpace(string(goroot)), "src", "internal", "syscall", "windows", "at_windows.go")
	text, err := os.ReadFile(source)
	if err != nil {
		return "", fmt.Errorf("wine: overlay: %w", err)
	}
	const known, also = "STATUS_NOT_SUPPORTED:  ", "STATUS_NOT_SUPPORTED, NTStatus(0xC0000002):  "
	changed := bytes.Replace(text, []byte(known), []byte(also), 1)
	if bytes.Equal(changed, text) {
		return "", fmt.Errorf("wine: overlay: %s has changed: find where os.RemoveAll falls back", source)
	}
	replacement, overlay := filepath.Join(dir, "at_windows.go"), filepath.Join(dir, "overlay.json")
	return overlay, errors.Join(
		rig.WriteFile(replacement, string(changed)),
		rig.WriteFile(overlay, fmt.Sprintf(`{"Replace":{%q:%q}}`, source, replacement)))
}
