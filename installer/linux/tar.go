package linux

import (
	_ "embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/unit"
)

//go:embed install.sh
var installScript string

// Tar gives the archive whose install.sh does what packages do elsewhere. It ends so that an enrolment string can be put
// there (shared/tail).
func (p Package) Tar() ([]byte, error) {
	folder := strings.TrimSuffix(release.FileName(p.Version, release.Linux, p.Arch, release.Tar), "."+release.Tar)
	script := strings.NewReplacer("@PROGRAM@", unit.UnpackedProgram, "@PACKAGE@", unit.PackageFile).Replace(installScript)
	whole, err := archived([]entry{
		{"", 0o755 | fs.ModeDir, nil},
		{"/dayline-agent", 0o755, p.Program},
		{"/install.sh", 0o755, []byte(script)},
	}, func(path string) string { return folder + path }, p.Built)
	if err != nil {
		return nil, fmt.Errorf("linux: tar: %w", err)
	}
	return whole, nil
}
