package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dayline-project/dayline/shared/release"
)

// released are the packages that a release may have: system, processor, kind.
var released = [][3]string{
	{release.Windows, release.AMD64, release.MSI}, {release.Windows, release.ARM64, release.MSI}, {release.MacOS, release.Universal, release.Pkg},
	{release.Linux, release.AMD64, release.Deb}, {release.Linux, release.ARM64, release.Deb},
	{release.Linux, release.AMD64, release.RPM}, {release.Linux, release.ARM64, release.RPM},
	{release.Linux, release.AMD64, release.Tar}, {release.Linux, release.ARM64, release.Tar},
}

// makeManifest lists the packages of the version that are in the folder.
func makeManifest(_ context.Context, o options) ([]string, error) {
	m := release.Manifest{Product: release.Product, Version: o.version.String(), IssuedAt: o.built}
	for _, p := range released {
		described, err := describe(o.folder, o.version, p[0], p[1], p[2])
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m.Packages = append(m.Packages, described)
	}
	if len(m.Packages) == 0 {
		return nil, fmt.Errorf("%s holds no package of %s", o.folder, o.version)
	}
	text, err := m.Encode()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(o.folder, release.ManifestName)
	return []string{path}, replace(path, text)
}

func describe(folder string, version release.Version, system, arch, kind string) (release.Package, error) {
	file, err := os.Open(filepath.Join(folder, release.FileName(version, system, arch, kind)))
	if err != nil {
		return release.Package{}, err
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	return release.Describe(version, system, arch, kind, size, [32]byte(sum.Sum(nil))), err
}
