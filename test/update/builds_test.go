// Package update has agents become other releases of themselves, as they do at people's: builds that differ, signed by the real
// commands, a real collector that asks for them, and a computer with a service manager. Every kind of release that is no good goes.
package update

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/test/rig"
)

// The versions: oldest runs at first. Newer does what a file beside it says, and nothing bad without one.
const (
	oldest = "1.0.0"
	newer  = "1.1.0"
)

// What a build for tests has shorter, or not at all.
const hurried = " -X github.com/dayline-project/dayline/agent/internal/update.probation=20s" +
	" -X github.com/dayline-project/dayline/agent/internal/update.splay=0s" +
	" -X github.com/dayline-project/dayline/agent/internal/update.settle=0s"

// builds are a collector that trusts a key, and beside it an agent of each version (agent-VERSION) and the reader of the release before.
type builds struct{ rig.Trusting }

func (b builds) in(name string) string       { return filepath.Join(string(b.Binaries), name) }
func (b builds) agent(version string) string { return b.in("agent-" + version) }

// TestMain has more computers at once than there are processors: they mostly wait for the end of a probation.
func TestMain(m *testing.M) {
	flag.Parse()
	if most := flag.Lookup("test.parallel"); most.Value.String() == most.DefValue {
		if err := most.Value.Set("4"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// build builds them once for all tests, from the tree of the caller.
var build = sync.OnceValues(func() (b builds, err error) {
	root, err := rig.Root()
	if err != nil {
		return b, err
	}
	if b.Trusting, err = rig.BuildTrusting(); err != nil {
		return b, err
	}
	overlay, err := b.overlay(root)
	if err != nil {
		return b, err
	}
	errs := []error{b.link(root, "./agent/internal/former", "former", "")}
	for _, version := range []string{oldest, newer} {
		named := b.Flags + hurried + " -s -w -X github.com/dayline-project/dayline/shared/buildinfo.Version=" + version
		var more []string
		if version == newer {
			more = []string{"-overlay", overlay}
		}
		errs = append(errs, b.link(root, "./agent/cmd/dayline-agent", "agent-"+version, named, more...))
	}
	return b, errors.Join(errs...)
})

func (b builds) overlay(root string) (string, error) {
	text, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(root, "agent/cmd/dayline-agent/poison.go"): filepath.Join(root, "test/update/testdata/poison.go"),
	}})
	if err != nil {
		return "", err
	}
	return b.in("overlay.json"), os.WriteFile(b.in("overlay.json"), text, 0o600)
}

func (b builds) link(root, program, name, flags string, more ...string) error {
	args := append([]string{"build", "-trimpath", "-ldflags", flags, "-o", b.in(name)}, more...)
	cmd := exec.Command("go", append(args, program)...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
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
		must(c.Run(t.Context(), "release", "sign", folder, "--key", b.Key))(t)
		must(c.Run(t.Context(), "release", "add", folder))(t)
		must(c.Run(t.Context(), "release", "channel", keys, "--key", b.Key, "--newest", "linux="+version))(t)
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
