package mdm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/installer/app"
	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/installer/pkg"
	"github.com/dayline-project/dayline/shared/codesign"
	"github.com/dayline-project/dayline/shared/release"
)

var built = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// programs are a small one, linked for both processors.
func programs(t *testing.T) (thin [][]byte) {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		link := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, arch), source)
		link.Env = append(os.Environ(), "GOOS=darwin", "GOARCH="+arch, "CGO_ENABLED=0")
		if output, err := link.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		program, err := os.ReadFile(filepath.Join(dir, arch))
		if err != nil {
			t.Fatal(err)
		}
		thin = append(thin, program)
	}
	return thin
}

// bundle is an app as the installer's maker gives it; without a signer it is ad hoc.
func bundle(t *testing.T, thin [][]byte, signer *macho.Signer) (codesign.Files, codesign.Identity) {
	t.Helper()
	version, err := release.ParseVersion("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	files, id, err := app.App{Version: version, Built: built, Signer: signer}.Build(thin[0], thin[1])
	if err != nil {
		t.Fatal(err)
	}
	return files, id
}

// packed writes an app in the four forms that it comes in.
func packed(t *testing.T, files codesign.Files) (names []string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		name = filepath.Join(dir, app.Name, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	names = []string{filepath.Join(dir, app.Name)}
	version, err := release.ParseVersion("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	installer := func(files codesign.Files, at time.Time) ([]byte, error) {
		return pkg.Package{Version: version, Built: at, Bundle: files}.Build()
	}
	for ending, pack := range map[string]func(codesign.Files, time.Time) ([]byte, error){".pkg": installer, ".tar.gz": app.TarGz, ".zip": app.Zip} {
		archive, err := pack(files, built)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, "dayline"+ending)
		if err := os.WriteFile(name, archive, 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

func TestTheRequirementIsTheApps(t *testing.T) {
	thin := programs(t)
	pkcs12, err := macho.NewCertificate("Example", "secret", built)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := macho.OpenSigner(pkcs12, "secret")
	if err != nil {
		t.Fatal(err)
	}
	signed, id := bundle(t, thin, signer)
	names := packed(t, signed)
	for _, name := range names {
		requirement, team, err := ReadApp(name)
		if err != nil || requirement != id.Requirement || team != "" || !strings.HasPrefix(requirement, `identifier "`+BundleID+`" and certificate leaf = H"`) {
			t.Errorf("%s: %q %q, %v", name, requirement, team, err)
		}
	}
	k := kit()
	k.Requirement = id.Requirement
	profiles, _ := profilesOf(t, k)
	services := profiles["dayline-accessibility.mobileconfig"]["PayloadContent"].([]any)[0].(dict)["Services"].(dict)
	if got := services["Accessibility"].([]any)[0].(dict)["CodeRequirement"]; got != id.Requirement {
		t.Errorf("the profile says %v, the app %s", got, id.Requirement)
	}

	// Any change after signing, and what no certificate vouches for.
	executable := codesign.Executables + app.Executable
	signed[executable] = bytes.Clone(signed[executable])
	signed[executable][len(signed[executable])/3] ^= 1
	adHoc, _ := bundle(t, thin, nil)
	for want, files := range map[string]codesign.Files{"codesign: ": signed, "signed ad hoc": adHoc} {
		for _, name := range packed(t, files) {
			if requirement, _, err := ReadApp(name); err == nil || !strings.Contains(err.Error(), want) || requirement != "" {
				t.Errorf("%s, %s: %q, %v", want, name, requirement, err)
			}
		}
	}
	// A download that was cut off.
	for _, name := range names[1:] {
		archive, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, archive[:len(archive)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := ReadApp(name); err == nil {
			t.Errorf("half of %s is taken", name)
		}
	}
}

// A file of a tar may be all hole: some bytes that say they are a terabyte.
func TestAnArchiveThatUnpacksToEverything(t *testing.T) {
	var whole bytes.Buffer
	zipped := gzip.NewWriter(&whole)
	records := ""
	for _, record := range []string{
		"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=Dayline.app/Contents/Info.plist", "GNU.sparse.realsize=1099511627776",
	} {
		// The length counts itself.
		records += fmt.Sprintf("%d %s\n", len(record)+len("00 \n"), record)
	}
	zipped.Write(member(t, 'x', records))
	zipped.Write(member(t, tar.TypeReg, "0\n"+strings.Repeat("\x00", 510)))
	zipped.Write(make([]byte, 1024))
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "dayline.tar.gz")
	if err := os.WriteFile(name, whole.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadApp(name); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("%d bytes: %v", whole.Len(), err)
	}
}

// What a package says it installs may be anything.
func TestAPackageThatInstallsNoApp(t *testing.T) {
	file := func(name string, mode, size int) string {
		return fmt.Sprintf("070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o%s\x00", 0, 1, mode, 0, 0, 1, 0, 0, len(name)+1, size, name)
	}
	end := file("TRAILER!!!", 0, 0)
	for archive, want := range map[string]string{
		"": "ends too early",
		file("./Dayline.app/Contents/Info.plist", 0o100644, 3): "ends too early",
		end: "no app is in it",
		file("./Dayline.app/Contents", 0o040755, 0) + file("./else", 0o100644, 3) + "abc" + end:                                           "no app is in it",
		file("./Dayline.app/Contents/link", 0o120755, 0) + end:                                                                            "does not belong into an app",
		file("./Dayline.app/Contents/Info.plist", 0o100644, 1<<32) + end:                                                                  "too large",
		strings.Repeat("7", cpioHeader):                                                                                                   "no archive of cpio's",
		file("./Dayline.app/Contents/Info.plist", 0o100644, 1) + "a" + file("./Dayline.app/Contents/Info.plist", 0o100644, 1) + "b" + end: "does not belong into an app",
	} {
		if files, err := loadCPIO(strings.NewReader(archive)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: %d files, %v", archive, len(files), err)
		}
	}
}

// member is one of a tar, of a kind that archive/tar writes to nobody's order.
func member(t *testing.T, kind byte, content string) []byte {
	t.Helper()
	var whole bytes.Buffer
	archive := tar.NewWriter(&whole)
	if err := archive.WriteHeader(&tar.Header{Name: "member", Size: int64(len(content)), Format: tar.FormatUSTAR}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Flush(); err != nil {
		t.Fatal(err)
	}
	const kindAt, sumAt = 156, 148
	header := whole.Bytes()[:512]
	header[kindAt] = kind
	copy(header[sumAt:], "        ") // what the sum takes itself for
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	copy(header[sumAt:], fmt.Sprintf("%06o\x00 ", sum))
	return whole.Bytes()
}
