package rig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/dayline-project/dayline/shared/release"
)

// Trusting is a folder with a collector that takes releases signed by Key alone, and has agents update to them.
type Trusting struct {
	Binaries
	// Key is the file of the key that signs.
	Key string
	// Flags are the linker's for an agent that trusts the same.
	Flags string
}

// BuildTrusting builds it beside what Build does, by a key of this tree that is made once, by the real command, and kept: what is
// built by another is linked anew.
func BuildTrusting() (Trusting, error) {
	bin, err := Build()
	if err != nil {
		return Trusting{}, err
	}
	root, err := Root()
	if err != nil {
		return Trusting{}, err
	}
	dir := filepath.Join(root, ".build", "test", "update")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Trusting{}, fmt.Errorf("rig: build: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return Trusting{}, fmt.Errorf("rig: build: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return Trusting{}, fmt.Errorf("rig: build: %w", err)
	}
	t := Trusting{Binaries: Binaries(dir), Key: filepath.Join(dir, "release.key")}
	if t.Flags, err = t.flags(bin); err != nil {
		return Trusting{}, err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", t.Flags, "-o", t.Collector(), "./collector/cmd/dayline-collector")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=1")
	if output, err := cmd.CombinedOutput(); err != nil {
		return Trusting{}, fmt.Errorf("rig: build a collector with keys: %w\n%s", err, output)
	}
	return t, nil
}

func (t Trusting) flags(bin Binaries) (string, error) {
	file := filepath.Join(filepath.Dir(t.Key), release.TrustedName(1))
	if _, err := os.Stat(file); err != nil {
		os.Remove(t.Key) // of a run that was broken off
		if output, err := exec.Command(bin.Collector(), "release", "keygen", "--out", t.Key).CombinedOutput(); err != nil {
			return "", fmt.Errorf("rig: keygen: %w: %s", err, output)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("rig: keys: %w", err)
	}
	trusted, err := release.ParseTrusted(text)
	if err != nil {
		return "", fmt.Errorf("rig: keys: %w", err)
	}
	keys, err := trusted.LinkFlag()
	if err != nil {
		return "", fmt.Errorf("rig: keys: %w", err)
	}
	believed, err := ExtensionFlag()
	return believed + " " + keys, err
}
