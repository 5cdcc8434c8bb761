package linux

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/release"
)

// Deb gives the package of Debian's kind (deb(5)). Its data ends so that an enrolment string can be put there (shared/tail).
func (p Package) Deb() ([]byte, error) {
	whole, err := p.deb()
	if err != nil {
		return nil, fmt.Errorf("linux: deb: %w", err)
	}
	return whole, nil
}

func (p Package) deb() ([]byte, error) {
	tree, err := p.tree(release.Deb)
	if err != nil {
		return nil, err
	}
	dotted := func(path string) string { return "." + path }
	data, err := archived(withFolders(tree), dotted, p.Built)
	if err != nil {
		return nil, err
	}
	control, err := archived([]entry{
		{"", 0o755 | fs.ModeDir, nil},
		{"/control", 0o644, p.control(tree)},
		{"/md5sums", 0o644, sums(tree)},
		{"/postinst", 0o755, []byte(debPostinst)},
		{"/prerm", 0o755, []byte(debPrerm)},
	}, dotted, p.Built)
	if err != nil {
		return nil, err
	}
	whole := bytes.NewBufferString("!<arch>\n")
	for _, member := range []struct {
		name    string
		content []byte
	}{{"debian-binary", []byte("2.0\n")}, {"control.tar.gz", control}, {"data.tar.gz", data}} {
		fmt.Fprintf(whole, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", member.name, p.Built.Unix(), 0, 0, "100644", len(member.content))
		whole.Write(member.content)
		if len(member.content)%2 == 1 {
			whole.WriteByte('\n')
		}
	}
	return whole.Bytes(), nil
}

// withFolders adds every folder above, each before what is in it, as dpkg wants them.
func withFolders(tree []entry) []entry {
	all := slices.Clone(tree)
	have := map[string]bool{}
	for _, e := range tree {
		have[e.path] = true
	}
	for _, e := range tree {
		for folder := path.Dir(e.path); ; folder = path.Dir(folder) {
			folder = strings.TrimSuffix(folder, "/")
			if !have[folder] {
				have[folder] = true
				all = append(all, entry{folder, 0o755 | fs.ModeDir, nil})
			}
			if folder == "" {
				break
			}
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	return all
}

// control says what the package is (deb-control(5)).
func (p Package) control(tree []entry) []byte {
	size := 0
	for _, e := range tree {
		size += (len(e.content) + 1023) / 1024
	}
	var text strings.Builder
	for _, field := range [][2]string{
		{"Package", name}, {"Version", p.ordered()}, {"Architecture", p.Arch}, {"Maintainer", product.Publisher},
		{"Installed-Size", fmt.Sprint(size)}, {"Section", "admin"}, {"Priority", "optional"}, {"Homepage", homepage},
		{"Description", "Dayline agent: " + summary},
	} {
		fmt.Fprintf(&text, "%s: %s\n", field[0], field[1])
	}
	return []byte(text.String())
}

// sums are what `dpkg --verify` compares (deb-md5sums(5)).
func sums(tree []entry) []byte {
	var text strings.Builder
	for _, e := range tree {
		if e.mode.IsRegular() {
			fmt.Fprintf(&text, "%x  %s\n", md5.Sum(e.content), strings.TrimPrefix(e.path, "/"))
		}
	}
	return []byte(text.String())
}
