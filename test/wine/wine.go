// Package wine runs programs for Windows on Linux: each Machine is a computer of its own, a copy of one template, that is
// booted, has its power cut and boots again. Whatever is started in it ends with the test, however that ends. It needs no
// display.
package wine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/process"
)

// patience is how long Wine may take for anything on a busy machine.
const patience = 60 * time.Second

// Machine is a computer with Windows.
type Machine struct {
	dir    string
	prefix string
	env    []string
	server *process.Process
	// puppets are held here, since a connection that nothing holds is closed, and a puppet ends with its own.
	puppets []*Puppet
}

var machines atomic.Int64

// newMachine gives a computer whose disk is still empty.
func newMachine(dir string) (*Machine, error) {
	m := &Machine{dir: filepath.Join(dir, fmt.Sprintf("machine-%d-%d", os.Getpid(), machines.Add(1)))}
	m.prefix = filepath.Join(m.dir, "prefix")
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "WINE") && name != "DISPLAY" && name != "WAYLAND_DISPLAY" {
			m.env = append(m.env, variable)
		}
	}
	// Without these three Wine asks to download them, or writes menus into the person's desktop.
	m.env = append(m.env, "WINEPREFIX="+m.prefix, "TMPDIR="+m.dir, "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree=;mshtml=;winemenubuilder.exe=")
	return m, os.MkdirAll(m.prefix, 0o755)
}

// Start gives a copy of the template, booted. Close ends it.
func Start(ctx context.Context) (*Machine, error) {
	from, err := template(ctx)
	if err != nil {
		return nil, err
	}
	m, err := newMachine(filepath.Dir(from))
	if err != nil {
		return nil, fmt.Errorf("wine: start: %w", err)
	}
	if err := copyPrefix(from, m.prefix); err != nil {
		m.Close()
		return nil, fmt.Errorf("wine: start: %w", err)
	}
	if err := m.Boot(ctx); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// New is Start for a test.
func New(t *testing.T) *Machine {
	t.Helper()
	m, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// Boot starts the machine: its services that start by themselves, and a desktop.
func (m *Machine) Boot(ctx context.Context) error {
	if err := m.serve(ctx); err != nil {
		return err
	}
	_, err := m.Run(ctx, "cmd", "/c", "exit")
	return err
}

// serve starts what stands for the kernel. It stays in the foreground (-f), so that it learns of this process's end, and
// outlives the last program (-p), as Windows does. An interrupt has it end all programs.
func (m *Machine) serve(ctx context.Context) (err error) {
	m.server, err = process.Start(process.Command{Name: "wineserver", Path: "wineserver", Args: []string{"-f", "-p"},
		Env: m.env, Dir: m.dir, LastSignal: syscall.SIGINT})
	if err != nil {
		return fmt.Errorf("wine: boot: %w", err)
	}
	err = process.Wait(ctx, patience, "wine: boot", func() error {
		// It works in the folder of its socket, which distributions put in different places.
		conn, err := net.Dial("unix", fmt.Sprintf("/proc/%d/cwd/socket", m.server.PID()))
		if err == nil {
			conn.Close()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, m.server.Tail())
	}
	return nil
}

// PowerCut ends everything at once, without a word to any program. What was written to disk stays.
func (m *Machine) PowerCut() error {
	if m.server == nil {
		return nil
	}
	kill := exec.Command("wineserver", "-k")
	kill.Env = m.env
	_ = kill.Run() // what it did not end is ended below
	err := m.server.Stop(patience)
	m.server = nil
	for _, pid := range m.PIDs("") {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return err
}

// Reboot cuts the power and boots again.
func (m *Machine) Reboot(ctx context.Context) error {
	if err := m.PowerCut(); err != nil {
		return err
	}
	return m.Boot(ctx)
}

// Close cuts the power and removes the machine.
func (m *Machine) Close() error {
	err := m.PowerCut()
	return errors.Join(err, os.RemoveAll(m.dir))
}

// Env is the environment of programs in this machine that others start, by `wine PROGRAM`.
func (m *Machine) Env() []string { return m.env }

// Path is where a file of drive C ("C:\ProgramData\x") is on Linux.
func (m *Machine) Path(windows string) string {
	return filepath.Join(m.prefix, "drive_c", strings.ReplaceAll(strings.TrimPrefix(windows, `C:\`), `\`, "/"))
}

// Run runs a program to its end and gives what it prints to standard output; an error carries all it said, and the exit
// status, of which Wine keeps the low 8 bits. It prints into files: programs it leaves running would keep pipes open.
func (m *Machine) Run(ctx context.Context, command ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := os.CreateTemp(m.dir, "out")
	if err != nil {
		return nil, fmt.Errorf("wine: run: %w", err)
	}
	defer os.Remove(out.Name())
	defer out.Close()
	errs, err := os.CreateTemp(m.dir, "err")
	if err != nil {
		return nil, fmt.Errorf("wine: run: %w", err)
	}
	defer os.Remove(errs.Name())
	defer errs.Close()
	cmd := exec.CommandContext(ctx, "wine", command...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = m.env, m.dir, out, errs
	failed := cmd.Run()
	printed, err := os.ReadFile(out.Name())
	if err != nil {
		return nil, fmt.Errorf("wine: run: %w", err)
	}
	printed = bytes.ReplaceAll(printed, []byte("\r\n"), []byte("\n"))
	if failed != nil {
		said, _ := os.ReadFile(errs.Name())
		return printed, fmt.Errorf("wine: %s: %w: %s%s", strings.Join(command, " "), failed, said, printed)
	}
	return printed, nil
}

// PIDs are the ids, as Linux has them, of this machine's processes whose command line contains the text.
func (m *Machine) PIDs(text string) []int {
	var found []int
	processes, _ := filepath.Glob("/proc/[0-9]*") // the pattern is a good one
	for _, process := range processes {
		environment, err := os.ReadFile(filepath.Join(process, "environ"))
		if err != nil || !bytes.Contains(append(environment, 0), []byte("WINEPREFIX="+m.prefix+"\x00")) {
			continue
		}
		line, err := os.ReadFile(filepath.Join(process, "cmdline"))
		if err != nil || !strings.Contains(strings.ReplaceAll(string(line), "\x00", " "), text) {
			continue
		}
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(process), "%d", &pid); err == nil && (m.server == nil || pid != m.server.PID()) {
			found = append(found, pid)
		}
	}
	return found
}
