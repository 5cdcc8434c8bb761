package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/deploy"
	"github.com/dayline-project/dayline/collector/mdm"
	"github.com/dayline-project/dayline/collector/shelf"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
	"github.com/dayline-project/dayline/shared/release"
)

type deployCommand struct {
	Management   string        `arg:"" name:"MANAGEMENT" enum:"gpo,intune,jamf,munki,ansible" help:"gpo, intune, jamf, munki or ansible."`
	To           string        `placeholder:"DIR" help:"An empty folder for the files, or one to be made (default: dayline-MANAGEMENT)."`
	Organization string        `placeholder:"NAME" help:"Who runs this, as people read it; profiles for Macs need it."`
	Requirement  string        `placeholder:"TEXT" help:"Whose signature the permission on Macs is for, as 'codesign -d -r-' prints it of the app (default: that of the package on the shelf)."`
	Extension    string        `placeholder:"URL" help:"Have browsers on Macs install the extension from the collector whose pages are here: https://dayline.example.com."`
	Expires      time.Duration `help:"Each link ends after this long, 1h to 168h (default: the account's)."`
	Max          int32         `help:"Each link enrols at most this many devices (default: the account's)."`
}

// Run writes the folder. One that it made is taken back where it cannot be filled.
func (c *deployCommand) Run(i *invocation) error {
	if (c.Requirement != "" || c.Extension != "") && !deploy.NeedsProfiles(c.Management) {
		return usage("--requirement and --extension are of profiles for Macs, which intune and jamf bring")
	}
	set, err := loadConfig(i.configDir)
	if err != nil {
		return err
	}
	releases := filepath.Join(set.Collector.DataDir, shelf.ReleasesFolder) // on this computer, as the socket is
	d := &deploy.Deployment{Management: c.Management, Organization: c.Organization, Releases: map[string]deploy.Release{}}
	kit, err := c.choose(i, d, releases)
	if err != nil {
		return err
	}
	dir := cmp.Or(c.To, "dayline-"+c.Management)
	made, err := makeFolder(dir)
	if err != nil {
		return err
	}
	if err := c.fill(i, d, kit, releases, dir); err != nil {
		if made {
			return errors.Join(err, os.RemoveAll(dir))
		}
		return err
	}
	return nil
}

// choose finds what each system's links hand out, and what the profiles for Macs hold. A system that there is nothing for is
// left out, unless it is the only one.
func (c *deployCommand) choose(i *invocation, d *deploy.Deployment, releases string) (kit mdm.Kit, err error) {
	admin, err := i.admin()
	if err != nil {
		return kit, err
	}
	var missing []error
	for _, system := range deploy.Systems(c.Management) {
		r, err := i.chosen(admin, system)
		if err == nil && system == release.MacOS && deploy.NeedsProfiles(c.Management) {
			if kit, err = c.kit(r, releases); err != nil && c.Requirement != "" {
				return kit, err
			}
		}
		if err != nil {
			missing = append(missing, err)
			continue
		}
		d.Releases[system] = r
	}
	if len(d.Releases) == 0 {
		return kit, errors.Join(missing...)
	}
	for _, err := range missing {
		fmt.Fprintln(i.err, "Left out:", err)
	}
	return kit, nil
}

// kit is what the profiles for Macs hold, but for the string.
func (c *deployCommand) kit(r deploy.Release, releases string) (kit mdm.Kit, err error) {
	kit.Organization, kit.Requirement = c.Organization, designated(c.Requirement)
	if p := r.Package(release.Universal, release.Pkg); p != nil && c.Requirement == "" {
		if kit.Requirement, kit.Team, err = mdm.ReadApp(filepath.Join(releases, r.Version.String(), p.Name)); err != nil {
			return kit, err
		}
	}
	if c.Extension != "" {
		if kit.Policies, err = policiesForMacs(c.Extension); err != nil {
			return kit, usage("--extension: %v", err)
		}
	}
	if _, err := kit.Files(); err != nil {
		return kit, usage("%v", err)
	}
	return kit, nil
}

// chosen gives the release that a system's links hand out.
func (i *invocation) chosen(admin adminv1connect.AdminServiceClient, system string) (r deploy.Release, err error) {
	answer, err := admin.ListReleases(i.ctx, connect.NewRequest(&adminv1.ListReleasesRequest{}))
	if err != nil {
		return r, err
	}
	version := ""
	for _, choice := range answer.Msg.Choices {
		if choice.Os == system && choice.Problem != "" {
			return r, errors.New(choice.Problem)
		} else if choice.Os == system {
			version = choice.Version
		}
	}
	if r.Version, err = release.ParseVersion(version); err != nil {
		return r, err
	}
	for _, one := range answer.Msg.Releases {
		for _, p := range one.Packages {
			file := release.Package{Name: p.Name, OS: p.Os, Arch: p.Arch, Kind: p.Kind, Size: int64(p.Bytes), SHA256: p.Sha256}
			if one.Version == version && p.Os == system && p.Problem == "" && file.Installs() {
				r.Packages = append(r.Packages, file)
			}
		}
	}
	return r, nil
}

// fill writes into the folder. Links are made last: nothing that can be refused before costs one.
func (c *deployCommand) fill(i *invocation, d *deploy.Deployment, kit mdm.Kit, releases, dir string) error {
	for _, p := range d.Packages() {
		to := filepath.Join(dir, filepath.FromSlash(p.Name))
		if err := copyPackage(filepath.Join(releases, p.Version, p.Package.Name), to, p.SHA256); err != nil {
			return err
		}
		fmt.Fprintln(i.out, to)
	}
	for _, system := range slices.Sorted(maps.Keys(d.Releases)) {
		made, err := (&linkCreate{OS: system, Expires: c.Expires, Max: c.Max}).make(i)
		if err != nil {
			return err
		}
		r := d.Releases[system]
		r.Link = deploy.Link{ID: made.Link.Id, EnrollmentString: made.EnrolmentString, Expires: made.Link.Expires, MaxDevices: made.Link.MaxDevices}
		d.Releases[system] = r
		if system == release.MacOS && deploy.NeedsProfiles(c.Management) {
			kit.EnrollmentString = made.EnrolmentString
			if d.Profiles, err = kit.Files(); err != nil {
				return err
			}
		}
	}
	files, err := d.Files()
	if err != nil {
		return err
	}
	if err := i.writeFiles(dir, files); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Begin with %s, which says what of this is a secret.\n", filepath.Join(dir, "README.md"))
	return nil
}

// copyPackage copies a package that has this hash.
func copyPackage(from, to, sum string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, hash), in)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != sum {
		return errors.Join(fmt.Errorf("%s is not what was put on the shelf", from), os.Remove(to))
	}
	return nil
}
