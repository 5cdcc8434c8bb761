// Package linux makes computers with Linux out of this machine: each has all of this machine's files, and keeps what is
// changed of them to itself; processes, scratch files and a service manager of its own. The network is this machine's.
package linux

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/process"
)

// patience is how long a computer may take to come up on a busy machine.
const patience = time.Minute

// Machine is a running computer.
type Machine struct {
	dir    string
	keeper *process.Process
	// bare is what was changed before anything was installed.
	bare []string
}

//go:embed boot
var boot string

//go:embed systemctl
var systemctl string

//go:embed systemd-run
var systemdRun string

//go:embed session
var session string

// New starts a computer that the test ends. It sees the shared folders of this machine as they are, sockets included.
func New(t testing.TB, shared ...string) *Machine {
	t.Helper()
	m, err := Start(t.Context(), shared...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the computer's services said: %s", m.Logs())
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// Start starts a computer. Mounting is root's; the tests' machine gives it.
func Start(ctx context.Context, shared ...string) (*Machine, error) {
	// What is written while a folder lies over another cannot itself lie on one that does.
	dir, err := os.MkdirTemp("/dev/shm", "dayline-test-")
	if err != nil {
		return nil, fmt.Errorf("linux: %w", err)
	}
	m := &Machine{dir: dir}
	if err := m.boot(ctx, shared); err != nil {
		return nil, errors.Join(fmt.Errorf("linux: boot: %w", err), m.Close())
	}
	return m, nil
}

func (m *Machine) boot(ctx context.Context, shared []string) (err error) {
	for _, folder := range []string{"written", "work", "root", "run/systemd/system", "run/bin", "run/services", "tmp"} {
		if err := os.MkdirAll(filepath.Join(m.dir, folder), 0o755); err != nil {
			return err
		}
	}
	// What came with this machine's own service manager must not be asked; ours are found by their paths too.
	for name, text := range map[string]string{"systemctl": systemctl, "systemd-run": systemdRun} {
		if err := os.WriteFile(filepath.Join(m.dir, "run/bin", name), []byte(text), 0o755); err != nil {
			return err
		}
	}
	m.keeper, err = process.Start(process.Command{Name: "keeper", Path: "unshare", Dir: m.dir, Env: environment,
		Args: append([]string{"--mount", "--pid", "--fork", "--kill-child", "sh", "-c", boot, m.dir}, shared...)})
	if err != nil {
		return err
	}
	if err := process.Wait(ctx, patience, "the computer is up", func() error {
		select {
		case <-m.keeper.Done():
			return nil
		default:
			_, err := os.Stat(filepath.Join(m.dir, "run/up"))
			return err
		}
	}); err != nil {
		return err
	}
	select {
	case <-m.keeper.Done():
		return fmt.Errorf("it ended (run as root, or in a container that may mount): %w: %s", m.keeper.Err(), m.keeper.Tail())
	default:
	}
	m.bare, err = m.changed()
	return err
}

// Close ends all that runs on the computer, and removes it.
func (m *Machine) Close() error {
	if m.keeper != nil {
		m.keeper.Kill() // and with it everything that it is the first process of
	}
	return os.RemoveAll(m.dir)
}

// Reboot cuts the power, and starts what is enabled.
func (m *Machine) Reboot(ctx context.Context) error {
	const cut = "kill -9 -1; rm -f /run/services/*.pid /run/services/*.keeper"
	if _, err := m.Run(ctx, nil, "sh", "-c", cut); err != nil {
		return err
	}
	changed, err := m.changed()
	for _, name := range changed {
		// What this machine starts is none of the computer's.
		if enabled, _ := filepath.Match("/etc/systemd/system/*.wants/*.service", name); enabled && err == nil { // the pattern is a right one
			_, err = m.Run(ctx, nil, "systemctl", "start", filepath.Base(name))
		}
	}
	return err
}

// environment of what runs there, as a login of root's has it. What is put into /run/bin is found first.
var environment = []string{"PATH=/run/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "USER=root", "LANG=C.UTF-8", "TERM=dumb"}

// inside is a command line that runs another there.
func (m *Machine) inside(command []string) (program string, arguments []string) {
	of := "/proc/" + strconv.Itoa(m.keeper.PID())
	return "nsenter", append([]string{"--mount=" + of + "/ns/mnt", "--pid=" + of + "/ns/pid_for_children", "--root=" + of + "/root", "--wd=" + of + "/root", "--"}, command...)
}

// Run runs a command there as root to its end, with more environment, and gives all that it said.
func (m *Machine) Run(ctx context.Context, env []string, command ...string) (said string, err error) {
	program, arguments := m.inside(command)
	cmd := exec.CommandContext(ctx, program, arguments...)
	cmd.Env = slices.Concat(environment, env)
	// Services that the command starts keep its output open.
	cmd.WaitDelay = patience
	output, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("linux: %s: %w: %s", strings.Join(command[:min(3, len(command))], " "), err, output)
	}
	return string(output), err
}

// Login has root log in at a desktop, whose environment this is: what graphical sessions want runs from then on.
func (m *Machine) Login(env []string) error {
	program, arguments := m.inside([]string{"sh", "-c", session})
	_, err := process.Start(process.Command{Name: "session", Path: program, Args: arguments, Env: env, Dir: filepath.Join(m.dir, "run/services")})
	return err
}

// Path is where this machine finds a file of the computer's.
func (m *Machine) Path(name string) string {
	return filepath.Join("/proc", strconv.Itoa(m.keeper.PID()), "root", name)
}

// Put puts a file of this machine's into a folder there and gives its path there.
func (m *Machine) Put(file, folder string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	name := filepath.Join(folder, filepath.Base(file))
	return name, os.WriteFile(m.Path(name), text, 0o644)
}

// StandIn puts a command there that notes how it was called, and then does as a script of the shell says: "$@" are its arguments.
func (m *Machine) StandIn(name, script string) error {
	const note = "#!/bin/sh\nprintf '%s\\n' \"${0##*/} $*\" >>/run/called\n"
	return os.WriteFile(m.Path("/run/bin/"+name), []byte(note+script+"\n"), 0o755)
}

// Called gives the calls of stand-ins since it was asked last, each with its arguments.
func (m *Machine) Called() ([]string, error) {
	text, err := os.ReadFile(m.Path("/run/called"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), errors.Join(err, os.Remove(m.Path("/run/called")))
}

// Logs is all that its services said.
func (m *Machine) Logs() string {
	var all bytes.Buffer
	logs, _ := filepath.Glob(filepath.Join(m.dir, "run/services/*.log")) // the pattern is a right one
	for _, name := range logs {
		if text, err := os.ReadFile(name); err == nil {
			fmt.Fprintf(&all, "%s:\n%s", filepath.Base(name), text)
		}
	}
	return all.String()
}

// Written are the files below a folder that are not as they are on this machine, and those on disks of the computer's own.
func (m *Machine) Written(folder string) (written []string, err error) {
	root := filepath.Join(m.dir, "written")
	for _, own := range []string{"/run", "/tmp"} {
		if folder == own || strings.HasPrefix(folder, own+"/") {
			root = m.dir
		}
	}
	err = filepath.WalkDir(filepath.Join(root, folder), func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile, or never there
		}
		if err == nil && entry.Type().IsRegular() {
			written = append(written, strings.TrimPrefix(name, root))
		}
		return err
	})
	return written, err
}

// keptByPackers is what package managers, and what they have others do after each change, remember.
var keptByPackers = []string{"/var/lib/dpkg/", "/var/lib/rpm/", "/root/.rpmdb/", "/var/log/", "/var/cache/", "/etc/ld.so.cache"}

// Left are the files and folders that are not as they were when the computer was new, save what package managers remember.
func (m *Machine) Left() ([]string, error) {
	changed, err := m.changed()
	return slices.DeleteFunc(changed, func(name string) bool {
		return slices.Contains(m.bare, name) || slices.ContainsFunc(keptByPackers, func(kept string) bool { return strings.HasPrefix(name+"/", kept) || name == kept })
	}), err
}

// changed lists what differs from this machine's files: what was added, removed or written otherwise.
func (m *Machine) changed() (changed []string, err error) {
	root := filepath.Join(m.dir, "written")
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil {
			return err
		}
		place := strings.TrimPrefix(name, root)
		before, missing := os.Lstat(place)
		same := missing == nil && before.Mode().Type() == entry.Type()
		switch {
		case entry.IsDir():
		case entry.Type()&fs.ModeCharDevice != 0: // how an overlay marks what was removed
			same = missing != nil
		case entry.Type().IsRegular() && same:
			old, err := os.ReadFile(place)
			if err != nil {
				return err
			}
			now, err := os.ReadFile(name)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			same = bytes.Equal(old, now)
		}
		if !same && place != "" {
			changed = append(changed, place)
		}
		return nil
	})
	return changed, err
}
