package linux

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/unit"
)

// entry is one file, folder or link that a package holds.
type entry struct {
	// path begins with a slash.
	path string
	mode fs.FileMode
	// content is a link's target.
	content []byte
}

// ours are folders that systems may lack, and that go with the package where nothing else is in them.
var ours = []string{
	path.Dir(unit.EnrollFile), path.Dir(unit.PackageFile), "/usr/share/doc/" + name,
	path.Dir(unit.Autostart), unit.Vendor + "/system-preset", unit.Vendor + "/user", unit.Vendor + "/user/graphical-session.target.wants",
}

const copyright = "Dayline agent: " + homepage + "\nCopyright: " + product.Publisher + "\n"

const readme = `The Dayline agent measures the working day on this computer, visibly: dayline-agent status says what is collected.

/etc/dayline/enroll        takes an enrolment string, of mode 0600; it is used once and removed
/etc/dayline/ceiling.json  what this computer never tells, whatever its collector asks
/var/lib/dayline-agent     key, settings and buffer: it goes with the package, unless DAYLINE_KEEP_DATA=1 is set while it is removed

Installed with DAYLINE_IMAGE=1, the agent starts with the system and not before, so that each clone of a disk enrols by itself.
`

// tree is what a package of a kind holds, sorted by path, without the system's own folders.
func (p Package) tree(kind string) ([]entry, error) {
	all := []entry{
		{unit.PackagedProgram, 0o755, p.Program},
		{unit.PackageFile, 0o644, []byte(kind + "\n")},
		{"/usr/share/doc/" + name + "/copyright", 0o644, []byte(copyright)},
		{"/usr/share/doc/" + name + "/README", 0o644, []byte(readme)},
	}
	for _, folder := range ours {
		all = append(all, entry{folder, 0o755 | fs.ModeDir, nil})
	}
	for _, file := range unit.Files(unit.PackagedProgram, unit.Vendor) {
		if file.Target != "" {
			all = append(all, entry{file.Path, 0o777 | fs.ModeSymlink, []byte(file.Target)})
		} else {
			all = append(all, entry{file.Path, 0o644, []byte(file.Content)})
		}
	}
	hosts, err := p.hosts(kind)
	if err != nil {
		return nil, err
	}
	all = append(all, hosts...)
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	// Chrome and Brave look in one place.
	return slices.CompactFunc(all, func(a, b entry) bool { return a.path == b.path && bytes.Equal(a.content, b.content) }), nil
}

// hosts have browsers know the program; of the kinds that this build believes none of, they are told nothing.
func (p Package) hosts(kind string) (all []entry, err error) {
	var ids []string
	if p.Believed.ExtensionKey != nil {
		id, err := extension.IDOf(p.Believed.ExtensionKey)
		if err != nil {
			return nil, err
		}
		ids = append([]string{id}, p.Believed.StoreIDs...)
	}
	for _, b := range extension.Browsers() {
		if b != extension.Firefox && len(ids) == 0 {
			continue
		}
		files, err := extension.HostManifestsOf(b, extension.Linux, unit.PackagedProgram, ids)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			// Debian and its kin keep nothing but a loader in lib64.
			if kind == release.RPM || !strings.HasPrefix(file.Name, "/usr/lib64/") {
				all = append(all, entry{file.Name, 0o644, file.Content})
			}
		}
	}
	return all, nil
}
