package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/shared/release"
)

// released are the packages that a release may have: system, processor, kind.
var released = [][3]string{
	{release.Windows, release.AMD64, release.MSI}, {release.Windows, release.ARM64, release.MSI}, {release.MacOS, release.Universal, release.Pkg},
	{release.Linux, release.AMD64, release.Deb}, {release.Linux, release.ARM64, release.Deb},
	{release.Linux, release.AMD64, release.RPM}, {release.Linux, release.ARM64, release.RPM},
	{release.Linux, release.AMD64, release.Tar}, {release.Linux, release.ARM64, release.Tar},
	{release.Windows, release.AMD64, release.Zst}, {release.Windows, release.ARM64, release.Zst}, {release.MacOS, release.Universal, release.Tar},
	{release.Linux, release.AMD64, release.Zst}, {release.Linux, release.ARM64, release.Zst},
}

// oldest are the systems' versions that packages need at least, as the packages themselves say; of Linux it is any that Go runs on.
var oldest = map[string]string{release.Windows: "10.0", release.MacOS: macho.MinimumMacOS}

// makeManifest lists the packages of the version that are in the folder. Signatures of another manifest go: they are not its.
func makeManifest(_ context.Context, o options) ([]string, error) {
	m := release.Manifest{Product: release.Product, Version: o.version.String(), IssuedAt: o.built, MinVersion: o.minVersion, MinOS: map[string]string{}}
	for _, p := range released {
		described, err := describe(o.folder, o.version, p[0], p[1], p[2])
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m.Packages = append(m.Packages, described)
		if version, ok := oldest[p[0]]; ok {
			m.MinOS[p[0]] = version
		}
	}
	if len(m.Packages) == 0 {
		return nil, fmt.Errorf("%s holds no package of %s", o.folder, o.version)
	}
	text, err := m.Encode()
	if err != nil {
		return nil, err
	}
	if _, err := release.ParseManifest(text); err != nil {
		return nil, err
	}
	path := filepath.Join(o.folder, release.ManifestName)
	if before, err := os.ReadFile(path); err == nil && !bytes.Equal(before, text) {
		if err := os.Remove(path + release.SignatureEnding); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
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
