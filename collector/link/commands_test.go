package link

import (
	"crypto/sha256"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/shared/release"
)

// everyPackage of a release, with names and hashes of their own.
func everyPackage(t *testing.T) []release.Package {
	t.Helper()
	version, err := release.ParseVersion("1.2.3-rc.1")
	if err != nil {
		t.Fatal(err)
	}
	var all []release.Package
	for _, p := range [][3]string{
		{release.Windows, release.AMD64, release.MSI}, {release.Windows, release.ARM64, release.MSI}, {release.MacOS, release.Universal, release.Pkg},
		{release.Linux, release.AMD64, release.Deb}, {release.Linux, release.AMD64, release.RPM}, {release.Linux, release.ARM64, release.Tar},
	} {
		all = append(all, release.Describe(version, p[0], p[1], p[2], 1, sha256.Sum256([]byte(p[0]+p[1]+p[2]))))
	}
	return all
}

// How a command trusts: by the key it names where browsers do not know the certificate, and never by nothing at all.
func TestCommandsTrustNobodyElse(t *testing.T) {
	const secret = "NAME-SHA256_CURL-ADDRESS-sum-and-43-letters"
	curls := regexp.MustCompile(`(\| curl|; curl\.exe) ([^|]*?) -K (-;|"\$d\\url";)`)
	for _, pin := range [][32]byte{{}, {1, 2, 3}} {
		door, err := NewDoor("https://[2001:db8::1]:8443", pin)
		if err != nil {
			t.Fatal(err)
		}
		commands := door.Commands(secret, everyPackage(t))
		if len(commands) != 6 {
			t.Fatalf("%d commands", len(commands))
		}
		for _, c := range commands {
			if strings.ContainsAny(c.Text, "\r\n") || strings.Contains(c.Text, "{name}") || strings.Count(c.Text, c.SHA256) != 1 ||
				strings.Count(c.Text, "'https://[2001:db8::1]:8443/install/"+secret+"'") != 1 || !strings.Contains(c.Text, "packages/"+c.Name) {
				t.Errorf("%s %s: %s", c.Kind, c.Arch, c.Text)
			}
			if (c.Shell == PowerShell) != (c.OS == release.Windows) {
				t.Errorf("%s is for %s", c.Name, c.Shell)
			}
			calls := curls.FindAllStringSubmatch(c.Text, -1)
			if len(calls) != 1 {
				t.Fatalf("%s calls curl %d times: %s", c.Name, len(calls), c.Text)
			}
			arguments := " " + calls[0][2] + " "
			if strings.Contains(arguments, " -L") || strings.Contains(arguments, secret) || !strings.HasPrefix(arguments, " -q ") ||
				!strings.Contains(arguments, "--proto '=https'") {
				t.Errorf("curl is told %q", arguments)
			}
			pinned := strings.Contains(arguments, "--pinnedpubkey 'sha256//")
			if insecure := strings.Contains(arguments, " -k "); insecure != pinned || pinned == door.Trusted() {
				t.Errorf("pinned %v, insecure %v: %q", pinned, insecure, arguments)
			}
			if piped := strings.Contains(c.Text, "| curl"); piped != (c.Shell == Sh) || (c.Kind == release.RPM) != strings.Contains(c.Text, " rpm -U --nosignature ") {
				t.Errorf("%s %s: %s", c.Kind, c.Arch, c.Text)
			}
			if regexp.MustCompile(`\|\s*(\$s |sudo )?(ba)?sh\b|\biex\b|Invoke-Expression`).MatchString(c.Text) {
				t.Errorf("something goes into a shell: %s", c.Text)
			}
			if c.Shell == Sh {
				if output, err := exec.CommandContext(t.Context(), "sh", "-n", "-c", c.Text).CombinedOutput(); err != nil {
					t.Errorf("%s: %v: %s", c.Name, err, output)
				}
			}
		}
	}
}

func TestADoorEndsNoQuoting(t *testing.T) {
	for _, address := range []string{"https://Host:8443", "https://Host:8443/", "HTTPS://Host:8443", "http://Host:8443"} {
		if door, err := NewDoor(address, [32]byte{}); err != nil || door.Address("x") != "https://Host:8443/install/x" {
			t.Errorf("%q: %v, %v", address, door, err)
		}
	}
	for _, origin := range []string{
		"", "https://", "dayline.example.com", "https://a'b", `https://a"b`,
		"https://a b", "https://a\nb", "https://$(id)", "https://`id`", "https://a;b", "https://{name}", "https://a\\b", "https://[fe80::1%25x]:1",
	} {
		if _, err := NewDoor(origin, [32]byte{}); err == nil {
			t.Errorf("%q is a door", origin)
		}
	}
}
