package update

import (
	"fmt"
	"os"

	"github.com/dayline-project/dayline/shared/release"
)

// verify tells whether a file, as it lies, is what was signed.
func verify(name string, p release.Package) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if info.Size() != p.Size {
		return fmt.Errorf("it is not what was signed: it has %d bytes and not %d", info.Size(), p.Size)
	}
	sum, err := sumOf(name)
	if err == nil && sum != p.SHA256 {
		err = fmt.Errorf("it is not what was signed: its SHA-256 is %s and not %s", sum, p.SHA256)
	}
	return err
}
