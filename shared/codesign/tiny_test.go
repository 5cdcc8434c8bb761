//go:build linux

// relic, which signs for these tests, does not build everywhere.

package codesign

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sassoftware/relic/v7/lib/certloader"
	"github.com/sassoftware/relic/v7/lib/fruit/csblob"
	"github.com/sassoftware/relic/v7/lib/fruit/machos"
)

// tiny is the least Mach-O that can be signed: two pages of __TEXT and an empty __LINKEDIT.
func tiny(cpu CPU) []byte {
	image := make([]byte, 8192)
	for i := range image[4096:] {
		image[4096+i] = byte(i)
	}
	for i, v := range []uint32{magic64, uint32(cpu), 0, 2, 2, 144, 0, 0} {
		le.PutUint32(image[4*i:], v)
	}
	for i, s := range []struct {
		name         string
		offset, size uint64
	}{{"__TEXT", 0, 8192}, {"__LINKEDIT", 8192, 0}} {
		command := image[headerSize+72*i:]
		le.PutUint32(command, segment64)
		le.PutUint32(command[4:], 72)
		copy(command[8:24], s.name)
		le.PutUint64(command[40:], s.offset)
		le.PutUint64(command[48:], s.size)
	}
	return image
}

// owner is a key with a certificate that signs itself.
var owner = sync.OnceValues(func() (*certloader.Certificate, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Dayline test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(15, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &certloader.Certificate{Leaf: leaf, Certificates: []*x509.Certificate{leaf}, PrivateKey: key}, err
})

func signer(t testing.TB) *certloader.Certificate {
	t.Helper()
	certificate, err := owner()
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// signed is a program as relic, which shares no code with us, signs it.
func signed(t testing.TB, image []byte, identifier string, infoPlist, resources []byte) []byte {
	t.Helper()
	return said(t, image, identifier, Own(identifier, signer(t).Leaf), 0, infoPlist, resources)
}

// said is one whose signature says anything.
func said(t testing.TB, image []byte, identifier string, requirement Requirement, flags Flags, infoPlist, resources []byte) []byte {
	t.Helper()
	params := &csblob.SignatureParams{HashFunc: crypto.SHA256, SigningIdentity: identifier, InfoPlist: infoPlist, Resources: resources,
		Requirements: requirement, Flags: csblob.SignatureFlags(flags), ExecSegmentLimit: 8192, ExecSegmentFlags: mainBinary}
	patches, _, err := machos.Sign(t.Context(), bytes.NewReader(image), signer(t), params)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := patches.Apply(file, path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// universal joins two programs, each on a page of its own.
func universal(thin ...[]byte) []byte {
	file := words(magicFat, uint32(len(thin)))
	at := 16384
	for _, image := range thin {
		file = append(file, words(le.Uint32(image[4:]), le.Uint32(image[8:]), uint32(at), uint32(len(image)), 14)...)
		at = (at + len(image) + 16383) &^ 16383
	}
	for _, image := range thin {
		file = append(file, make([]byte, -len(file)&16383)...)
		file = append(file, image...)
	}
	return file
}
