package stamp

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/installer/linux"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/tail"
)

// builtFor gives a package for Linux around what is no program.
func builtFor(t testing.TB, kind string, program []byte) []byte {
	t.Helper()
	version, err := release.ParseVersion("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	p := linux.Package{Agent: linux.Agent{Version: version, Built: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Arch: release.AMD64}, Program: program}
	whole, err := map[string]func() ([]byte, error){release.Deb: p.Deb, release.RPM: p.RPM, release.Tar: p.Tar}[kind]()
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

func tool(t *testing.T, command ...string) string {
	t.Helper()
	output, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v: %s", command, err, output)
	}
	return string(output)
}

// The tools that install packages find the string where it belongs, root's alone to read, and everything else as it was.
func TestPackagesForLinuxCarryAString(t *testing.T) {
	for kind, list := range map[string]func(path string) string{
		release.Deb: func(path string) string { return tool(t, "dpkg-deb", "--contents", path) },
		release.Tar: func(path string) string { return tool(t, "tar", "--list", "--verbose", "--gzip", "--file", path) },
	} {
		// Members of a .deb begin at even places only.
		for _, text := range []string{"dl1a", "dl1ab", strings.Repeat("dl1", 600)} {
			whole := builtFor(t, kind, bytes.Repeat([]byte("program"), 9999))
			out, carrier := handedOut(t, kind, whole, text)
			if carrier != Inside {
				t.Fatalf("%s: carried %s", kind, carrier)
			}
			folder := t.TempDir()
			before, after := filepath.Join(folder, "before"), filepath.Join(folder, "after")
			for path, content := range map[string][]byte{before: whole, after: out} {
				if err := os.WriteFile(path, content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			added, same := strings.CutPrefix(list(after), list(before))
			if !same || strings.Count(added, "\n") != 1 || !strings.HasPrefix(added, "-rw------- root/root") || !strings.HasSuffix(added, "/enroll\n") {
				t.Errorf("%s: added %q", kind, added)
			}
			unpacked := filepath.Join(folder, "unpacked")
			if err := os.Mkdir(unpacked, 0o700); err != nil {
				t.Fatal(err)
			}
			place := filepath.Join(unpacked, "etc/dayline/enroll")
			if kind == release.Deb {
				tool(t, "dpkg-deb", "--extract", after, unpacked)
				if was, is := tool(t, "dpkg-deb", "--field", before), tool(t, "dpkg-deb", "--field", after); was != is {
					t.Errorf("it says of itself %s", is)
				}
			} else {
				tool(t, "tar", "--extract", "--gzip", "--file", after, "--directory", unpacked)
				place = filepath.Join(unpacked, "dayline-agent-1.2.3-linux-amd64/enroll")
			}
			if held, err := os.ReadFile(place); err != nil || string(held) != text+"\n" {
				t.Errorf("%s: it holds %q, %v", kind, held, err)
			}
		}
	}
}

// rpm checks what is handed out as it checks what was released: they are the same.
func TestAnRPMStaysAsItIs(t *testing.T) {
	whole := builtFor(t, release.RPM, []byte("program"))
	out, carrier := handedOut(t, release.RPM, whole, "dl1a")
	folder := t.TempDir()
	path := filepath.Join(folder, "it.tar")
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
	if said := tool(t, "tar", "--extract", "--verbose", "--file", path, "--directory", folder); carrier != Beside || said != "dayline-agent/\ndayline-agent/install.sh\ndayline-agent/enroll\ndayline-agent/dayline-agent.rpm\n" {
		t.Errorf("carried %s: %s", carrier, said)
	}
	if held, err := os.ReadFile(filepath.Join(folder, rpmFile)); err != nil || !bytes.Equal(held, whole) {
		t.Errorf("another package: %v", err)
	}
	if held, err := os.ReadFile(filepath.Join(folder, rpmFolder, enrollFile)); err != nil || string(held) != "dl1a\n" {
		t.Errorf("it holds %q, %v", held, err)
	}
	tool(t, "rpm", "--checksig", filepath.Join(folder, rpmFile))
	tool(t, "sh", "-n", filepath.Join(folder, rpmFolder, "install.sh"))
}

// A package that somebody signed, or packed anew, goes out as it is.
func TestWhatIsSealedIsLeftAlone(t *testing.T) {
	deb, archive := builtFor(t, release.Deb, []byte("program")), builtFor(t, release.Tar, []byte("program"))
	signature := "_gpgorigin      1772366400  0     0     100644  4         `\nsign"
	cut := int(tail.Size())
	other, err := tail.With("x", "x", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		kind  string
		whole []byte
	}{
		"signed":                {release.Deb, append(bytes.Clone(deb), signature...)},
		"of another compressor": {release.Deb, bytes.Replace(deb, []byte("data.tar.gz "), []byte("data.tar.xz "), 1)},
		"ends otherwise":        {release.Tar, append(archive[:len(archive)-cut:len(archive)-cut], other...)},
	} {
		out, carrier := handedOut(t, c.kind, c.whole, "dl1a")
		if carrier != None || !bytes.Equal(out, c.whole) {
			t.Errorf("%s: carried %s", name, carrier)
		}
	}
}

// Whatever is given for a package is refused or handed out, and never more than that.
func TestWhatIsNoPackageIsRefused(t *testing.T) {
	for _, kind := range []string{release.Deb, release.RPM, release.Tar} {
		whole := builtFor(t, kind, []byte("program"))
		for _, part := range [][]byte{nil, whole[:3], []byte("!<arch>\n"), bytes.Repeat([]byte("!<arch>\n"), 999), append([]byte("x"), whole...)} {
			if _, err := Open(kind, bytes.NewReader(part), int64(len(part))); err == nil {
				t.Errorf("%s: %.20q was taken", kind, part)
			}
		}
		for at := 0; at < min(len(whole), 300); at++ {
			for _, wrong := range []byte{0, '-', '9', 0xff} {
				spoilt := bytes.Clone(whole)
				spoilt[at] = wrong
				p, err := Open(kind, bytes.NewReader(spoilt), int64(len(spoilt)))
				if err != nil {
					continue
				}
				s, err := p.With("dl1a")
				if err != nil {
					t.Fatalf("%s with %x at %d: %v", kind, wrong, at, err)
				}
				if n, err := io.Copy(io.Discard, s); err != nil || n != s.Size() {
					t.Errorf("%s with %x at %d: %d bytes of %d: %v", kind, wrong, at, n, s.Size(), err)
				}
			}
		}
	}
}

func BenchmarkStampDeb(b *testing.B) {
	whole := builtFor(b, release.Deb, bytes.Repeat([]byte("program"), 1<<20))
	p, err := Open(release.Deb, bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.With(strings.Repeat("dl1", 100)); err != nil {
			b.Fatal(err)
		}
	}
}
