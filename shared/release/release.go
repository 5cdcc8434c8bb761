// Package release is what a released version of the agent is made of: its version, the manifest that lists its packages, the
// channel that says which versions are meant to run, and the keys that both are signed with, off-line. It is pure.
package release

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"time"
)

// ManifestName is the manifest's file, beside the packages it lists.
const ManifestName = "release.json"

// Product that a release is of.
const Product = "dayline-agent"

// Bounds of a manifest.
const (
	MaxManifestBytes = 64 << 10
	MaxPackages      = 32
	// MaxPackageBytes of one package.
	MaxPackageBytes = 128 << 20
)

// Systems a package is for, as the contract names them.
const (
	Windows = "windows"
	MacOS   = "macos"
	Linux   = "linux"
)

// Kinds of packages; each is the ending of its file's name.
const (
	MSI = "msi"
	Pkg = "pkg"
	Deb = "deb"
	RPM = "rpm"
	// Tar is an archive with what installs on Linux; on a Mac the bundle alone, which agents take as an update.
	Tar = "tar.gz"
	// Zst is the program alone, which agents of Windows and Linux take as an update.
	Zst = "zst"
)

// kinds of each system.
var kinds = map[string][]string{Windows: {MSI, Zst}, MacOS: {Pkg, Tar}, Linux: {Deb, RPM, Tar, Zst}}

// UpdateKind of a system is the kind of package that agents update themselves by: it installs nothing by itself.
func UpdateKind(system string) string {
	if system == MacOS {
		return Tar
	}
	return Zst
}

// Path below which a collector hands its agents what they update themselves by: Path + "channel.json", "trusted-2.json" and what
// signed them; Path + "1.2.3/" + the name of a release's file.
const Path = "/release/"

// Processors a package is for, as Go names them; a universal one is for both.
const (
	AMD64     = "amd64"
	ARM64     = "arm64"
	Universal = "universal"
)

// Manifest lists the packages of one version.
type Manifest struct {
	Product string `json:"product"`
	Version string `json:"version"`
	// IssuedAt is the time of the commit, RFC 3339.
	IssuedAt time.Time `json:"issued"`
	// MinVersion is the oldest version that may become this one; empty: any.
	MinVersion string `json:"min_version,omitempty"`
	// MinOS is the oldest version of a system that it runs on, as the system counts: 10.0.17763, 13.0. Systems that are not named
	// are taken as they are.
	MinOS    map[string]string `json:"min_os,omitempty"`
	Packages []Package         `json:"packages"`
}

// Package is one file that installs the agent, or that agents update themselves by.
type Package struct {
	// Name is FileName of the others.
	Name string `json:"name"`
	// OS is windows, macos or linux.
	OS string `json:"os"`
	// Arch is amd64, arm64 or universal.
	Arch string `json:"arch"`
	// Kind is msi, pkg, deb, rpm, tar.gz or zst.
	Kind string `json:"kind"`
	// Size in bytes.
	Size int64 `json:"size"`
	// SHA256 in lower-case hexadecimal.
	SHA256 string `json:"sha256"`
}

// Installs tells whether it installs the agent, for people and programs that bring software to computers; else it is an update.
func (p Package) Installs() bool { return p.Kind != UpdateKind(p.OS) }

// FileName is what the package of a version, for a system and a processor, is called.
func FileName(version Version, os, arch, kind string) string {
	return fmt.Sprintf("%s-%s-%s-%s.%s", Product, version, os, arch, kind)
}

var (
	hash          = regexp.MustCompile(`^[0-9a-f]{64}$`)
	systemVersion = regexp.MustCompile(`^\d{1,6}(\.\d{1,6}){0,3}$`)
)

// ParseManifest reads a manifest and checks all of it; what it names can be a path nowhere.
func ParseManifest(text []byte) (Manifest, error) {
	m, err := parse(text)
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", ManifestName, err)
	}
	return m, nil
}

// decode reads a file that is one JSON value and has at most this many bytes.
func decode(text []byte, most int, into any) error {
	if len(text) > most {
		return fmt.Errorf("it has %d bytes; at most %d are allowed", len(text), most)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows its end")
	}
	return nil
}

func parse(text []byte) (m Manifest, err error) {
	if err := decode(text, MaxManifestBytes, &m); err != nil {
		return m, err
	}
	version, err := ParseVersion(m.Version)
	switch {
	case m.Product != Product:
		return m, fmt.Errorf("product: %q is not %s", m.Product, Product)
	case err != nil:
		return m, err
	case m.IssuedAt.IsZero():
		return m, errors.New("issued: it is missing")
	case len(m.Packages) == 0 || len(m.Packages) > MaxPackages:
		return m, fmt.Errorf("packages: %d; there must be 1 to %d", len(m.Packages), MaxPackages)
	}
	if err := m.checkReach(version); err != nil {
		return m, err
	}
	for i, p := range m.Packages {
		if err := p.check(version); err != nil {
			return m, fmt.Errorf("packages[%d].%w", i, err)
		}
		if slices.ContainsFunc(m.Packages[:i], func(other Package) bool { return other.Name == p.Name }) {
			return m, fmt.Errorf("packages[%d].name: %s is there twice", i, p.Name)
		}
	}
	return m, nil
}

// checkReach checks what a computer must have before it takes the version.
func (m Manifest) checkReach(version Version) error {
	if m.MinVersion != "" {
		if from, err := ParseVersion(m.MinVersion); err != nil {
			return fmt.Errorf("min_version: %w", err)
		} else if from.Compare(version) > 0 {
			return fmt.Errorf("min_version: %s is newer than the release, %s", from, version)
		}
	}
	for _, system := range slices.Sorted(maps.Keys(m.MinOS)) {
		switch {
		case kinds[system] == nil:
			return fmt.Errorf("min_os: there is no system %q", system)
		case !systemVersion.MatchString(m.MinOS[system]):
			return fmt.Errorf("min_os.%s: %q is no version of a system: up to four numbers with dots between", system, m.MinOS[system])
		}
	}
	return nil
}

func (p Package) check(version Version) error {
	switch {
	case !slices.Contains(kinds[p.OS], p.Kind):
		return fmt.Errorf("kind: there is no %q for %q", p.Kind, p.OS)
	case !slices.Contains([]string{AMD64, ARM64, Universal}, p.Arch) || (p.Arch == Universal) != (p.OS == MacOS):
		return fmt.Errorf("arch: there is no %q for %q", p.Arch, p.OS)
	case p.Name != FileName(version, p.OS, p.Arch, p.Kind):
		return fmt.Errorf("name: %q is not %s", p.Name, FileName(version, p.OS, p.Arch, p.Kind))
	case p.Size < 1 || p.Size > MaxPackageBytes:
		return fmt.Errorf("size: %d is not within 1 and %d", p.Size, MaxPackageBytes)
	case !hash.MatchString(p.SHA256):
		return errors.New("sha256: it is no SHA-256 in lower-case hexadecimal")
	}
	return nil
}

// Describe gives a package as the manifest lists it; sum is its SHA-256.
func Describe(version Version, os, arch, kind string, size int64, sum [32]byte) Package {
	return Package{Name: FileName(version, os, arch, kind), OS: os, Arch: arch, Kind: kind, Size: size, SHA256: hex.EncodeToString(sum[:])}
}

// Encode gives the manifest's file. Equal manifests give equal bytes, in whatever order their packages are.
func (m Manifest) Encode() ([]byte, error) {
	m.Packages = slices.SortedFunc(slices.Values(m.Packages), func(a, b Package) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	m.IssuedAt = m.IssuedAt.UTC()
	return encode(m)
}

// encode gives a file as people read it.
func encode(content any) ([]byte, error) {
	text, err := json.MarshalIndent(content, "", "  ")
	return append(text, '\n'), err
}
