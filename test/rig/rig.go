// Package rig runs the real programs for what crosses rooms: a collector with its configuration, and agents that
// report to it, on ports and in folders of their own. Whatever it starts it ends by its id.
package rig

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
	"syscall"

	packer "github.com/dayline-project/dayline/installer/extension"
	"github.com/dayline-project/dayline/shared/extension"
)

// Binaries is the folder with dayline-agent and dayline-collector.
type Binaries string

// Agent is the agent's program.
func (b Binaries) Agent() string { return filepath.Join(string(b), "dayline-agent") }

// Collector is the collector's program.
func (b Binaries) Collector() string { return filepath.Join(string(b), "dayline-collector") }

// Build builds both programs from the tree the caller was built from, or trusts those that DAYLINE_BIN names. Where
// nothing changed it costs well under a second; two that build at once take turns.
func Build() (Binaries, error) {
	if dir := os.Getenv("DAYLINE_BIN"); dir != "" {
		return Binaries(dir), nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, ".build", "test")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("rig: build: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", fmt.Errorf("rig: build: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("rig: build: %w", err)
	}
	flag, err := ExtensionFlag()
	if err != nil {
		return "", err
	}
	for program, cgo := range map[string]string{"./agent/cmd/dayline-agent": "0", "./collector/cmd/dayline-collector": "1"} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", flag, "-o", dir, program)
		cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED="+cgo)
		if output, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("rig: build %s: %w\n%s", program, err, output)
		}
	}
	return Binaries(dir), nil
}

// ExtensionKey is the file of the key that this tree's builds of agent, collector and extension share, as make's.
func ExtensionKey() (string, error) {
	root, err := Root()
	return filepath.Join(root, ".build", "extension-key.pem"), err
}

// ExtensionFlag is what the linker is told so that a program believes the extension that is packed with ExtensionKey.
func ExtensionFlag() (string, error) {
	file, err := ExtensionKey()
	if err != nil {
		return "", err
	}
	key, err := packer.DevelopmentKey(file)
	if err != nil {
		return "", fmt.Errorf("rig: %w", err)
	}
	return extension.LinkFlag(&key.PublicKey)
}

// Root is the folder of the module.
func Root() (string, error) {
	output, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("rig: go env: %w", err)
	}
	file := strings.TrimSpace(string(output))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("rig: not inside the module")
	}
	return filepath.Dir(file), nil
}

// FreeAddress asks the kernel for a port on the loopback address.
func FreeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// run runs a command to its end and gives its standard output; an error carries what it said.
func run(ctx context.Context, env []string, stdin, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.Stdin = env, strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.Bytes(), &Failure{Command: filepath.Base(program) + " " + strings.Join(args, " "), Err: err, Said: errs.String() + out.String()}
	}
	return out.Bytes(), nil
}

// Failure is a command that did not end with status 0.
type Failure struct {
	Command string
	Err     error
	// Said is what it printed, errors first.
	Said string
}

// Error of error.
func (f *Failure) Error() string { return fmt.Sprintf("rig: %s: %v: %s", f.Command, f.Err, f.Said) }

// Unwrap gives the exit status.
func (f *Failure) Unwrap() error { return f.Err }
