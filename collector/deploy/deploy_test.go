package deploy_test

import (
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector/deploy"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// managed is a deployment of a whole release.
func managed(t *testing.T, management string) *deploy.Deployment {
	t.Helper()
	version, err := release.ParseVersion("1.2.3-rc.1")
	if err != nil {
		t.Fatal(err)
	}
	of := func(system string, archesAndKinds ...string) deploy.Release {
		installer := token.Token{Addresses: []string{"c.example:8443"}, Trust: token.TrustSystem, Secret: strings.Repeat("s", 40)}
		r := deploy.Release{Version: version, Link: deploy.Link{ID: "l-1", EnrollmentString: installer.Encode(), Expires: "soon", MaxDevices: 7}}
		for i := 0; i < len(archesAndKinds); i += 2 {
			r.Packages = append(r.Packages, release.Describe(version, system, archesAndKinds[i], archesAndKinds[i+1], 10, [32]byte{1}))
		}
		return r
	}
	d := &deploy.Deployment{Management: management, Organization: "Ex\"; $(reboot) [[ {{ 'ample", Releases: map[string]deploy.Release{}}
	for _, system := range deploy.Systems(management) {
		d.Releases[system] = map[string]deploy.Release{
			release.Windows: of(release.Windows, "amd64", "msi", "arm64", "msi"), release.MacOS: of(release.MacOS, "universal", "pkg"),
			release.Linux: of(release.Linux, "amd64", "deb", "arm64", "deb", "amd64", "rpm", "amd64", "tar.gz"),
		}[system]
	}
	return d
}

// What somebody called the organisation is in pages for people, and in nothing that a machine reads.
func TestANameIsInNoScript(t *testing.T) {
	for _, management := range []string{deploy.GroupPolicy, deploy.Intune, deploy.Jamf, deploy.Munki, deploy.Ansible} {
		d := managed(t, management)
		files, err := d.Files()
		if err != nil || len(files) < 2 {
			t.Fatalf("%s: %v", management, err)
		}
		again, err := managed(t, management).Files()
		if err != nil || !reflect.DeepEqual(files, again) {
			t.Errorf("%s: the same gives something else: %v", management, err)
		}
		for _, file := range files {
			if named := strings.Contains(string(file.Content), d.Organization); named != (path.Base(file.Name) == "README.md") {
				t.Errorf("%s: %s: the name is in it: %v", management, file.Name, named)
			}
		}
		for _, p := range d.Packages() {
			if p.Kind == release.Tar || !strings.HasSuffix(p.Name, p.Package.Name) {
				t.Errorf("%s: brings %s", management, p.Name)
			}
		}
	}
}

func TestASystemWithoutAReleaseIsLeftOut(t *testing.T) {
	for _, system := range deploy.Systems(deploy.Intune) {
		d := managed(t, deploy.Intune)
		delete(d.Releases, system)
		files, err := d.Files()
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasPrefix(file.Name, system+"/") || strings.Contains(string(file.Content), "-"+system+"-") {
				t.Errorf("without one for %s there is %s", system, file.Name)
			}
		}
	}
}

func TestWhatCannotBeBrought(t *testing.T) {
	unknown, empty, nonsense := managed(t, deploy.Jamf), managed(t, deploy.Munki), managed(t, deploy.Ansible)
	unknown.Management = "sccm"
	empty.Releases = nil
	r := nonsense.Releases[release.Linux]
	r.Link.EnrollmentString = "dl1'; reboot"
	nonsense.Releases[release.Linux] = r
	for want, d := range map[string]*deploy.Deployment{"nothing for": unknown, "no package": empty, "linux: ": nonsense} {
		if files, err := d.Files(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d files, %v", want, len(files), err)
		}
	}
}
