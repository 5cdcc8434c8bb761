//go:build linux

package codesign

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/shared/codesign/codesigntest"
)

// What Go's linker signs by itself, which shares no code with us, is read and found right.
func TestTheLinkersSignature(t *testing.T) {
	codes, err := Read(codesigntest.Program(t, "arm64"))
	if err != nil || len(codes) != 1 {
		t.Fatal(codes, err)
	}
	s := codes[0].Signature
	if codes[0].CPU != ARM64 || s == nil || s.Identifier != "a.out" || s.Flags != AdHoc|LinkerSigned || s.Requirement != nil {
		t.Errorf("%+v", s)
	}
	id, err := Check(codesigntest.Program(t, "arm64"), nil, nil)
	if err != nil || !id.AdHoc || id.Signer != nil || !strings.HasPrefix(id.Requirement, `cdhash H"`) {
		t.Errorf("%+v, %v", id, err)
	}
	codes, err = Read(codesigntest.Program(t, "amd64"))
	if err != nil || codes[0].CPU != X8664 || codes[0].Signature != nil {
		t.Fatal(codes, err)
	}
	if _, err := Check(codesigntest.Program(t, "amd64"), nil, nil); err == nil {
		t.Error("what is not signed is found right")
	}
}

const id = "org.dayline.agent"

func TestWhatAnotherSignerSigned(t *testing.T) {
	information, resources := []byte("information"), []byte("resources")
	file := universal(signed(t, tiny(X8664), id, information, resources), signed(t, tiny(ARM64), id, information, resources))
	got, err := Check(file, information, resources)
	wanted := fmt.Sprintf(`identifier "org.dayline.agent" and certificate leaf = H"%x"`, sha1.Sum(signer(t).Leaf.Raw))
	if err != nil || got.Identifier != id || got.AdHoc || got.Team != "" || got.Requirement != wanted || !got.Signer.Equal(signer(t).Leaf) {
		t.Errorf("%+v, %v", got, err)
	}
	for wanted, check := range map[string]func() error{
		"Info.plist is not":                func() error { _, err := Check(file, []byte("informatioN"), resources); return err },
		"CodeResources is not":             func() error { _, err := Check(file, information, []byte("more")); return err },
		"CodeResources is signed and miss": func() error { _, err := Check(file, information, nil); return err },
	} {
		if err := check(); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%q: %v", wanted, err)
		}
	}
	other := universal(signed(t, tiny(X8664), id, information, resources), signed(t, tiny(ARM64), "org.example", information, resources))
	if _, err := Check(other, information, resources); err == nil || !strings.Contains(err.Error(), "another identity") {
		t.Error(err)
	}
	if _, err := Read(universal(tiny(ARM64), tiny(ARM64))); err == nil {
		t.Error("two programs for one processor are taken")
	}
}

// No byte of a file can be changed, nor can it be cut or continued, without it being found.
func TestAByteChangedIsFound(t *testing.T) {
	information := []byte("information")
	file := universal(signed(t, tiny(X8664), id, information, nil), signed(t, tiny(ARM64), id, information, nil))
	if _, err := Check(file, information, nil); err != nil {
		t.Fatal(err)
	}
	for i := range file {
		// Empty space between the slices and within the signatures is looked at here and there.
		if file[i] == 0 && i%61 != 0 && i > 12 && file[i-1] == 0 {
			continue
		}
		bit := byte(1) << (i % 8)
		file[i] ^= bit
		if _, err := Check(file, information, nil); err == nil {
			t.Errorf("byte %#x of %#x is %#x, not %#x", i, len(file), file[i], file[i]^bit)
		}
		file[i] ^= bit
	}
	for _, other := range [][]byte{file[:len(file)-1], append(bytes.Clone(file), 0), nil} {
		if _, err := Check(other, information, nil); err == nil {
			t.Errorf("%d of %d bytes are found right", len(other), len(file))
		}
	}
}

// Nobody signs an ad hoc code directory, so that what it says has to be looked at itself.
func TestACodeDirectoryThatLies(t *testing.T) {
	good := codesigntest.Program(t, "arm64")
	at := bytes.LastIndex(good, words(magicDirectory))
	for wanted, change := range map[string]func(directory []byte){
		"no signer and is not ad hoc": func(d []byte) { be.PutUint32(d[12:], 0) },
		"another __TEXT":              func(d []byte) { be.PutUint64(d[72:], 4096) },
		"bytes are signed of":         func(d []byte) { be.PutUint32(d[32:], be.Uint32(d[32:])-1) },
		"not one hash for each page":  func(d []byte) { be.PutUint32(d[28:], 1) },
		"not SHA-256":                 func(d []byte) { d[37] = 1 },
		"page 0 was changed":          func(d []byte) { d[be.Uint32(d[16:])] ^= 1 },
		"ends in its hashes":          func(d []byte) { be.PutUint32(d[16:], be.Uint32(d[4:])) },
		"a name lies outside":         func(d []byte) { be.PutUint32(d[20:], 1<<31) },
		"scattered code is not known": func(d []byte) { be.PutUint32(d[44:], 1) },
	} {
		bad := bytes.Clone(good)
		change(bad[at:])
		if _, err := Check(bad, nil, nil); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%q: %v", wanted, err)
		}
	}
	own := Own(id, signer(t).Leaf)
	for wanted, file := range map[string][]byte{
		"not meet its own requirement": said(t, tiny(ARM64), id, Own("org.example", signer(t).Leaf), 0, nil, nil),
		"meet its own requirement":     said(t, tiny(ARM64), id, DeveloperID(id, "AB12CD34EF"), 0, nil, nil),
		"ad hoc and has a signer":      said(t, tiny(ARM64), id, own, AdHoc, nil, nil),
	} {
		if _, err := Check(file, nil, nil); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%q: %v", wanted, err)
		}
	}
}

// Where a team is managed, what it runs in the background is: nobody may call themselves one.
func TestATeamThatIsNotTheSigners(t *testing.T) {
	codes, err := Read(signed(t, tiny(ARM64), id, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	adHoc, err := Read(codesigntest.Program(t, "arm64"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Code{codes[0], adHoc[0]} {
		c.Signature.Team = "AB12CD34EF"
		if err := c.Check(nil, nil); err == nil || !strings.Contains(err.Error(), "not its signer's") {
			t.Error(err)
		}
	}
}

// A part of the signature in the place of a file beside the program would be compared instead of it.
func TestAPartInTheFilesPlace(t *testing.T) {
	codes, err := Read(codesigntest.Program(t, "arm64"))
	if err != nil {
		t.Fatal(err)
	}
	directory, part := codes[0].Signature.directory.raw, words(magicWrapper, 8)
	for slot, taken := range map[uint32]bool{slotInfoPlist: false, slotResources: false, slotResources + 1: true} {
		raw := words(magicSignature, uint32(28+len(directory)+len(part)), 2, slotDirectory, 28, slot, uint32(28+len(directory)))
		if _, err := parseSignature(slices.Concat(raw, directory, part)); (err == nil) != taken {
			t.Errorf("slot %d: %v", slot, err)
		}
	}
}

// Each certificate has to be signed by the one after it.
func TestAnIssuerThatIsNone(t *testing.T) {
	codes, err := Read(signed(t, tiny(ARM64), id, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := codes[0].Signature
	s.cms.chain = append(s.cms.chain, &x509.Certificate{PublicKeyAlgorithm: x509.RSA, PublicKey: key.Public()})
	if err := s.cms.check(s.directory.raw); err == nil || !strings.Contains(err.Error(), "certificate 0 is not its issuer's") {
		t.Error(err)
	}
}

// codesign writes a CMS signature in BER, of lengths that are not told beforehand.
func TestIndefiniteLengths(t *testing.T) {
	codes, err := Read(signed(t, tiny(ARM64), id, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	der := codes[0].Signature.blobs[slotCMS][8:]
	var outer asn1.RawValue
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		t.Fatal(err)
	}
	ber := slices.Concat([]byte{der[0], 0x80}, outer.Bytes, []byte{0, 0})
	s, err := parseCMS(ber)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.check(codes[0].Signature.directory.raw); err != nil {
		t.Error(err)
	}
	for _, bad := range [][]byte{ber[:len(ber)-2], ber[:1], {0x30, 0x80}, {0x04, 0x80, 0, 0}, bytes.Repeat([]byte{0x30, 0x80}, 100)} {
		if _, err := parseCMS(bad); err == nil {
			t.Errorf("%.20x is taken", bad)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(signed(f, tiny(ARM64), id, nil, nil))
	f.Add(universal(signed(f, tiny(X8664), id, nil, nil), tiny(ARM64)))
	f.Fuzz(func(t *testing.T, file []byte) {
		_, _ = Check(file, nil, nil)
	})
}

// A signature of whatever bytes, under a program that says it is there.
func FuzzSignature(f *testing.F) {
	f.Add(signed(f, tiny(ARM64), id, nil, nil)[8192:])
	f.Fuzz(func(t *testing.T, raw []byte) {
		if s, err := parseSignature(raw); err == nil {
			c := Code{CPU: ARM64, Signature: s, image: append(make([]byte, 8192), raw...), signedTo: 8192}
			_ = c.Check([]byte("information"), nil)
		}
	})
}
