// Package browsers drives real browsers on a virtual desktop: as companies install them, with policies and the extension they
// force, by the browsers' own protocols for automation and by key and pointer events.
package browsers

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/dayline-project/dayline/test/process"
)

// Computer is what browsers take for their computer's files: our own policies and manifests laid over /etc and
// /usr/lib/mozilla, for these browsers alone.
type Computer string

// overlaid are the folders that browsers read such files in.
var overlaid = []string{"/etc", "/usr/lib/mozilla"}

// mount lays each folder of ours over the machine's own, where nobody but the program sees it. Without a writable layer it needs
// no file system that could hold one.
const mount = `for folder in /etc /usr/lib/mozilla; do
  mount -t overlay overlay -o "lowerdir=$0$folder:$folder" "$folder" || exit 1
done
exec "$@"`

// NewComputer makes one whose files lie below dir.
func NewComputer(dir string) (Computer, error) {
	for _, folder := range overlaid {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			return "", fmt.Errorf("browsers: computer: %w", err)
		}
	}
	return Computer(dir), nil
}

// Write puts a file there, by its place on a real computer.
func (c Computer) Write(place string, content []byte) error {
	file := filepath.Join(string(c), place)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("browsers: computer: %w", err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		return fmt.Errorf("browsers: computer: %w", err)
	}
	return nil
}

// command runs a program on that computer; "": on this one. Mounting is root's.
func (c Computer) command(program string, args ...string) process.Command {
	if c == "" {
		return process.Command{Path: program, Args: args}
	}
	return process.Command{Path: "unshare", Args: append([]string{"--mount", "sh", "-c", mount, string(c), program}, args...)}
}
