package rig

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/dayline-project/dayline/shared/release"
)

// Packed is one package of a release.
type Packed struct {
	OS, Arch, Kind string
	Content        []byte
}

// Release puts a release on the collector's shelf, as an administrator does, and gives the folder it was taken from.
func (c *Collector) Release(ctx context.Context, version release.Version, packages ...Packed) (folder string, err error) {
	if folder, err = c.Packed(version, packages...); err == nil {
		_, err = c.Run(ctx, "release", "add", folder)
	}
	return folder, err
}

// Packed writes a release into a folder of its own.
func (c *Collector) Packed(version release.Version, packages ...Packed) (folder string, err error) {
	folder = filepath.Join(c.dir, "released-"+version.String())
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("rig: release: %w", err)
	}
	m := release.Manifest{Product: release.Product, Version: version.String(), IssuedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	for _, p := range packages {
		m.Packages = append(m.Packages, release.Describe(version, p.OS, p.Arch, p.Kind, int64(len(p.Content)), sha256.Sum256(p.Content)))
		if err := os.WriteFile(filepath.Join(folder, release.FileName(version, p.OS, p.Arch, p.Kind)), p.Content, 0o644); err != nil {
			return "", fmt.Errorf("rig: release: %w", err)
		}
	}
	text, err := m.Encode()
	if err != nil {
		return "", fmt.Errorf("rig: release: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, release.ManifestName), text, 0o644); err != nil {
		return "", fmt.Errorf("rig: release: %w", err)
	}
	return folder, nil
}

// Installer is an installer link, as whoever makes it is told once.
type Installer struct {
	// Address of its page.
	Address string
	// Commands are what installs by it, by "kind arch".
	Commands map[string]string
}

var printedCommand = regexp.MustCompile(`(?m)^# \S+ (\S+) \((\S+)\), .*:\n(.*)$`)

// Installer makes an installer link for a system.
func (c *Collector) Installer(ctx context.Context, system string) (Installer, error) {
	printed, err := c.Run(ctx, "link", "create", "--os", system)
	if err != nil {
		return Installer{}, err
	}
	made := Installer{Commands: map[string]string{}}
	if _, err := fmt.Sscanln(string(printed), &made.Address); err != nil {
		return made, fmt.Errorf("rig: installer: %w: %q", err, printed)
	}
	for _, found := range printedCommand.FindAllStringSubmatch(string(printed), -1) {
		made.Commands[found[1]+" "+found[2]] = found[3]
	}
	return made, nil
}
