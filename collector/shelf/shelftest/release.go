package shelftest

import (
	"bytes"
	"crypto/sha256"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/xar"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// packages of a small release, by system: each begins as one of its kind does, and that is all.
var packages = map[string]struct {
	kind, begin string
	arches      []string
}{
	release.Windows: {release.MSI, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", []string{release.AMD64, release.ARM64}},
	release.MacOS:   {release.Pkg, signedTable(), []string{release.Universal}},
	release.Linux:   {release.RPM, "\xed\xab\xee\xdb", []string{release.AMD64, release.ARM64}},
}

// Released gives the files of a small release for some systems, by name: its manifest and packages of one kind for each, the
// MSIs with room for an enrolment string inside.
func Released(t testing.TB, version string, systems ...string) map[string][]byte {
	t.Helper()
	return pack(t, version, systems, func(system string) map[string]string {
		return map[string]string{packages[system].kind: packages[system].begin}
	})
}

// Updating gives the same, and what agents update themselves by.
func Updating(t testing.TB, version string, systems ...string) map[string][]byte {
	t.Helper()
	return pack(t, version, systems, func(system string) map[string]string {
		return map[string]string{packages[system].kind: packages[system].begin, release.UpdateKind(system): "update "}
	})
}

// pack makes packages of the kinds of each system, by how each begins.
func pack(t testing.TB, version string, systems []string, kinds func(system string) map[string]string) map[string][]byte {
	t.Helper()
	v, err := release.ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	manifest := release.Manifest{Product: release.Product, Version: version, IssuedAt: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	for _, system := range systems {
		for _, arch := range packages[system].arches {
			for kind, begin := range kinds(system) {
				content := slices.Concat([]byte(begin+version+arch), token.Reservation())
				p := release.Describe(v, system, arch, kind, int64(len(content)), sha256.Sum256(content))
				files[p.Name] = content
				manifest.Packages = append(manifest.Packages, p)
			}
		}
	}
	if files[release.ManifestName], err = manifest.Encode(); err != nil {
		t.Fatal(err)
	}
	return files
}

// signedTable begins a package for Macs that somebody signed: what follows is not looked at.
func signedTable() string {
	head, err := xar.Head([]byte("<xar><toc><signature/></toc></xar>"))
	if err != nil {
		panic(err) // a constant is packed
	}
	return string(head)
}

// Sent gives the files of a release as they are added: what is signed, and its signatures, then the packages.
func Sent(files map[string][]byte) func() (name string, content io.Reader, err error) {
	isPackage := func(name string) bool { return strings.HasPrefix(name, release.Product) }
	names := slices.Sorted(maps.Keys(files))
	packages := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !isPackage(name) })
	names = append(slices.DeleteFunc(names, isPackage), packages...)
	return func() (string, io.Reader, error) {
		if len(names) == 0 {
			return "", nil, io.EOF
		}
		name := names[0]
		names = names[1:]
		return name, bytes.NewReader(files[name]), nil
	}
}
