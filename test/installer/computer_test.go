// Package installer holds the tests of the packages that install the agent, each on a computer of its system.
package installer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/installer/exe"
	"github.com/dayline-project/dayline/installer/msi"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
	"github.com/dayline-project/dayline/test/wine"
)

const (
	service  = "dayline-agent"
	shortcut = "My day (Dayline).lnk"
	state    = `C:\ProgramData\Dayline`
	policy   = `HKLM\SOFTWARE\Policies\Dayline`
	patience = time.Minute
	// installLog is what Windows' installer tells.
	installLog = `C:\install.log`
)

// computer is one with Windows that packages are installed on, and the collector its agent reports to.
type computer struct {
	*wine.Machine
	*site.Site
	// bare is every file there was before.
	bare map[string]bool
	// secrets are those of downloads: the strings, and what of an address nobody else knows.
	secrets []string
}

func newComputer(t *testing.T) *computer {
	t.Helper()
	c := &computer{Machine: wine.New(t), Site: site.New(t, rig.Options{Account: "settle: 1s\nagents: {sync_every: 1s}\n"})}
	c.bare = c.files(t)
	c.bare["/windows/Installer"] = true // Windows Installer keeps the packages there, and the folder
	c.bare["/install.log"] = true
	t.Cleanup(func() {
		if t.Failed() {
			told, err := os.ReadFile(c.Path(installLog))
			t.Logf("Windows' installer said (%v): %s", err, told[max(0, len(told)-12000):])
			t.Logf("the service said: %s", site.Contents(t, c.Path(state), "*.log"))
		}
	})
	return c
}

// built gives the agent of a version.
func built(t *testing.T, text string) msi.Package {
	t.Helper()
	version := must(release.ParseVersion(text))(t)
	p := msi.Package{Agent: exe.Agent{Version: version, Built: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Arch: "amd64"}}
	p.Executable = must(p.Agent.Build(t.Context()))(t)
	return p
}

// put puts a package onto the computer and gives its path there.
func (c *computer) put(t *testing.T, p msi.Package) string {
	t.Helper()
	name := p.Agent.Version.String() + ".msi"
	path := c.Path(`C:\` + name)
	mustDo(t, os.WriteFile(path, must(p.Build(t.Context()))(t), 0o644))
	c.bare["/"+name] = true
	// Windows tells a product that it is removed for another by this property, Wine by nothing; the table's column is the
	// rest of the command that Wine removes it by (https://learn.microsoft.com/windows/win32/msi/upgradingproductcode).
	must(exec.Command("msibuild", path, "-q",
		"UPDATE Upgrade SET Remove='ALL UPGRADINGPRODUCTCODE=1' WHERE ActionProperty='OLDERFOUND'").Output())(t)
	return `C:\` + name
}

// do runs a program there that has to succeed.
func (c *computer) do(t *testing.T, command ...string) string {
	t.Helper()
	return string(must(c.Run(t.Context(), command...))(t))
}

// msiexec has Windows' installer do something that has to succeed.
func (c *computer) msiexec(t *testing.T, arguments ...string) {
	t.Helper()
	c.do(t, append([]string{"msiexec", "/qn", "/l*v", installLog}, arguments...)...)
}

// runs waits until the service manager and the agent itself say that the service of this version runs.
func (c *computer) runs(t *testing.T, version string) {
	t.Helper()
	site.Eventually(t, patience, "the service runs", func() error {
		told, err := c.Run(t.Context(), "sc", "query", service)
		if err == nil && !strings.Contains(string(told), "RUNNING") {
			err = errors.New(string(told))
		}
		if err == nil && len(c.PIDs("service --managed")) != 1 {
			err = errors.New("it is not one process")
		}
		return err
	})
	if told := strings.TrimSpace(c.do(t, wine.Agent, "version")); told != version {
		t.Errorf("installed is %s, not %s", told, version)
	}
}

// stop stops the service and waits until it has ended. Windows' installer does that itself, Wine's only the first half,
// and then finds the executable in use or not.
func (c *computer) stop(t *testing.T) {
	t.Helper()
	c.do(t, "net", "stop", service)
	site.Eventually(t, patience, "the service has ended", func() error {
		if pids := c.PIDs("dayline-agent.exe"); len(pids) > 0 {
			return fmt.Errorf("processes %v", pids)
		}
		return nil
	})
}

// reports waits until the collector knows one device, by this version of the agent, and gives its id.
func (c *computer) reports(t *testing.T, version string) (id string) {
	t.Helper()
	site.Eventually(t, patience, "the device reports", func() error {
		known, err := c.Collector.Devices(t.Context())
		if err != nil {
			return err
		}
		if len(known) != 1 || known[0].Version != version {
			return fmt.Errorf("devices are %+v", known)
		}
		id = known[0].ID
		return nil
	})
	return id
}

// settled gives what the service manager holds of the service, without quotation marks: Wine's installer forgets them.
func (c *computer) settled(t *testing.T) string {
	t.Helper()
	told := c.do(t, "reg", "query", `HKLM\SYSTEM\CurrentControlSet\Services\`+service, "/s")
	return strings.ReplaceAll(told, `"`, "")
}

// uninstallEntry is how Windows lists the one product that is installed.
func (c *computer) uninstallEntry(t *testing.T) string {
	t.Helper()
	told := c.do(t, "reg", "query", `HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall`, "/s")
	if n := strings.Count(told, "DisplayName"); n != 1 {
		t.Errorf("%d products are installed: %s", n, told)
	}
	return told
}

// files are those on drive C.
func (c *computer) files(t *testing.T) map[string]bool {
	t.Helper()
	found, root := map[string]bool{}, c.Path(`C:\`)
	mustDo(t, filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		found[strings.TrimPrefix(name, strings.TrimSuffix(root, "/"))] = true
		return err
	}))
	return found
}

// left are the files that were not there before.
func (c *computer) left(t *testing.T) (left []string) {
	t.Helper()
	for name := range c.files(t) {
		if !c.bare[name] {
			left = append(left, name)
		}
	}
	return left
}

// registered cuts the power, whereupon the registry is on disk, and gives its lines that name us.
func (c *computer) registered(t *testing.T) (lines []string) {
	t.Helper()
	mustDo(t, c.PowerCut())
	for _, file := range must(filepath.Glob(filepath.Join(c.Path(`C:\`), "..", "*.reg")))(t) {
		for line := range strings.Lines(string(must(os.ReadFile(file))(t))) {
			if strings.Contains(strings.ToLower(line), "dayline") {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		mustDo(t, err)
		return value
	}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
