package linux

import (
	"crypto/rand"
	"crypto/rsa"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/unit"
)

const listing = "ponmlkjihgfedcbaponmlkjihgfedcba"

// built is a package around what is no program.
func built(t *testing.T, version string, key *rsa.PublicKey) Package {
	t.Helper()
	v, err := release.ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	believed := product.Believed{ExtensionKey: key, StoreIDs: []string{listing}}
	return Package{Agent{v, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), release.ARM64, believed}, []byte("program")}
}

// asked writes a package and gives what a tool says of it.
func asked(t *testing.T, pack func() ([]byte, error), command ...string) string {
	t.Helper()
	whole, err := pack()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "package")
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	return told(t, append(command, path)...)
}

func told(t *testing.T, command ...string) string {
	t.Helper()
	output, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v: %s", command, err, output)
	}
	return string(output)
}

// What each kind is said to be, and holds, by its own tools; nothing in it may be changed by others than root.
func TestWhatPackagesAre(t *testing.T) {
	p := built(t, "1.2.3-rc.1", nil)
	if said := asked(t, p.Deb, "dpkg-deb", "--showformat=${Package} ${Version} ${Architecture}", "--show"); said != "dayline-agent 1.2.3~rc.1 arm64" {
		t.Errorf("the deb is %s", said)
	}
	if said := asked(t, p.RPM, "rpm", "--query", "--queryformat=%{NAME} %{VERSION} %{ARCH} %{BUILDHOST}", "--package"); said != "dayline-agent 1.2.3~rc.1 aarch64 localhost" {
		t.Errorf("the rpm is %s", said)
	}
	asked(t, p.RPM, "rpm", "--checksig")
	held := map[string]string{}
	for line := range strings.Lines(asked(t, p.Deb, "dpkg-deb", "--contents")) {
		fields := strings.Fields(line)
		if path := strings.Trim(fields[5], "./"); fields[0][0] != 'd' {
			held[path] = fields[0] + " " + strings.ReplaceAll(fields[1], "/", " ")
		}
	}
	for line := range strings.Lines(asked(t, p.RPM, "rpm", "--query", "--queryformat=[%{FILEMODES:perms} %{FILEUSERNAME} %{FILEGROUPNAME} %{FILENAMES}\n]", "--package")) {
		at := strings.LastIndex(line, " ")
		path := strings.Trim(line[at:], " /\n")
		if line[0] == 'd' || strings.HasPrefix(path, "usr/lib64/") {
			continue
		}
		if held[path] != line[:at] {
			t.Errorf("%s is %q in the rpm, %q in the deb", path, line[:at], held[path])
		}
		delete(held, path)
		if line[0] != 'l' && (line[5] == 'w' || line[8] == 'w') || !strings.HasSuffix(line[:at], " root root") {
			t.Errorf("others may change %s", line)
		}
	}
	if len(held) > 0 {
		t.Errorf("the deb alone has %v", held)
	}
	for path := range strings.FieldsSeq(asked(t, p.Tar, "tar", "--list", "--gzip", "--file")) {
		if folder, _, _ := strings.Cut(path, "/"); folder != "dayline-agent-1.2.3-rc.1-linux-arm64" {
			t.Errorf("the archive has %s", path)
		}
	}
}

// A pre-release is older than its release to those who decide about upgrades.
func TestVersionsAreOrderedAlike(t *testing.T) {
	order := []string{"0.1.0-alpha.2", "0.1.0-alpha.10", "0.1.0-beta", "0.1.0-dev", "0.1.0-rc", "0.1.0-rc.0", "0.1.0", "0.1.1-alpha", "0.10.0"}
	for i, older := range order[:len(order)-1] {
		a, b := built(t, older, nil).ordered(), built(t, order[i+1], nil).ordered()
		told(t, "dpkg", "--compare-versions", a, "lt", b)
		if said := told(t, "rpm", "--eval", `%{lua: print(rpm.vercmp("`+a+`", "`+b+`"))}`); said != "-1\n" {
			t.Errorf("rpm compares %s and %s as %s", a, b, said)
		}
	}
}

// Browsers are told what the packed agent believes, and not what the packer does.
func TestBrowsersAreToldOfTheKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	id, err := extension.IDOf(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range extension.Browsers() {
		place := extension.HostPlaces(b, extension.Linux)[0]
		find := func(key *rsa.PublicKey) string {
			tree, err := built(t, "1.2.3", key).tree(release.Deb)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(tree, func(e entry) bool { return e.path == place })
			if at < 0 {
				return ""
			}
			return string(tree[at].content)
		}
		with, without := find(&key.PublicKey), find(nil)
		if !strings.Contains(with, unit.PackagedProgram) || (b != extension.Firefox) != (strings.Contains(with, id) && strings.Contains(with, listing)) {
			t.Errorf("%s is told %s", b, with)
		}
		if (without == "") != (b != extension.Firefox) {
			t.Errorf("without a key %s is told %s", b, without)
		}
	}
}

// The scripts are plain sh, and in the packages as they are here.
func TestScripts(t *testing.T) {
	for name, text := range map[string]string{"postinst": debPostinst, "prerm": debPrerm, "post": rpmPost, "preun": rpmPreun, "install.sh": installScript} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		told(t, "dash", "-n", path)
	}
	p := built(t, "1.2.3", nil)
	if said := asked(t, p.RPM, "rpm", "--query", "--scripts", "--package"); !strings.Contains(said, rpmPost) || !strings.Contains(said, rpmPreun) {
		t.Errorf("the rpm's: %s", said)
	}
	if said := asked(t, p.Deb, "dpkg-deb", "--info"); !strings.Contains(said, "*  postinst") || !strings.Contains(said, "*  prerm") {
		t.Errorf("the deb's: %s", said)
	}
}
