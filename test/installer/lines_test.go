package installer

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/link"
	"github.com/dayline-project/dayline/installer/pkg"
	"github.com/dayline-project/dayline/shared/codesign"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
	"github.com/dayline-project/dayline/test/linux"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
	"github.com/dayline-project/dayline/test/wire"
)

// street leads from a computer to a collector, or to somebody who sits in between and has another certificate, which the
// computer trusts as it would a company's own.
type street struct {
	*site.Site
	*linux.Machine
	relay    *wire.Relay
	impostor *wire.Tap
	// packages by system.
	packages map[string][]rig.Packed
	// bare is what is there that no line has left.
	bare []string
}

// installers are the programs that a line may call, and what they do; none is to be called for what is not the collector's.
var installers = map[string]string{
	"apt-get": "", "rpm": "", "installer": "", "dayline-agent": "",
	"tar": `mkdir "${2%.tar.gz}"; : >"${2%.tar.gz}/install.sh"`,
}

// programs are where packages put the agent.
var programs = []string{"/usr/bin/dayline-agent", "/usr/local/bin/dayline-agent", "/Library/Dayline/Dayline.app/Contents/MacOS/dayline-agent"}

func newStreet(t *testing.T) *street {
	t.Helper()
	version := must(release.ParseVersion("1.2.3"))(t)
	mac := pkg.Package{Version: version, Built: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Bundle: codesign.Files{"Contents/MacOS/dayline-agent": []byte("#!/bin/sh\n")}}
	c := &street{packages: map[string][]rig.Packed{
		release.Linux: {
			{OS: release.Linux, Arch: release.AMD64, Kind: release.Deb, Content: must(packing(release.Deb, "1.2.3"))(t)},
			{OS: release.Linux, Arch: release.AMD64, Kind: release.RPM, Content: must(packing(release.RPM, "1.2.3"))(t)},
			{OS: release.Linux, Arch: release.AMD64, Kind: release.Tar, Content: must(packing(release.Tar, "1.2.3"))(t)},
		},
		release.MacOS: {{OS: release.MacOS, Arch: release.Universal, Kind: release.Pkg, Content: must(mac.Build())(t)}},
		// As much of one as the collector looks at: nothing here opens it.
		release.Windows: {{OS: release.Windows, Arch: release.AMD64, Kind: release.MSI, Content: slices.Concat([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), token.Reservation())}},
	}}
	target := must(rig.FreeAddress())(t)
	c.relay = must(wire.NewRelay(target))(t)
	t.Cleanup(c.relay.Close)
	c.Site = site.New(t, rig.Options{Listen: target, Public: c.relay.Address()})
	c.impostor = must(wire.NewImpostor(target, c.Dir))(t)
	t.Cleanup(c.impostor.Close)
	must(c.Collector.Release(t.Context(), version, slices.Concat(c.packages[release.Linux], c.packages[release.MacOS], c.packages[release.Windows])...))(t)

	c.Machine = linux.New(t, c.Dir)
	// What a program sees of others while it runs, anybody may see.
	const look = `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' >>/run/processes; `
	mustDo(t, c.StandIn("curl", look+`exec /usr/bin/curl "$@"`))
	for name, does := range installers {
		mustDo(t, c.StandIn(name, look+`{ stat -c '%a %u %n' . *; sha256sum *; } >>/run/found 2>&1 || :; `+does))
	}
	for _, program := range programs {
		must(c.Run(t.Context(), nil, "install", "-D", "/run/bin/dayline-agent", program))(t)
	}
	c.bare = must(c.Left())(t)
	return c
}

// refuses pastes a line that has to fail, without having called or left anything.
func (c *street) refuses(t *testing.T, why, shell, line string) {
	t.Helper()
	if said, err := paste(t, c.Machine, shell, "export CURL_CA_BUNDLE="+c.impostor.CertFile+"; "+line); err == nil {
		t.Errorf("%s: it went on: %s", why, said)
	}
	called := must(c.Called())(t)
	if len(called) == 0 || slices.ContainsFunc(called, func(call string) bool { return !strings.HasPrefix(call, "curl ") }) {
		t.Errorf("%s: called %q", why, called)
	}
	nothingLeft(t, c.Machine, c.bare...)
	if left := must(c.Written("/tmp"))(t); len(left) > 0 {
		t.Errorf("%s: left %q", why, left)
	}
}

// Where somebody with another certificate sits in between, or the package is another, a line comes to nothing; from the collector
// it installs what was released, by a string that nobody else reads.
func TestLines(t *testing.T) {
	t.Parallel()
	c := newStreet(t)
	for system, packages := range c.packages {
		if system == release.Windows {
			continue
		}
		installer := must(c.Collector.Installer(t.Context(), system))(t)
		for _, p := range packages {
			line := installer.Commands[p.Kind+" "+p.Arch]
			c.holds(t, installer.Address, line, p)
		}
	}
	c.holdsInPowerShell(t)
	c.believesTheSystem(t)
	if seen := c.impostor.Seen(); len(seen) > 0 {
		t.Errorf("who sat in between was told %s", seen)
	}
}

func (c *street) holds(t *testing.T, address, line string, p rig.Packed) {
	t.Helper()
	c.relay.Lead(c.impostor.Address())
	c.refuses(t, p.Kind+" from an impostor", "sh", line)
	c.relay.Lead(c.Collector.Listen)

	name := release.FileName(must(release.ParseVersion("1.2.3"))(t), p.OS, p.Arch, p.Kind)
	shelved := filepath.Join(c.Collector.Data, "releases", "1.2.3", name)
	spoil := func(with byte) {
		file := must(os.OpenFile(shelved, os.O_WRONLY, 0))(t)
		defer file.Close()
		must(file.WriteAt([]byte{with}, 100))(t)
	}
	spoil(^p.Content[100])
	c.refuses(t, p.Kind+" that was changed", "bash", line)
	spoil(p.Content[100])

	for _, shell := range []string{"sh", "bash"} {
		must(paste(t, c.Machine, shell, line))(t)
		called := must(c.Called())(t)
		if len(called) < 3 || !strings.HasSuffix(called[len(called)-1], " enroll --at-start --file enroll") {
			t.Errorf("%s: called %q", p.Kind, called)
		}
		sum := sha256.Sum256(p.Content)
		found := string(must(os.ReadFile(c.Path("/run/found")))(t))
		for _, want := range []string{"700 0 .\n", "600 0 enroll\n", hex.EncodeToString(sum[:]) + "  " + name} {
			if !strings.Contains(found, want) {
				t.Errorf("%s: the installer did not find %q: %s", p.Kind, want, found)
			}
		}
		processes := string(must(os.ReadFile(c.Path("/run/processes")))(t))
		if !strings.Contains(processes, "curl -q") || !strings.Contains(processes, "--at-start") || strings.Contains(processes, filepath.Base(address)) || enrolmentString.MatchString(processes) {
			t.Errorf("%s: programs' arguments: %s", p.Kind, processes)
		}
		mustDo(t, os.Remove(c.Path("/run/found")))
	}
}

// curlCall is how a line for PowerShell calls curl.exe: everything but where to and, in a file, where from.
var curlCall = regexp.MustCompile(`; (curl\.exe( .*?) )-o \$to -K "\$d\\url"`)

// There is no PowerShell here: the line for it says in the right order what it has to, and its curl holds as the others do.
func (c *street) holdsInPowerShell(t *testing.T) {
	t.Helper()
	installer := must(c.Collector.Installer(t.Context(), release.Windows))(t)
	line, p := installer.Commands["msi amd64"], c.packages[release.Windows][0]
	sum := sha256.Sum256(p.Content)
	at := 0
	for _, part := range []string{
		"& { $ErrorActionPreference = 'Stop'; ", "icacls.exe $d /inheritance:r ", "g 'packages/dayline-agent-1.2.3-windows-amd64.msi' ",
		"Get-FileHash -Algorithm SHA256 ", "'" + hex.EncodeToString(sum[:]) + "') { throw ", "g 'enroll' ", "msiexec.exe ", ` enroll --at-start --file "$d\enroll"; if ($LASTEXITCODE) { throw `, "finally { Remove-Item -Recurse -Force $d }",
	} {
		next := strings.Index(line[at:], part)
		if next < 0 {
			t.Fatalf("%q is missing after %q", part, line[:at])
		}
		at += next
	}
	if found := regexp.MustCompile(`(?i)\biex\b|invoke-|downloadstring|-useb|bypass|\s-L\b`).FindString(line); found != "" {
		t.Errorf("it has %q: %s", found, line)
	}

	call := curlCall.FindStringSubmatch(line)
	if call == nil || strings.Contains(call[2], " -k") != strings.Contains(call[2], " --pinnedpubkey 'sha256//") {
		t.Fatalf("curl is called by %q", call)
	}
	get := `printf 'url = "%s/packages/dayline-agent-1.2.3-windows-amd64.msi"\n' '` + installer.Address + `' | curl` + call[2] + ` -o /srv/got -K -`
	c.relay.Lead(c.impostor.Address())
	c.refuses(t, "an impostor", "sh", get)
	c.relay.Lead(c.Collector.Listen)
	must(paste(t, c.Machine, "sh", get))(t)
	if got := must(os.ReadFile(c.Path("/srv/got")))(t); string(got) != string(p.Content) {
		t.Errorf("%d bytes came", len(got))
	}
	must(c.Called())(t)
	mustDo(t, os.Remove(c.Path("/srv/got")))
}

// Where the certificate is one that the system knows, a line names no key, and takes no other certificate.
func (c *street) believesTheSystem(t *testing.T) {
	t.Helper()
	installer := must(c.Collector.Installer(t.Context(), release.Linux))(t)
	door := must(link.NewDoor("https://"+c.relay.Address(), [32]byte{}))(t)
	p := c.packages[release.Linux][0]
	version := must(release.ParseVersion("1.2.3"))(t)
	described := release.Describe(version, p.OS, p.Arch, p.Kind, int64(len(p.Content)), sha256.Sum256(p.Content))
	line := door.Commands(filepath.Base(installer.Address), []release.Package{described})[0].Text
	if strings.Contains(line, " -k ") || strings.Contains(line, "pinned") {
		t.Errorf("the line: %s", line)
	}
	// Nobody vouches for the collector here, nor for who sits in between.
	for _, to := range []string{c.Collector.Listen, c.impostor.Address()} {
		c.relay.Lead(to)
		c.refuses(t, "unknown", "sh", "unset CURL_CA_BUNDLE; "+line)
	}
	c.relay.Lead(c.Collector.Listen)
	known := filepath.Join(c.Dir, "known.pem")
	mustDo(t, os.WriteFile(known, authority(t, c.Collector.Listen), 0o600))
	must(paste(t, c.Machine, "sh", "export CURL_CA_BUNDLE="+known+"; "+line))(t)
	if called := must(c.Called())(t); !strings.HasSuffix(called[len(called)-1], " enroll --at-start --file enroll") {
		t.Errorf("called %q", called)
	}
}

// authority gives the certificate of who vouches for a collector, in PEM.
func authority(t *testing.T, address string) []byte {
	t.Helper()
	conn := must(tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}))(t)
	defer conn.Close()
	chain := conn.ConnectionState().PeerCertificates
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain[len(chain)-1].Raw})
}
