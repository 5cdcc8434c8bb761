package installer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/installer/authenticode"
	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/installer/msi"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
	"github.com/dayline-project/dayline/test/wine"
)

// A package's whole life: signed, downloaded by a link, installed, enrolled, at work, repaired, replaced by the release and by its
// candidate again, never by an older one, removed without its data, and with them from afar. Whatever strings come later, it
// stays the device that it is, and keeps none.
func TestMSI(t *testing.T) {
	t.Parallel()
	c, candidate, final := newComputer(t), built(t, "0.2.0-rc.1"), built(t, "0.2.0")
	older := msi.Package{Agent: candidate.Agent, Executable: candidate.Executable}
	older.Agent.Version = must(release.ParseVersion("0.1.9"))(t)
	refused, signed := c.put(t, older), c.put(t, candidate)
	c.sign(t, signed)
	c.offer(t, candidate)
	first, again := c.download(t, "dayline-agent (1).msi"), c.download(t, "dayline-agent (2).msi")
	c.put(t, final)
	c.offer(t, final)
	second := c.download(t, "dayline-agent.msi")

	c.msiexec(t, "/i", first)
	c.runs(t, "0.2.0-rc.1")
	c.listed(t)
	device := c.reports(t, "0.2.0-rc.1")
	c.measures(t)
	c.keepsNone(t)
	same := func(version string) {
		t.Helper()
		c.runs(t, version)
		if now := c.reports(t, version); now != device {
			t.Errorf("device %s became %s", device, now)
		}
	}

	// What a repair does; Wine has no word for it.
	c.stop(t)
	mustDo(t, os.Remove(c.Path(wine.Agent)))
	c.msiexec(t, "/i", again, "REINSTALL=ALL", "REINSTALLMODE=omus")
	same("0.2.0-rc.1")

	c.stop(t)
	c.msiexec(t, "/i", second)
	same("0.2.0")
	if _, err := c.Run(t.Context(), "msiexec", "/i", refused, "/qn"); err == nil {
		t.Error("an older version was installed over a newer one")
	}
	same("0.2.0")
	c.stop(t)
	c.msiexec(t, "/i", first)
	same("0.2.0-rc.1")
	c.listed(t)

	c.stop(t)
	c.msiexec(t, "/x", first, "KEEPDATA=1")
	if _, err := os.Stat(c.Path(wine.Agent)); err == nil {
		t.Error("the executable is left")
	}
	c.msiexec(t, "/i", second)
	same("0.2.0")
	byPackage := c.settled(t)

	// The package is still its installer's while the service starts for the first time: it looks again later, or when it starts anew.
	c.do(t, wine.Agent, "restart")
	c.keepsNone(t)
	// Who keeps the collector asks for it; the service learns that at its first contact after the computer has started.
	must(c.Collector.Run(t.Context(), "device", "uninstall", device))(t)
	if len(c.registered(t)) == 0 {
		t.Error("nothing of an installed agent was found in the registry")
	}
	c.keepsNone(t)
	mustDo(t, c.Boot(t.Context()))
	site.Eventually(t, patience, "nothing is left", func() error {
		if left, going := c.left(t), c.PIDs("msiexec"); len(left)+len(going) > 0 {
			return fmt.Errorf("files %q, installers %v", left, going)
		}
		return nil
	})
	c.settledAlike(t, byPackage)
	if lines := c.registered(t); len(lines) > 0 {
		t.Errorf("entries of the registry are left: %q", lines)
	}
}

// A package that was downloaded for disks that are copied, and what a fleet's tools give: a string on the command line, in a
// file, in a policy. One that is none is told, and keeps nothing from being installed.
func TestStringsForMSI(t *testing.T) {
	t.Parallel()
	c, final := newComputer(t), built(t, "0.2.0")
	plain := c.put(t, final)
	link := func() string { return must(c.Collector.Link(t.Context()))(t) }
	enrolled := func(devices int) {
		t.Helper()
		c.runs(t, "0.2.0")
		site.Eventually(t, patience, "a device is enrolled", func() error {
			known, err := c.Collector.Devices(t.Context())
			if err == nil && len(known) != devices {
				err = fmt.Errorf("devices are %+v", known)
			}
			return err
		})
	}

	// Who makes a disk that is copied starts nothing: the first to run it is the computer that the copy goes to.
	c.offer(t, final)
	downloaded := c.download(t, "Copy of dayline [new] & 100%.msi")
	c.msiexec(t, "/i", downloaded, "IMAGE=1")
	kept := c.Path(state + `\agent\enroll`)
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(filepath.Dir(kept)); err != nil || info.Mode().Perm()&0o007 != 0 {
		t.Errorf("the folder of the string is open to others: %v, %v", info, err)
	}
	if pids := c.PIDs("service --managed"); len(pids) > 0 {
		t.Errorf("it runs already: %v", pids)
	}
	mustDo(t, c.Reboot(t.Context()))
	enrolled(1)
	c.msiexec(t, "/x", downloaded)

	c.msiexec(t, "/i", plain, "ENROLL="+link())
	enrolled(2)
	c.msiexec(t, "/x", plain)

	// As PowerShell writes a file.
	const given = `C:\string.txt`
	mustDo(t, os.WriteFile(c.Path(given), []byte("\xef\xbb\xbf"+link()+"\r\n"), 0o600))
	c.msiexec(t, "/i", plain, "ENROLL_FILE="+given)
	enrolled(3)
	c.msiexec(t, "/x", plain)

	c.msiexec(t, "/i", plain, "ENROLL=dl1nonsense")
	c.runs(t, "0.2.0")
	// Anybody may ask for a repair: it brings no string, and leaves no service stopped.
	c.stop(t)
	c.msiexec(t, "/i", plain, "REINSTALL=ALL", "REINSTALLMODE=omus", "ENROLL="+link(), "IMAGE=1")
	c.runs(t, "0.2.0")
	c.do(t, "reg", "add", policy, "/v", "EnrollmentString", "/d", "dl1nonsense", "/f")
	site.Eventually(t, patience, "status says what is wrong", func() error {
		told, _ := c.Run(t.Context(), wine.Agent, "status")
		if !strings.Contains(string(told), "the enrolment string in the registry's policy cannot be used") {
			return errors.New(string(told))
		}
		return nil
	})
	c.do(t, "reg", "add", policy, "/v", "EnrollmentString", "/d", link(), "/f")
	enrolled(4)
	c.msiexec(t, "/x", plain)
	if _, err := os.Stat(c.Path(state)); err == nil {
		t.Error("its data are left")
	}
}

// listed checks what people see of an installation: the start menu and the list of installed programs.
func (c *computer) listed(t *testing.T) {
	t.Helper()
	entry := c.uninstallEntry(t)
	for _, line := range []string{
		"DisplayName    REG_SZ    Dayline agent\n", "DisplayVersion    REG_SZ    0.2.0\n",
		"Publisher    REG_SZ    The Dayline project\n", "HelpLink    REG_SZ    https://github.com/dayline-project/dayline\n",
	} {
		if !strings.Contains(entry, line) {
			t.Errorf("the entry lacks %q: %s", line, entry)
		}
	}
	// What people are told to type.
	c.do(t, "cmd", "/c", "dayline-agent", "version")
	// The service says it, once it has started.
	site.Eventually(t, patience, "browsers know the agent", func() error {
		told, err := c.Run(t.Context(), "reg", "query", `HKLM\SOFTWARE\Mozilla\NativeMessagingHosts\org.dayline.host`, "/ve")
		if err == nil && !strings.Contains(string(told), `\Dayline\org.dayline.host.firefox.json`) {
			err = fmt.Errorf("Firefox is led to %s", told)
		}
		return err
	})
	found := 0
	for name := range c.files(t) {
		if strings.HasSuffix(name, "/Start Menu/Programs/"+shortcut) || strings.HasSuffix(name, "/dayline.ico") {
			found++
		}
	}
	if found != 2 {
		t.Errorf("%d of shortcut and icon found", found)
	}
}

// settledAlike checks that a package makes the service that the agent's own command makes, and that this command leaves
// nothing either.
func (c *computer) settledAlike(t *testing.T, byPackage string) {
	t.Helper()
	mustDo(t, c.PutAgent())
	c.do(t, wine.Agent, "install")
	if byCommand := c.settled(t); byCommand != byPackage {
		t.Errorf("the package makes the service\n%s\nthe agent itself\n%s", byPackage, byCommand)
	}
	c.do(t, wine.Agent, "uninstall")
	if _, err := os.Stat(c.Path(state)); err == nil {
		t.Error("its data are left")
	}
}

// sign signs a package on the computer by somebody's own certificate.
func (c *computer) sign(t *testing.T, plain string) {
	t.Helper()
	by := authenticode.Signer{File: filepath.Join(c.Dir, "signer.p12"), Password: "correct horse"}
	mustDo(t, os.WriteFile(by.File, must(macho.NewCertificate("Example Ltd", by.Password, time.Now()))(t), 0o600))
	whole := must(by.SignReserving(t.Context(), must(os.ReadFile(c.Path(plain)))(t)))(t)
	mustDo(t, os.WriteFile(c.Path(plain), whole, 0o644))
}

// offer puts a package that was put onto the computer on the collector's shelf.
func (c *computer) offer(t *testing.T, p msi.Package) {
	t.Helper()
	version := p.Agent.Version
	whole := must(os.ReadFile(c.Path(`C:\` + version.String() + ".msi")))(t)
	must(c.Collector.Release(t.Context(), version, rig.Packed{OS: release.Windows, Arch: p.Agent.Arch, Kind: release.MSI, Content: whole}))(t)
}

// download has somebody download what the collector offers, by a link of their own, under a name that their browser or they
// themselves made of it, and gives its path.
func (c *computer) download(t *testing.T, name string) string {
	t.Helper()
	installer := must(c.Collector.Installer(t.Context(), release.Windows))(t)
	whole := fetch(t, installer.Address+"/download/amd64/msi")
	mustDo(t, os.WriteFile(c.Path(`C:\`+name), whole, 0o644))
	c.bare["/"+name] = true
	c.secrets = append(c.secrets, must(token.FindStamp(bytes.NewReader(whole)))(t), path.Base(installer.Address))
	return `C:\` + name
}

// measures waits until what somebody does is in the report. Nothing is recorded before there was input.
func (c *computer) measures(t *testing.T) {
	t.Helper()
	mustDo(t, c.ShowAgent(t.Context()))
	program := wine.Program{File: "letters.exe", Product: "Letters"}
	c.bare["/Program Files/"+program.File] = true
	letter, _, err := c.Open(t.Context(), program, "Letter 0")
	mustDo(t, err)
	pages := 0
	site.Eventually(t, patience, "what is on the screen is in the report", func() error {
		pages++
		must(letter.Input())(t)
		must(letter.Retitle(fmt.Sprintf("Letter %d", pages)))(t)
		rows, err := c.Collector.Activity(t.Context())
		if err == nil && !slices.ContainsFunc(rows, func(r rig.Row) bool { return r.App == program.File }) {
			err = fmt.Errorf("rows: %+v", rows)
		}
		return err
	})
}

// keepsNone checks that no secret of a download is on the computer, but for the downloads themselves: in no log, no file of
// the agent's, no copy of a package and not in the registry as it was written last.
func (c *computer) keepsNone(t *testing.T) {
	t.Helper()
	site.Eventually(t, patience, "no secret is left", func() error {
		var left []string
		for _, name := range c.left(t) {
			left = append(left, filepath.Join(c.Path(`C:\`), name))
		}
		registry := must(filepath.Glob(filepath.Join(c.Path(`C:\`), "..", "*.reg")))(t)
		for _, file := range append(append(registry, c.Path(installLog)), left...) {
			content, err := os.ReadFile(file)
			if err != nil {
				continue // a folder, or gone meanwhile
			}
			for _, text := range c.secrets {
				if bytes.Contains(content, []byte(text)) || bytes.Contains(content, []byte(strings.Join(strings.Split(text, ""), "\x00"))) {
					return fmt.Errorf("%s holds one", file)
				}
			}
		}
		return nil
	})
}
