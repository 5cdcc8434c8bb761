package stamp

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"github.com/dayline-project/dayline/installer/authenticode"
	"github.com/dayline-project/dayline/installer/exe"
	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/installer/msi"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// builtMSI is a package whose executable is no program.
func builtMSI(t *testing.T) []byte {
	t.Helper()
	version, err := release.ParseVersion("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	agent := exe.Agent{Version: version, Built: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Arch: "amd64"}
	whole, err := msi.Package{Agent: agent, Executable: []byte("one")}.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// text gives an enrolment string with so many addresses, of 100 letters each.
func text(addresses int) string {
	host := strings.Repeat("a", 50) + strings.Repeat("b", 45)
	return token.Token{Addresses: strings.Fields(strings.Repeat(host+":8443 ", addresses)), Trust: token.TrustPin, Pin: [32]byte{1}, Secret: token.NewSecret()}.Encode()
}

func TestAnMSINobodySignedCarriesTheString(t *testing.T) {
	whole := builtMSI(t)
	for _, text := range []string{text(1), text(3)} {
		out, carrier := handedOut(t, release.MSI, whole, text)
		if found, err := token.FindStamp(bytes.NewReader(out)); carrier != Inside || err != nil || found != text {
			t.Errorf("%s: found %q, %v", carrier, found, err)
		}
		if len(out) != len(whole) {
			t.Errorf("%d bytes became %d", len(whole), len(out))
		}
		if again, _ := handedOut(t, release.MSI, out, ""); !bytes.Equal(again, whole) {
			t.Error("without the string again it is another package")
		}
		path := filepath.Join(t.TempDir(), "stamped.msi")
		if err := os.WriteFile(path, out, 0o600); err != nil {
			t.Fatal(err)
		}
		if told, err := exec.Command("msiinfo", "export", path, "Property").Output(); err != nil || !strings.Contains(string(told), "ProductVersion\t1.2.3") {
			t.Errorf("%v: %s", err, told)
		}
	}
}

func TestASignedMSIStaysSigned(t *testing.T) {
	folder := t.TempDir()
	signer := authenticode.Signer{File: filepath.Join(folder, "signer.p12"), Password: "correct horse"}
	p12, err := macho.NewCertificate("Example Ltd", signer.Password, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, certificate, err := pkcs12.Decode(p12, signer.Password)
	if err != nil {
		t.Fatal(err)
	}
	authority, path := filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "stamped.msi")
	write := func(path string, content []byte) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(signer.File, p12)
	write(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
	for want, sign := range map[Carrier]func() ([]byte, error){
		Inside: func() ([]byte, error) { return signer.SignReserving(t.Context(), builtMSI(t)) },
		None:   func() ([]byte, error) { return signer.Sign(t.Context(), builtMSI(t)) },
	} {
		whole, err := sign()
		if err != nil {
			t.Fatal(err)
		}
		text := text(3)
		out, carrier := handedOut(t, release.MSI, whole, text)
		if found, _ := token.FindStamp(bytes.NewReader(out)); carrier != want || (found == text) != (want == Inside) || bytes.Equal(out, whole) != (want == None) {
			t.Errorf("%s, not %s; found %q", carrier, want, found)
		}
		write(path, out)
		if said, err := exec.Command("osslsigncode", "verify", "-CAfile", authority, "-in", path).CombinedOutput(); err != nil || !strings.Contains(string(said), "Signature verification: ok") {
			t.Errorf("%s: %v: %s", want, err, said)
		}
	}
}

func TestAnMSIThatTakesNoStringIsTold(t *testing.T) {
	whole := builtMSI(t)
	p, err := Open(release.MSI, bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.With(strings.Repeat("a", token.ReservedBytes+1)); err == nil || !strings.Contains(err.Error(), "room for 2048") {
		t.Errorf("a string that is too long: %v", err)
	}
	other := bytes.Replace(whole, []byte("---BEGIN_DAYLINE"), []byte("---BEGIN_ANOTHER"), 1)
	if p, err := Open(release.MSI, bytes.NewReader(other), int64(len(other))); err != nil || p.Carrier() != None {
		t.Errorf("another's package: %v, %v", p, err)
	}
	for name, content := range map[string]string{"nothing": "", "short": "\xd0\xcf", "a program": "MZ" + strings.Repeat("\x00", 4096)} {
		if _, err := Open(release.MSI, strings.NewReader(content), int64(len(content))); err == nil || !strings.Contains(err.Error(), "no package of Windows Installer") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
