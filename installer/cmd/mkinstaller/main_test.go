package main

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

const built = "2026-03-01T13:00:00+01:00"

// listing is what a store calls the extension.
const listing = "ponmlkjihgfedcbaponmlkjihgfedcba"

func TestExitStatusAndWords(t *testing.T) {
	for args, words := range map[string]string{
		"":                                         "Usage",
		"rpm":                                      "Usage",
		"msi":                                      "-version",
		"msi -version 1.2":                         "-version",
		"msi -version 1.2.3":                       "-built",
		"msi -version 1.2.3 -built today":          "-built",
		"msi -arch 386":                            "neither amd64 nor arm64",
		"msi -version 1.2.3 more":                  "too many",
		"msi -frobnicate":                          "frobnicate",
		"msi -version 999.0.0 -built 2026":         "255",
		"exe -version 1.2.3-nightly -built no":     "-version",
		"app -version 1.2.3 -built 2026":           "-built",
		"linux -arch 386":                          "neither amd64 nor arm64",
		"manifest -version 1.2.3":                  "-built",
		"app -arch amd64":                          "-arch",
		"app -password secret":                     "-password",
		"certificate":                              "-out and -name",
		"certificate -name x -sign y":              "-sign",
		"extension-key":                            "-out is missing",
		"extension -version 1.2.3":                 "-built",
		"extension -version 1.2.3 -built " + built: "-key is missing",
	} {
		var stdout, stderr bytes.Buffer
		if status := dispatch(t.Context(), strings.Fields(args), &stdout, &stderr); status != usedWrongly || !strings.Contains(stderr.String(), words) {
			t.Errorf("%q: status %d: %s", args, status, stderr.String())
		}
	}
}

// run does what a command says, and gives the lines it told.
func run(t *testing.T, args ...string) (told, notes []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := dispatch(t.Context(), args, &stdout, &stderr); status != done {
		t.Fatalf("%q: status %d: %s", args, status, stderr.String())
	}
	return strings.Split(strings.TrimSpace(stdout.String()), "\n"), strings.Split(strings.TrimSpace(stderr.String()), "\n")
}

// refused does what a command says, which it cannot, and gives why.
func refused(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := dispatch(t.Context(), args, &stdout, &stderr); status != failed || stdout.Len() > 0 {
		t.Errorf("%q: status %d: %s%s", args, status, stdout.String(), stderr.String())
	}
	return stderr.String()
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Whoever builds the same sources again, elsewhere and later, gets the same bytes.
func TestPackagesAreTheSameTwice(t *testing.T) {
	folder := t.TempDir()
	p12, password := filepath.Join(folder, "signer.p12"), filepath.Join(folder, "password")
	if err := os.WriteFile(password, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "certificate", "-name", "Example Ltd", "-out", p12, "-password-file", password)
	key := filepath.Join(folder, "key.pem")
	run(t, "extension-key", "-out", key)
	for _, c := range []struct {
		args, names []string
	}{
		{[]string{"msi", "-arch", "arm64", "-extension-key", key}, []string{"windows-arm64.msi", "windows-arm64.zst"}},
		{[]string{"linux", "-extension-key", key}, []string{"linux-amd64.deb", "linux-amd64.rpm", "linux-amd64.tar.gz", "linux-amd64.zst"}},
		{[]string{"app", "-sign", p12, "-sign-package", p12, "-password-file", password}, []string{"macos-universal.pkg", "macos-universal.tar.gz", "macos-universal.zip"}},
	} {
		var first [][]byte
		for i, to := range []string{filepath.Join(folder, c.args[0], "one"), filepath.Join(folder, c.args[0], "two")} {
			told, _ := run(t, slices.Concat(c.args, []string{"-version", "1.2.3-rc.1", "-built", built, "-to", to})...)
			if entries, err := os.ReadDir(to); err != nil || len(entries) != len(c.names) || len(told) != len(c.names) {
				t.Fatalf("it left %v, %v and told %q", entries, err, told)
			}
			for j, path := range told {
				if path != filepath.Join(to, "dayline-agent-1.2.3-rc.1-"+c.names[j]) {
					t.Errorf("told %q", path)
				}
				if i == 0 {
					first = append(first, read(t, path))
				} else if !bytes.Equal(first[j], read(t, path)) {
					t.Errorf("%s built twice is not the same", c.names[j])
				}
			}
		}
	}
}

// The manifest lists what is there of its version, and nothing else.
func TestTheManifestListsWhatIsThere(t *testing.T) {
	folder := t.TempDir()
	args := []string{"manifest", "-version", "1.2.3", "-built", built, "-to", folder}
	if why := refused(t, args...); !strings.Contains(why, "no package of 1.2.3") {
		t.Error(why)
	}
	for _, name := range []string{"dayline-agent-1.2.3-linux-amd64.deb", "dayline-agent-1.2.3-windows-arm64.msi", "dayline-agent-1.2.3-windows-arm64.zst", "dayline-agent-1.2.4-linux-amd64.deb", "dayline-agent-1.2.3-macos-universal.zip"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("hello"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	told, _ := run(t, args...)
	m, err := release.ParseManifest(read(t, told[0]))
	if err != nil || told[0] != filepath.Join(folder, release.ManifestName) || len(m.Packages) != 3 {
		t.Fatalf("%q lists %+v: %v", told, m, err)
	}
	const hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	if p := m.Packages[0]; p.Name != "dayline-agent-1.2.3-linux-amd64.deb" || p.Size != 5 || p.SHA256 != hello {
		t.Errorf("%+v", p)
	}
	if len(m.MinOS) != 1 || m.MinOS[release.Windows] != "10.0" || m.MinVersion != "" {
		t.Errorf("from %q, on %v", m.MinVersion, m.MinOS)
	}
	// Its signatures stay as long as it is the same.
	signatures := told[0] + release.SignatureEnding
	if err := os.WriteFile(signatures, []byte("[]"), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, args...)
	read(t, signatures)
	run(t, append(args, "-min-version", "1.1.0")...)
	if m, err = release.ParseManifest(read(t, told[0])); err != nil || m.MinVersion != "1.1.0" {
		t.Errorf("from %q: %v", m.MinVersion, err)
	}
	if _, err := os.Stat(signatures); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another manifest's signatures: %v", err)
	}
	if why := refused(t, append(args, "-min-version", "1.2.4")...); !strings.Contains(why, "min_version: 1.2.4 is newer") {
		t.Error(why)
	}
}

// A package for Windows is signed as a whole, with room for a string that the signature does not cover.
func TestAPackageForWindowsIsSigned(t *testing.T) {
	folder := t.TempDir()
	p12 := filepath.Join(folder, "signer.p12")
	t.Setenv(passwordVariable, "correct horse")
	run(t, "certificate", "-name", "Example Ltd", "-out", p12)
	args := []string{"-sign", p12, "-version", "1.2.3", "-built", built, "-to", folder}
	told, _ := run(t, append([]string{"msi"}, args...)...)
	rooms, err := token.FindReserved(bytes.NewReader(read(t, told[0])))
	if err != nil || !slices.ContainsFunc(rooms, func(r token.Reserved) bool { return r.Signed }) {
		t.Errorf("rooms %+v, %v", rooms, err)
	}
	if said, _ := exec.Command("osslsigncode", "verify", "-in", told[0]).CombinedOutput(); !strings.Contains(string(said), "CN=Example Ltd") {
		t.Errorf("the tool says %s", said)
	}
	// Nobody answers there: a signature without the time is none that was asked for.
	if why := refused(t, append([]string{"exe", "-timestamp", "http://127.0.0.1:1/"}, args...)...); !strings.Contains(why, "127.0.0.1:1") {
		t.Error(why)
	}
}

func TestTheCertificateIsKept(t *testing.T) {
	t.Setenv(passwordVariable, "")
	p12 := filepath.Join(t.TempDir(), "signer.p12")
	args := []string{"certificate", "-name", "Example Ltd", "-out", p12}
	if why := refused(t, args...); !strings.Contains(why, "no password") {
		t.Error(why)
	}
	t.Setenv(passwordVariable, "correct horse")
	if told, _ := run(t, args...); !slices.Equal(told, []string{p12}) {
		t.Errorf("told %q", told)
	}
	before := read(t, p12)
	if why := refused(t, args...); !strings.Contains(why, "every Mac forgets") || !bytes.Equal(before, read(t, p12)) {
		t.Error(why)
	}
	if info, err := os.Stat(p12); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := (options{}).signer(p12, macho.OpenSigner); err != nil {
		t.Error(err)
	}
	t.Setenv(passwordVariable, "wrong")
	if why := refused(t, "app", "-sign", p12, "-version", "1.2.3", "-built", "2026-03-01T12:00:00Z", "-to", t.TempDir()); !strings.Contains(why, "password is not right") {
		t.Error(why)
	}
	if why := refused(t, "app", "-sign", p12+"x", "-version", "1.2.3", "-built", "2026-03-01T12:00:00Z", "-to", t.TempDir()); !strings.Contains(why, "no such file") {
		t.Error(why)
	}
}

func TestTheExtensionIsPackedByItsKey(t *testing.T) {
	folder := t.TempDir()
	key := filepath.Join(folder, "key.pem")
	told, notes := run(t, "extension-key", "-out", key)
	id := regexp.MustCompile(`[a-p]{32}$`).FindString(notes[0])
	if !slices.Equal(told, []string{key}) || id == "" {
		t.Fatalf("told %q, %q", told, notes)
	}
	if why := refused(t, "extension-key", "-out", key); !strings.Contains(why, "another one to every browser") {
		t.Error(why)
	}
	to, unpacked := filepath.Join(folder, "packed"), filepath.Join(folder, "unpacked")
	args := []string{"extension", "-key", key, "-version", "1.2.3", "-built", built, "-to", to}
	told, _ = run(t, append(args, "-unpacked", unpacked)...)
	if len(told) != 5 || !strings.Contains(string(read(t, filepath.Join(to, "extension.json"))), id) {
		t.Errorf("told %q", told)
	}
	// Mozilla signed another version: whatever it is, it is not what was built.
	if why := refused(t, slices.Concat(args, []string{"-version", "1.2.4", "-xpi", filepath.Join(to, "dayline-extension.xpi")})...); !strings.Contains(why, "not what was packed") {
		t.Error(why)
	}
	if why := refused(t, slices.Concat(args, []string{"-key", filepath.Join(to, "extension.json")})...); !strings.Contains(why, "holds no key") {
		t.Error(why)
	}
	flag, _ := run(t, "link-flags", "-extension-key", key, "-store-ids", listing+","+id)
	if !strings.Contains(flag[0], "shared/extension.key=MII") || !strings.HasSuffix(flag[0], ".storeIDs="+listing+","+id) {
		t.Errorf("told %q", flag)
	}
	for _, none := range []string{"extension@dayline.org", listing + ", " + id, listing[1:], strings.ToUpper(listing)} {
		if why := refused(t, "link-flags", "-extension-key", key, "-store-ids", none); !strings.Contains(why, "32 letters from a to p") {
			t.Errorf("%s: %s", none, why)
		}
	}
	if flag, _ := run(t, "link-flags"); !slices.Equal(flag, []string{""}) {
		t.Errorf("nobody is believed, by %q", flag)
	}
}

// A program believes the keys that it was linked with, and tells its extension's id.
func TestAProgramIsLinkedWithTheKeys(t *testing.T) {
	folder := t.TempDir()
	key := filepath.Join(folder, "key.pem")
	_, notes := run(t, "extension-key", "-out", key)
	trusted := release.Trusted{Version: 7, Keys: []ed25519.PublicKey{make([]byte, ed25519.PublicKeySize)}}
	text, err := trusted.Encode()
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(folder, "trusted-7.json")
	if err := os.WriteFile(keys, text, 0o600); err != nil {
		t.Fatal(err)
	}
	flag, _ := run(t, "link-flags", "-extension-key", key, "-store-ids", listing, "-release-keys", keys)
	source := filepath.Join(folder, "main.go")
	program := `package main

import (
	"fmt"

	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/shared/release"
)

func main() {
	fmt.Println(extension.ChromiumIDs())
	trusted, err := release.Built()
	fmt.Println(trusted.Version, trusted.IDs(), err)
}
`
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command("go", "run", "-ldflags", flag[0], source).Output()
	if _, id, _ := strings.Cut(notes[0], "by: "); err != nil || string(said) != "["+id+" "+listing+"] <nil>\n7 "+fmt.Sprint(trusted.IDs())+" <nil>\n" {
		t.Errorf("%s, %v", said, err)
	}
	if why := refused(t, "link-flags", "-release-keys", key); !strings.Contains(why, key+": trusted keys: ") {
		t.Error(why)
	}
}
