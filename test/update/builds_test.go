// Package update has agents become other releases of themselves, as they do at people's: builds that differ, signed by the real
// commands, a real collector that asks for them, and a computer with a service manager. Every kind of release that is no good goes.
package update

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/test/rig"
)

// The versions: oldest runs at first. Poisoned is the one that does what a file beside it says, and nothing bad without one.
const (
	oldest   = "1.0.0"
	newer    = "1.1.0"
	poisoned = "1.2.0"
)

// What a build for tests has shorter, or not at all.
const hurried = " -X github.com/dayline-project/dayline/agent/internal/update.probation=20s" +
	" -X github.com/dayline-project/dayline/agent/internal/update.splay=0s" +
	" -X github.com/dayline-project/dayline/agent/internal/update.settle=0s"

// builds is a folder with a collector that trusts the key in it, an agent of each version (agent-VERSION), and the key.
type builds string

func (b builds) in(name string) string       { return filepath.Join(string(b), name) }
func (b builds) agent(version string) string { return b.in("agent-" + version) }
func (b builds) key() string                 { return b.in("release.key") }
func (b builds) collector() rig.Binaries     { return rig.Binaries(b) }

// build builds them once for all tests, from the tree of the caller.
var build = sync.OnceValues(func() (builds, error) {
	root, err := rig.Root()
	if err != nil {
		return "", err
	}
	b := builds(filepath.Join(root, ".build", "test", "update"))
	if err := os.MkdirAll(string(b), 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(b.in("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	flags, err := b.flags(root)
	if err != nil {
		return "", err
	}
	overlay, err := b.overlay(root)
	if err != nil {
		return "", err
	}
	errs := []error{
		b.link(root, "1", "./collector/cmd/dayline-collector", "dayline-collector", flags),
		b.link(root, "0", "./agent/internal/former", "former", ""),
	}
	for _, version := range []string{oldest, newer, poisoned} {
		named := flags + hurried + " -s -w -X github.com/dayline-project/dayline/shared/buildinfo.Version=" + version
		var more []string
		if version == poisoned {
			more = []string{"-overlay", overlay}
		}
		errs = append(errs, b.link(root, "0", "./agent/cmd/dayline-agent", "agent-"+version, named, more...))
	}
	return b, errors.Join(errs...)
})

// flags are the linker's for what shares the keys. The key is made once, by the real command, and kept: what is built by another is
// linked anew.
func (b builds) flags(root string) (string, error) {
	if _, err := os.Stat(b.in("trusted.json")); err != nil {
		bin, err := rig.Build()
		if err != nil {
			return "", err
		}
		os.Remove(b.key())
		if output, err := exec.Command(bin.Collector(), "release", "keygen", "--out", b.key()).CombinedOutput(); err != nil {
			return "", fmt.Errorf("keygen: %w: %s", err, output)
		}
	}
	text, err := os.ReadFile(b.in("trusted.json"))
	if err != nil {
		return "", err
	}
	trusted, err := release.ParseTrusted(text)
	if err != nil {
		return "", err
	}
	keys, err := trusted.LinkFlag()
	if err != nil {
		return "", err
	}
	believed, err := rig.ExtensionFlag()
	return believed + " " + keys, err
}

func (b builds) overlay(root string) (string, error) {
	text, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(root, "agent/cmd/dayline-agent/poison.go"): filepath.Join(root, "test/update/testdata/poison.go"),
	}})
	if err != nil {
		return "", err
	}
	return b.in("overlay.json"), os.WriteFile(b.in("overlay.json"), text, 0o600)
}

func (b builds) link(root, cgo, program, name, flags string, more ...string) error {
	args := append([]string{"build", "-trimpath", "-ldflags", flags, "-o", b.in(name)}, more...)
	cmd := exec.Command("go", append(args, program)...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED="+cgo)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", name, err, output)
	}
	return nil
}

// shelve signs a version and puts it on a collector's shelf, together with a channel that names it as the newest.
func (b builds) shelve(t *testing.T, c *rig.Collector, versions ...string) {
	t.Helper()
	keys := filepath.Join(filepath.Dir(c.Data), "keys")
	if err := os.MkdirAll(keys, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, version := range versions {
		parsed := must(release.ParseVersion(version))(t)
		folder := must(c.Packed(parsed, rig.Packed{OS: release.Linux, Arch: release.AMD64, Kind: release.Zst, Content: must(b.packed(version))(t)}))(t)
		must(c.Run(t.Context(), "release", "sign", folder, "--key", b.key()))(t)
		must(c.Run(t.Context(), "release", "add", folder))(t)
		must(c.Run(t.Context(), "release", "channel", keys, "--key", b.key(), "--newest", "linux="+version))(t)
	}
	must(c.Run(t.Context(), "release", "add", filepath.Join(keys, "channel.json")))(t)
}

// packed is an agent as collectors hand it out for an update, and less compressed.
func (b builds) packed(version string) ([]byte, error) {
	program, err := os.ReadFile(b.agent(version))
	if err != nil {
		return nil, err
	}
	writer, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, err
	}
	return writer.EncodeAll(program, nil), nil
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// run runs a command to its end, and gives all that it said.
func run(ctx context.Context, program string, args ...string) (string, error) {
	output, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	return string(output), err
}
