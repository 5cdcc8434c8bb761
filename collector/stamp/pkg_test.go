package stamp

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/binary"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	other "github.com/blacktop/go-macho/pkg/xar"
	"github.com/sassoftware/relic/v7/lib/fruit/xar"

	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/installer/pkg"
	"github.com/dayline-project/dayline/shared/codesign"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// builtPkg is a package of an application that is no program; a signer may be nil.
func builtPkg(t testing.TB, signer *macho.Signer) []byte {
	t.Helper()
	version, err := release.ParseVersion("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	bundle := codesign.Files{"Contents/Info.plist": []byte("information"), "Contents/MacOS/dayline-agent": bytes.Repeat([]byte("program"), 1<<16)}
	whole, err := pkg.Package{Version: version, Built: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Bundle: bundle, Signer: signer}.Build()
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

var packageSigner = sync.OnceValues(func() (*macho.Signer, error) {
	file, err := macho.NewCertificate("Example Ltd", "correct horse", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return nil, err
	}
	return macho.OpenPackageSigner(file, "correct horse")
})

// contents are the package's files, by their paths, after two readers of others' found every checksum right.
func contents(t *testing.T, whole []byte) map[string]string {
	t.Helper()
	if _, err := xar.Open(bytes.NewReader(whole), int64(len(whole))); err != nil {
		t.Fatal(err)
	}
	r, err := other.NewReader(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range r.Files {
		if !f.VerifyChecksum() {
			t.Errorf("%s has another checksum", f.Name)
		}
		content, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		read, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(read)
	}
	return files
}

func TestAPackageForMacsNobodySignedCarriesTheString(t *testing.T) {
	whole := builtPkg(t, nil)
	before := contents(t, whole)
	for _, text := range []string{text(1), text(3)} {
		out, carrier := handedOut(t, release.Pkg, whole, text)
		if found, err := token.FindStamp(bytes.NewReader(out)); carrier != Inside || err != nil || found != text {
			t.Errorf("%s: found %q, %v", carrier, found, err)
		}
		after := contents(t, out)
		scripts, err := gzip.NewReader(strings.NewReader(after["dayline.pkg/Scripts"]))
		if err != nil {
			t.Fatal(err)
		}
		if found, err := token.FindStamp(scripts); err != nil || found != text {
			t.Errorf("among the scripts: %q, %v", found, err)
		}
		if _, err := io.Copy(io.Discard, scripts); err != nil {
			t.Errorf("the scripts: %v", err)
		}
		after["dayline.pkg/Scripts"] = before["dayline.pkg/Scripts"]
		for name, content := range before {
			if after[name] != content {
				t.Errorf("%s is another", name)
			}
		}
		again, _ := handedOut(t, release.Pkg, out, "")
		if cleared := contents(t, again); cleared["dayline.pkg/Scripts"] != before["dayline.pkg/Scripts"] {
			t.Error("without the string again it is another package")
		}
	}
	p, err := Open(release.Pkg, bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.With(strings.Repeat("x", token.ReservedBytes+1)); err == nil || !strings.Contains(err.Error(), "has room for 2048") {
		t.Errorf("a string too long: %v", err)
	}
}

func TestASignedPackageForMacsStaysSigned(t *testing.T) {
	signer, err := packageSigner()
	if err != nil {
		t.Fatal(err)
	}
	whole := builtPkg(t, signer)
	out, carrier := handedOut(t, release.Pkg, whole, text(1))
	if carrier != Name || !bytes.Equal(out, whole) {
		t.Errorf("it carries by %s", carrier)
	}
	x, err := xar.Open(bytes.NewReader(out), int64(len(out)))
	if err != nil {
		t.Fatal(err)
	}
	if signature, err := x.Verify(false); err != nil || !signature.Signature.Certificate.Equal(signer.Chain()[0]) {
		t.Errorf("%v", err)
	}
}

// Whatever is damaged is refused with words, or carries by its name, and nothing crashes.
func TestADamagedPackageForMacs(t *testing.T) {
	whole := builtPkg(t, nil)
	open := func(content []byte) (Carrier, error) {
		p, err := Open(release.Pkg, bytes.NewReader(content), int64(len(content)))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "stamp: pkg: ") {
				t.Error(err)
			}
			return "", err
		}
		if s, err := p.With(text(1)); err != nil {
			t.Error(err)
		} else if _, err := io.Copy(io.Discard, s); err != nil && p.Carrier() == Inside {
			t.Error(err)
		}
		return p.Carrier(), nil
	}
	const header = 28
	heap := header + int(binary.BigEndian.Uint64(whole[8:]))
	for _, end := range []int{0, 1, 27, 28, 40, heap - 1, heap, len(whole) / 2} {
		if _, err := open(whole[:end]); err == nil {
			t.Errorf("%d bytes of it are taken", end)
		}
	}
	for at := range heap + sha1.Size {
		changed := bytes.Clone(whole)
		changed[at] ^= 0x40
		// The format's version, the table's size when it is unpacked and which checksum it has are told twice.
		if carrier, err := open(changed); err == nil && (at < 6 || at >= 8 && at < 16 || at >= header) {
			t.Errorf("with byte %d changed it carries %s", at, carrier)
		}
	}
	scripts := bytes.Index(whole, []byte("070707"))
	changed := bytes.Clone(whole)
	changed[scripts+200] ^= 1
	if _, err := open(changed); err == nil || !strings.Contains(err.Error(), "Scripts in it: its checksum is another") {
		t.Errorf("%v", err)
	}
}

func BenchmarkStampPkg(b *testing.B) {
	whole := builtPkg(b, nil)
	p, err := Open(release.Pkg, bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		b.Fatal(err)
	}
	text := text(1)
	for b.Loop() {
		if _, err := p.With(text); err != nil {
			b.Fatal(err)
		}
	}
}
