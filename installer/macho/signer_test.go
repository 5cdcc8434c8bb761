package macho

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"github.com/dayline-project/dayline/shared/codesign"
	"github.com/dayline-project/dayline/shared/codesign/codesigntest"
)

const password = "correct horse"

var (
	ownFile       = sync.OnceValues(func() ([]byte, error) { return NewCertificate("Example Ltd", password, at.AddDate(-1, 0, 0)) })
	developerFile = sync.OnceValues(func() ([]byte, error) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		return developerID(key, true, codesign.DeveloperIDLeaf)
	})
)

func opened(t testing.TB, file func() ([]byte, error)) *Signer {
	t.Helper()
	content, err := file()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := OpenSigner(content, password)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func own(t testing.TB) *Signer { return opened(t, ownFile) }

// developer signs as Apple's developers do, save that another root vouches for it.
func developer(t testing.TB) *Signer { return opened(t, developerFile) }

// developerID is a key with a certificate that is marked as Apple marks those of developers.
func developerID(key crypto.Signer, withIssuer bool, mark asn1.ObjectIdentifier) ([]byte, error) {
	issuerKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	marked := func(oid asn1.ObjectIdentifier) []pkix.Extension {
		return []pkix.Extension{{Id: oid, Critical: true, Value: asn1.NullBytes}}
	}
	issuer := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Developer ID Certification Authority"},
		NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(5, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		ExtraExtensions: marked(codesign.DeveloperIDCA)}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Developer ID Application: Example Ltd", OrganizationalUnit: []string{"AB12CD34EF"}},
		NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(5, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, ExtraExtensions: marked(mark)}
	var made []*x509.Certificate
	for _, c := range []struct {
		form *x509.Certificate
		key  crypto.Signer
	}{{issuer, issuerKey}, {leaf, key}} {
		der, err := x509.CreateCertificate(rand.Reader, c.form, issuer, c.key.Public(), issuerKey)
		if err != nil {
			return nil, err
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		made = append(made, certificate)
	}
	if !withIssuer {
		return pkcs12.Modern.Encode(key, made[1], nil, password)
	}
	return pkcs12.Modern.Encode(key, made[1], made[:1], password)
}

func TestWhatACertificateIsRequiredToBe(t *testing.T) {
	for signer, wanted := range map[*Signer]string{
		own(t):       `identifier "org.dayline.agent" and certificate leaf = H"`,
		developer(t): `anchor apple generic and identifier "org.dayline.agent" and (certificate leaf[field.1.2.840.113635.100.6.1.9] /* exists */ or certificate 1[`,
	} {
		if text, err := signer.Requirement(identifier).Text(); err != nil || !strings.HasPrefix(text, wanted) {
			t.Errorf("%s, %v", text, err)
		}
	}
	if own(t).Team() != "" || developer(t).Team() != "AB12CD34EF" {
		t.Error("the teams are not right")
	}
}

func TestSignersThatAreNone(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	appleDevelopment := asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 1, 12}
	file := func(content []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	for said, c := range map[string]struct {
		file     []byte
		password string
	}{
		"password is not right":    {file(ownFile()), "wrong"},
		"not RSA":                  {file(developerID(elliptical, true, codesign.DeveloperIDLeaf)), password},
		"export it with its chain": {file(developerID(key, false, codesign.DeveloperIDLeaf)), password},
		"only Developer ID":        {file(developerID(key, true, appleDevelopment)), password},
		"not for signing code":     {file(plainCertificate(key)), password},
		"no PKCS#12":               {[]byte("nothing"), password},
	} {
		if _, err := OpenSigner(c.file, c.password); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%q: %v", said, err)
		}
	}
}

// A package has signers of its own, of whom Apple's sign nothing else; each says why it is refused.
func TestSignersOfPackages(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file                   func() ([]byte, error)
		forProgram, forPackage string
	}{
		"own":                     {ownFile, "", ""},
		"plain":                   {func() ([]byte, error) { return plainCertificate(key) }, "not for signing code", ""},
		"Developer ID":            {developerFile, "", "only Developer ID Installer"},
		"Developer ID Installer":  {func() ([]byte, error) { return developerID(key, true, developerIDInstaller) }, "only Developer ID Application", ""},
		"Installer without chain": {func() ([]byte, error) { return developerID(key, false, developerIDInstaller) }, "only Developer ID Application", "export it with its chain"},
	} {
		file, err := c.file()
		if err != nil {
			t.Fatal(err)
		}
		_, program := OpenSigner(file, password)
		_, packet := OpenPackageSigner(file, password)
		for _, refused := range []struct {
			err  error
			want string
		}{{program, c.forProgram}, {packet, c.forPackage}} {
			if (refused.err == nil) != (refused.want == "") || refused.err != nil && !strings.Contains(refused.err.Error(), refused.want) {
				t.Errorf("%s: %v, want %q", name, refused.err, refused.want)
			}
		}
	}
}

func plainCertificate(key *rsa.PrivateKey) ([]byte, error) {
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: at, NotAfter: at.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return pkcs12.Modern.Encode(key, certificate, nil, password)
}

// The certificate outlives the Macs, since each of them forgets the agent's permissions with another one.
func TestACertificateLasts(t *testing.T) {
	leaf := own(t).chain[0]
	if leaf.NotAfter.Sub(leaf.NotBefore) < 15*365*24*time.Hour || leaf.IsCA || leaf.Subject.CommonName != "Example Ltd" {
		t.Errorf("%s to %s, %s", leaf.NotBefore, leaf.NotAfter, leaf.Subject)
	}
	late := seal(t, own(t))
	late.At = at.AddDate(20, 0, 0)
	if _, err := late.Sign(codesigntest.Program(t, "arm64")); err == nil || !strings.Contains(err.Error(), "the certificate ended on 2040-03-01") {
		t.Error(err)
	}
}
