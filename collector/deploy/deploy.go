// Package deploy writes what brings the agent onto computers by the systems that manage them: for each a folder with a page
// that says what to do in which order, and the files for it. No enrolment string is ever in a command line: it travels in a
// file, a policy, a profile or on standard input. The same deployment always gives the same bytes.
package deploy

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/dayline-project/dayline/collector/mdm"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// The management that there are files for.
const (
	GroupPolicy = "gpo"
	Intune      = "intune"
	Jamf        = "jamf"
	Munki       = "munki"
	Ansible     = "ansible"
)

// places are where each has a system's packages, below its folder.
var places = map[string]map[string]string{
	GroupPolicy: {release.Windows: ""},
	Intune:      {release.Windows: "windows", release.MacOS: "macos"},
	Jamf:        {release.MacOS: ""},
	Munki:       {release.MacOS: "pkgs"},
	Ansible:     {release.Linux: "roles/dayline_agent/files"},
}

// profiles are where each has the profiles for Macs, if it brings any.
var profiles = map[string]string{Intune: "macos/profiles", Jamf: "profiles"}

// Systems that a management is for.
func Systems(management string) []string {
	var all []string
	for _, system := range []string{release.Windows, release.MacOS, release.Linux} {
		if _, has := places[management][system]; has {
			all = append(all, system)
		}
	}
	return all
}

// NeedsProfiles tells whether it brings Macs their profiles too.
func NeedsProfiles(management string) bool { return profiles[management] != "" }

// Deployment is what is brought, and whereto.
type Deployment struct {
	Management string
	// Organization is who runs this, as people read it.
	Organization string
	// Releases by system; nothing is written for a system without one.
	Releases map[string]Release
	// Profiles for Macs.
	Profiles []mdm.File
}

// Release is what a system's computers get.
type Release struct {
	Version  release.Version
	Packages []release.Package
	Link     Link
}

// Link is what they enrol by.
type Link struct {
	ID, EnrollmentString string
	// Expires in people's words.
	Expires    string
	MaxDevices int32
}

// Placed is a package and its place below the folder.
type Placed struct {
	Name string
	release.Package
	Version string
}

// Packages are those to copy.
func (d *Deployment) Packages() (all []Placed) {
	for _, system := range Systems(d.Management) {
		for _, p := range d.Releases[system].Packages {
			if p.Kind != release.Tar {
				all = append(all, Placed{path.Join(places[d.Management][system], p.Name), p, d.Releases[system].Version.String()})
			}
		}
	}
	return all
}

// texts have their values in brackets, since some of them have their own between braces.
//
//go:embed all:gpo all:intune all:jamf all:munki all:ansible
var texts embed.FS

// Files are all others, by name. What is wrong with the deployment is said in words for the administrator.
func (d *Deployment) Files() (files []mdm.File, err error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	err = fs.WalkDir(texts, d.Management, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		below := strings.TrimPrefix(name, d.Management+"/")
		if system, _, _ := strings.Cut(below, "/"); slices.Contains(Systems(d.Management), system) && len(d.Releases[system].Packages) == 0 {
			return nil // a folder named for a system is that system's alone
		}
		content, err := d.fill(name)
		if err != nil {
			return err
		}
		files = append(files, mdm.File{Name: below, Content: content})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("deploy: %w", err)
	}
	if into := profiles[d.Management]; into != "" {
		for _, file := range d.Profiles {
			files = append(files, mdm.File{Name: path.Join(into, file.Name), Content: file.Content})
		}
	}
	return files, nil
}

func (d *Deployment) check() error {
	if places[d.Management] == nil {
		return fmt.Errorf("there is nothing for %q", d.Management)
	}
	if len(d.Packages()) == 0 {
		return errors.New("there is no package to bring")
	}
	for system, r := range d.Releases {
		if _, err := token.Parse(r.Link.EnrollmentString); err != nil {
			return fmt.Errorf("%s: %w", system, err)
		}
	}
	return nil
}

// fill puts this deployment's values into a text. What goes into scripts are versions, names and hashes that were checked, and
// enrolment strings, which are letters and digits; only pages for people have a name that somebody chose.
func (d *Deployment) fill(name string) ([]byte, error) {
	text, err := texts.ReadFile(name)
	if err != nil {
		return nil, err
	}
	filling, err := template.New(name).Delims("[[", "]]").Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, err
	}
	var filled bytes.Buffer
	if err := filling.Execute(&filled, d); err != nil {
		return nil, err
	}
	content := filled.Bytes()
	if strings.HasSuffix(name, ".cmd") || strings.HasSuffix(name, ".ps1") { // cmd.exe misreads labels and lines of others
		content = bytes.ReplaceAll(content, []byte("\n"), []byte("\r\n"))
	}
	return content, nil
}

// For gives a system's release, and whether there is one.
func (d *Deployment) For(system string) *Release {
	r, there := d.Releases[system]
	if !there {
		return nil
	}
	return &r
}

// Package of a processor and a kind; nil where there is none.
func (r *Release) Package(arch, kind string) *release.Package {
	at := slices.IndexFunc(r.Packages, func(p release.Package) bool { return p.Arch == arch && p.Kind == kind })
	if at < 0 {
		return nil
	}
	return &r.Packages[at]
}

// Kilobytes of a package, as Munki counts.
func (r *Release) Kilobytes(p *release.Package) int64 { return (p.Size + 1023) / 1024 }

// Machines are the processors there are packages for, by what Linux calls them, which is what Ansible knows.
func (r *Release) Machines() map[string]string {
	all := map[string]string{"x86_64": release.AMD64, "aarch64": release.ARM64}
	maps.DeleteFunc(all, func(_, arch string) bool {
		return !slices.ContainsFunc(r.Packages, func(p release.Package) bool { return p.Arch == arch })
	})
	return all
}
