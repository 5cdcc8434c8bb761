package msi

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What is built here can be signed as Windows asks, and says so when a byte of it is changed.
func TestSignedItVerifies(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	certificate, key := signer(t, folder)
	p := packed(t, "1.2.3", "amd64", "")
	executable, err := p.Agent.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.Executable = executable
	for name, content := range map[string][]byte{"dayline-agent.exe": executable, "dayline-agent.msi": build(t, p)} {
		plain, signed := filepath.Join(folder, name), filepath.Join(folder, "signed-"+name)
		if err := os.WriteFile(plain, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if output, err := exec.Command("osslsigncode", "sign", "-certs", certificate, "-key", key, "-n", "Dayline agent", "-in", plain, "-out", signed).CombinedOutput(); err != nil {
			t.Fatalf("%s: sign: %v: %s", name, err, output)
		}
		verify := func() (string, error) {
			output, err := exec.Command("osslsigncode", "verify", "-CAfile", certificate, "-in", signed).CombinedOutput()
			return string(output), err
		}
		if said, err := verify(); err != nil || !strings.Contains(said, "Signature verification: ok") {
			t.Errorf("%s: %v: %s", name, err, said)
		}
		whole, err := os.ReadFile(signed)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".msi") && !strings.Contains(told(t, whole, "export", "Property"), "ProductVersion\t1.2.3") {
			t.Error("signed it is no package any more")
		}
		whole[len(content)/2] ^= 1
		if err := os.WriteFile(signed, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := verify(); err == nil {
			t.Errorf("%s is taken with a byte changed: %s", name, said)
		}
	}
}

// signer makes a certificate that signs itself and may sign code.
func signer(t *testing.T, folder string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Dayline test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IsCA: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	signed, err := x509.CreateCertificate(rand.Reader, form, form, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("certificate.pem", "CERTIFICATE", signed), write("key.pem", "PRIVATE KEY", sealed)
}
