package wine

import (
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/dayline-project/dayline/test/rig"
)

// built are the programs for Windows that were built in this process, by their package and what the linker was told.
var built sync.Map

// Build builds a program of ours for Windows, once, and gives the file; linking is what the linker is told besides.
func Build(source, linking string) (string, error) {
	once, _ := built.LoadOrStore(source+" "+linking, sync.OnceValues(func() (string, error) {
		root, err := rig.Root()
		if err != nil {
			return "", err
		}
		believed, err := rig.ExtensionFlag()
		if err != nil {
			return "", err
		}
		dir, err := home()
		if err != nil {
			return "", err
		}
		// Another test may build it too: each has its own until it is whole.
		target := filepath.Join(dir, fmt.Sprintf("%s-%08x.exe", filepath.Base(source), crc32.ChecksumIEEE([]byte(linking))))
		building := fmt.Sprintf("%s.%d", target, os.Getpid())
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w "+believed+" "+linking, "-o", building, source)
		cmd.Dir, cmd.Env = root, append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
		if output, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("wine: build %s: %w\n%s", source, err, output)
		}
		return target, os.Rename(building, target)
	}))
	return once.(func() (string, error))()
}
