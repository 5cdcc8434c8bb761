//go:build linux

package codesign

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"

	"github.com/sassoftware/relic/v7/lib/fruit/csblob"
)

// The texts are those of codesign -d -r- on a Mac, which profiles name.
func TestTexts(t *testing.T) {
	apple := DeveloperID(id, "AB12CD34EF")
	for wanted, r := range map[string]Requirement{
		`anchor apple generic and identifier "org.dayline.agent" and (certificate leaf[field.1.2.840.113635.100.6.1.9] /* exists */ or ` +
			`certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */ and certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */ and ` +
			`certificate leaf[subject.OU] = AB12CD34EF)`: apple,
		`certificate leaf[subject.OU] = "1B12CD34EF"`: whole(words(opField, leaf), data(organizationUnit), words(matchEqual), data("1B12CD34EF")),
		`! (never or always)`:                         whole(words(opNot, opOr, opFalse, opTrue)),
		`cdhash H"0102" and anchor apple`:             whole(words(opAnd, opCDHash), data("\x01\x02"), words(opAppleAnchor)),
		`certificate root = H"03"`:                    whole(words(opCertificate, 0xffffffff), data("\x03")),
		`identifier "a\"b\\"`:                         whole(words(opIdentifier), data(`a"b\`)),
		`identifier 0x61c3a9`:                         whole(words(opIdentifier), data("aé")),
	} {
		if got, err := r.Text(); err != nil || got != wanted {
			t.Errorf("%s, %v\nnot %s", got, err, wanted)
		}
	}
	for cut := range apple {
		if text, err := apple[:cut].Text(); err == nil {
			t.Errorf("the first %d bytes are %s", cut, text)
		}
	}
}

// relic, which shares no code with us, reads the same requirements.
func TestAnotherReaderReadsTheRequirement(t *testing.T) {
	for _, r := range []Requirement{Own(id, signer(t).Leaf), DeveloperID(id, "AB12CD34EF")} {
		other := csblob.Requirement{Raw: r[8:]}
		wanted, err := other.Format()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Text(); err != nil || got != wanted {
			t.Errorf("%s, not %s, %v", got, wanted, err)
		}
	}
}

func TestWhoMeetsARequirement(t *testing.T) {
	own := signer(t).Leaf
	developer := func(team string, marks ...asn1.ObjectIdentifier) *x509.Certificate {
		c := &x509.Certificate{Subject: pkix.Name{OrganizationalUnit: []string{team}}}
		for _, m := range marks {
			c.Extensions = append(c.Extensions, pkix.Extension{Id: m})
		}
		return c
	}
	apple := []*x509.Certificate{developer("AB12CD34EF", DeveloperIDLeaf), developer("", DeveloperIDCA)}
	for _, c := range []struct {
		name        string
		requirement Requirement
		identifier  string
		chain       []*x509.Certificate
		met         bool
	}{
		{"own", Own(id, own), id, []*x509.Certificate{own}, true},
		{"other identifier", Own(id, own), "org.example", []*x509.Certificate{own}, false},
		{"other certificate", Own(id, own), id, []*x509.Certificate{developer("")}, false},
		{"no certificate", Own(id, own), id, nil, false},
		{"Developer ID", DeveloperID(id, "AB12CD34EF"), id, apple, true},
		{"another team", DeveloperID(id, "XXXXXXXXXX"), id, apple, false},
		{"no intermediate", DeveloperID(id, "AB12CD34EF"), id, apple[:1], false},
		{"App Store", DeveloperID(id, "AB12CD34EF"), id, []*x509.Certificate{developer("", appStoreLeaf)}, true},
		{"nonsense", Requirement("nonsense"), id, apple, false},
	} {
		if c.requirement.names(c.identifier, c.chain) != c.met {
			t.Errorf("%s: met is not %t", c.name, c.met)
		}
	}
}

func FuzzRequirement(f *testing.F) {
	f.Add([]byte(DeveloperID(id, "AB12CD34EF")))
	f.Add([]byte(Own(id, signer(f).Leaf)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if text, err := Requirement(raw).Text(); err == nil && strings.ContainsAny(text, "\n\x00") {
			t.Errorf("%q", text)
		}
		_ = Requirement(raw).names(id, []*x509.Certificate{signer(t).Leaf})
	})
}
