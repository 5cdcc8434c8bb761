package installer

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/installer/msi"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/test/site"
	"github.com/dayline-project/dayline/test/wine"
)

// A package's whole life: installed, enrolled, repaired, replaced by the release and by its candidate again, never by an
// older one, removed without its data, and with them from afar.
func TestMSI(t *testing.T) {
	t.Parallel()
	c, candidate, final := newComputer(t), built(t, "0.2.0-rc.1"), built(t, "0.2.0")
	older := msi.Package{Agent: candidate.Agent, Executable: candidate.Executable}
	older.Agent.Version = must(release.ParseVersion("0.1.9"))(t)
	first, second, refused := c.put(t, candidate), c.put(t, final), c.put(t, older)

	c.msiexec(t, "/i", first)
	c.runs(t, "0.2.0-rc.1")
	c.listed(t)
	c.do(t, wine.Agent, "enroll", must(c.Collector.Link(t.Context()))(t))
	device := c.reports(t, "0.2.0-rc.1")
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
	c.msiexec(t, "/i", first, "REINSTALL=ALL", "REINSTALLMODE=omus")
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

	// Who keeps the collector asks for it; the service learns that at its first contact after the computer has started.
	must(c.Collector.Run(t.Context(), "device", "uninstall", device))(t)
	if len(c.registered(t)) == 0 {
		t.Error("nothing of an installed agent was found in the registry")
	}
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
