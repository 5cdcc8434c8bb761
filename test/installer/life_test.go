package installer

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/linux"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
)

// company is a collector that gives links away, and a computer with Linux on which somebody works who never heard of it.
type company struct {
	*site.Site
	*linux.Machine
	terminal *desktop.Program
}

func newCompany(t *testing.T) *company {
	t.Helper()
	s := site.New(t, rig.Options{Account: "settle: 1s\nagents: {sync_every: 1s}\n"})
	desk := s.Desktop(t)
	terminal := must(desk.OpenTerminal(t.Context(), "Minutes"))(t)
	c := &company{s, linux.New(t, s.Dir, "/tmp/.X11-unix"), terminal}
	mustDo(t, c.Login(desk.Env()))
	return c
}

// offer puts a package of a version on the shelf, around the tests' agent.
func (c *company) offer(t *testing.T, kind, version string) {
	t.Helper()
	p := rig.Packed{OS: release.Linux, Arch: release.AMD64, Kind: kind, Content: must(packing(kind, version))(t)}
	must(c.Collector.Release(t.Context(), must(release.ParseVersion(version))(t), p))(t)
}

// paste has root paste a line into a shell. It comes from a file, since a shell's arguments are anybody's to read and a person's
// keys are not.
func paste(t *testing.T, m *linux.Machine, shell, line string) (said string, err error) {
	t.Helper()
	mustDo(t, os.WriteFile(m.Path("/run/pasted"), []byte(line+"\n"), 0o600))
	said, err = m.Run(t.Context(), nil, shell, "/run/pasted")
	mustDo(t, os.Remove(m.Path("/run/pasted")))
	return said, err
}

// measured waits until what is on the screen is in the report, from one device, and gives that.
func (c *company) measured(t *testing.T, title string) (device string) {
	t.Helper()
	site.Eventually(t, patience, "what is on the screen is in the report", func() error {
		rows, err := c.Collector.Activity(t.Context())
		at := slices.IndexFunc(rows, func(r rig.Row) bool { return r.Title == title })
		if err == nil && at < 0 {
			err = fmt.Errorf("rows: %+v", rows)
		}
		if err == nil {
			device = rows[at].Device
		}
		return err
	})
	if known := must(c.Collector.Devices(t.Context()))(t); len(known) != 1 || known[0].ID != device {
		t.Errorf("%s reports, of %+v", device, known)
	}
	return device
}

// fetch reads what a link has below its address.
func fetch(t *testing.T, address string) []byte {
	t.Helper()
	// Whose certificate it is is not the question here.
	client := &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	answer := must(client.Get(address))(t)
	defer answer.Body.Close()
	body := must(io.ReadAll(answer.Body))(t)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %.300s", answer.Status, body)
	}
	return body
}

var enrolmentString = regexp.MustCompile(`dl1[a-z2-7]{40,}`)

// A link is made, its line is pasted, and what somebody does is in the report; a newer version goes over it as the same device,
// whatever it carries; and with the package goes all of it.
func TestALinkMeasuresAComputer(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.offer(t, release.Deb, "1.2.3-rc.1")
	installer := must(c.Collector.Installer(t.Context(), release.Linux))(t)
	if page := string(fetch(t, installer.Address)); !strings.Contains(page, "1.2.3-rc.1") || !strings.Contains(page, "sha256//") {
		t.Errorf("the page: %s", page)
	}
	must(paste(t, c.Machine, "sh", installer.Commands["deb amd64"]))(t)
	device := c.measured(t, "Minutes")
	c.keepsSecrets(t, installer.Address)

	c.offer(t, release.Deb, "1.2.3")
	mustDo(t, os.WriteFile(c.Path("/srv/stamped (1).deb"), fetch(t, installer.Address+"/download/amd64/deb"), 0o600))
	shell(t, c.Machine, nil, "dpkg --install '/srv/stamped (1).deb'; rm '/srv/stamped (1).deb'")
	must(c.terminal.Type(t.Context(), "Next meeting\n", "Next meeting"))(t)
	if now := c.measured(t, "Next meeting"); now != device {
		t.Errorf("device %s became %s", device, now)
	}
	says(t, c.Machine, "1.2.3", "dpkg-query --show --showformat '${Version}' dayline-agent; ! [ -e /etc/dayline/enroll ]")
	c.keepsSecrets(t, installer.Address)
	shell(t, c.Machine, nil, "dpkg --purge dayline-agent")
	nothingLeft(t, c.Machine)
}

// keepsSecrets checks that neither a link's address nor an enrolment string is anywhere on the computer.
func (c *company) keepsSecrets(t *testing.T, address string) {
	t.Helper()
	secret := filepath.Base(address)
	for _, folder := range []string{"/etc", "/run", "/tmp", "/var/lib/dayline-agent", "/var/lib/dpkg", "/var/log", "/root"} {
		for _, name := range must(c.Written(folder))(t) {
			text, err := os.ReadFile(c.Path(name))
			if err == nil && (strings.Contains(string(text), secret) || enrolmentString.Match(text)) {
				t.Errorf("%s tells the link's secrets", name)
			}
		}
	}
}

// So do the other two, where dpkg is not.
func TestLinksMeasureOtherComputers(t *testing.T) {
	for kind, remove := range map[string]string{release.RPM: "rpm --erase dayline-agent", release.Tar: "dayline-agent uninstall"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := newCompany(t)
			c.offer(t, kind, "1.2.3")
			installer := must(c.Collector.Installer(t.Context(), release.Linux))(t)
			must(paste(t, c.Machine, "sh", installer.Commands[kind+" amd64"]))(t)
			c.measured(t, "Minutes")
			c.keepsSecrets(t, installer.Address)
			shell(t, c.Machine, nil, remove)
			nothingLeft(t, c.Machine)
		})
	}
}
