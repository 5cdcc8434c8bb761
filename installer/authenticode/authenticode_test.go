package authenticode_test

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

// signer signs by a certificate that somebody made for themselves; authority is the file of that certificate.
func signer(t *testing.T) (s authenticode.Signer, authority string) {
	t.Helper()
	folder := t.TempDir()
	s = authenticode.Signer{File: filepath.Join(folder, "signer.p12"), Password: "correct horse"}
	whole := must(macho.NewCertificate("Example Ltd", s.Password, time.Now()))(t)
	_, certificate, err := pkcs12.Decode(whole, s.Password)
	if err != nil {
		t.Fatal(err)
	}
	authority = filepath.Join(folder, "certificate.pem")
	for path, content := range map[string][]byte{s.File: whole, authority: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s, authority
}

// verify gives what the tool, which has the last word here, says of a signature.
func verify(t *testing.T, authority string, whole []byte) (said string, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "signed")
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command("osslsigncode", "verify", "-CAfile", authority, "-in", path).CombinedOutput()
	return string(output), err
}

// Program and package verify once they are signed, and what is signed is all of them, save the room for a string.
func TestSignedItVerifies(t *testing.T) {
	t.Parallel()
	s, authority := signer(t)
	p := packed(t)
	p.Executable = must(s.Sign(t.Context(), must(p.Agent.Build(t.Context()))(t)))(t)
	whole := must(s.SignReserving(t.Context(), must(p.Build(t.Context()))(t)))(t)
	for name, signed := range map[string][]byte{"program": p.Executable, "package": whole} {
		if said, err := verify(t, authority, signed); err != nil || !strings.Contains(said, "Signature verification: ok") {
			t.Errorf("%s: %v: %s", name, err, said)
		}
		changed := bytes.Clone(signed)
		changed[len(changed)/2] ^= 1
		if said, err := verify(t, authority, changed); err == nil {
			t.Errorf("%s is taken with a byte changed: %s", name, said)
		}
	}
	for _, room := range must(token.FindReserved(bytes.NewReader(whole)))(t) {
		whole[room.At] = 'd'
		if said, err := verify(t, authority, whole); (err == nil) != room.Signed {
			t.Errorf("room %+v with a string in it: %v: %s", room, err, said)
		}
		whole[room.At] = 0
	}
}

func TestWhatCannotBeSignedIsTold(t *testing.T) {
	s, _ := signer(t)
	program := must(os.ReadFile("/proc/self/exe"))(t)
	wrong, late := s, s
	wrong.Password, late.TimestampURL = "wrong", "http://127.0.0.1:1/"
	for words, sign := range map[string]func() ([]byte, error){
		"Wrong password":              func() ([]byte, error) { return wrong.SignReserving(t.Context(), program) },
		"unsupported input file type": func() ([]byte, error) { return s.Sign(t.Context(), program) },
		"127.0.0.1:1":                 func() ([]byte, error) { return late.Sign(t.Context(), must(packed(t).Build(t.Context()))(t)) },
	} {
		if signed, err := sign(); err == nil || signed != nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), s.Password) {
			t.Errorf("%s: told %v", words, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := s.Sign(t.Context(), program); err == nil || !strings.Contains(err.Error(), "osslsigncode is missing") {
		t.Errorf("told %v", err)
	}
}

// packed is a package whose executable is no program.
func packed(t *testing.T) msi.Package {
	t.Helper()
	agent := exe.Agent{Version: must(release.ParseVersion("1.2.3"))(t), Built: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Arch: "amd64"}
	return msi.Package{Agent: agent, Executable: []byte("one")}
}

func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
