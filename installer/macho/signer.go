package macho

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // what packages for Macs have
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"howett.net/plist"
	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"github.com/dayline-project/dayline/shared/codesign"
)

// Signer signs programs, or packages, with a certificate: one that somebody made for themselves, or Apple's Developer ID.
type Signer struct {
	key *rsa.PrivateKey
	// chain begins with the signer's certificate.
	chain []*x509.Certificate
}

// developerIDInstaller is what Apple marks certificates with that sign packages: the practice statement of codesign's marks.
var developerIDInstaller = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 1, 14}

// OpenSigner opens a PKCS#12 file that holds a certificate, its key and, of a Developer ID, Apple's certificate for it.
func OpenSigner(file []byte, password string) (*Signer, error) {
	s, err := open(file, password)
	if err != nil {
		return nil, err
	}
	for _, use := range s.chain[0].ExtKeyUsage {
		if use == x509.ExtKeyUsageCodeSigning {
			return s, s.checkIssuer(codesign.DeveloperIDLeaf, "Developer ID Application is for this")
		}
	}
	return nil, errors.New("macho: signer: its certificate is not for signing code")
}

// OpenPackageSigner opens one whose certificate signs packages: of Apple's, a Developer ID Installer.
func OpenPackageSigner(file []byte, password string) (*Signer, error) {
	s, err := open(file, password)
	if err != nil {
		return nil, err
	}
	return s, s.checkIssuer(developerIDInstaller, "Developer ID Installer is for packages")
}

func open(file []byte, password string) (*Signer, error) {
	key, certificate, issuers, err := pkcs12.DecodeChain(file, password)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return nil, errors.New("macho: signer: the password is not right")
	}
	if err != nil {
		return nil, fmt.Errorf("macho: signer: the file is no PKCS#12 that can be read: %w", err)
	}
	s := &Signer{chain: append([]*x509.Certificate{certificate}, issuers...)}
	var ok bool
	if s.key, ok = key.(*rsa.PrivateKey); !ok {
		return nil, errors.New("macho: signer: its key is not RSA")
	}
	if !s.key.PublicKey.Equal(certificate.PublicKey) {
		return nil, errors.New("macho: signer: its key is another certificate's")
	}
	return s, nil
}

// checkIssuer refuses those of Apple's certificates that have another mark than nothing distributed is signed without.
func (s *Signer) checkIssuer(mark asn1.ObjectIdentifier, only string) error {
	leaf := s.chain[0]
	if !codesign.Marked(leaf, mark) {
		for _, e := range leaf.Extensions {
			if len(e.Id) == 8 && e.Id[:7].Equal(codesign.DeveloperIDLeaf[:7]) {
				return errors.New("macho: signer: of Apple's certificates only " + only)
			}
		}
		return nil
	}
	if s.team() == "" {
		return errors.New("macho: signer: its certificate names no team")
	}
	for _, c := range s.chain[1:] {
		if codesign.Marked(c, codesign.DeveloperIDCA) && c.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil {
			return nil
		}
	}
	return errors.New("macho: signer: Apple's Developer ID certificate that issued it is not in the file: export it with its chain")
}

func (s *Signer) developerID() bool {
	return codesign.Marked(s.chain[0], codesign.DeveloperIDLeaf)
}

// Team is Apple's ten characters of a Developer ID, empty for any other.
func (s *Signer) Team() string {
	if s.developerID() {
		return s.team()
	}
	return ""
}

func (s *Signer) team() string {
	if units := s.chain[0].Subject.OrganizationalUnit; len(units) == 1 {
		return units[0]
	}
	return ""
}

// Chain begins with the signer's certificate.
func (s *Signer) Chain() []*x509.Certificate { return s.chain }

// Requirement is what a Mac will know a program by that this signs.
func (s *Signer) Requirement(identifier string) codesign.Requirement {
	if s.developerID() {
		return codesign.DeveloperID(identifier, s.Team())
	}
	return codesign.Own(identifier, s.chain[0])
}

// Numbers of what a CMS signature of Apple's is made of (RFC 5652; cdhashes: TN3126).
var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidCDHashes      = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 9, 1}
	oidCDHashesDER   = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 9, 2}
	sha256Algorithm  = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, Parameters: asn1.NullRawValue}
	rsaAlgorithm     = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, Parameters: asn1.NullRawValue}
)

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content signedData `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Encapsulated struct{ Type asn1.ObjectIdentifier }
	Certificates asn1.RawValue
	Signers      []signerInfo `asn1:"set"`
}

type signerInfo struct {
	Version int
	Issued  struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	Digest     pkix.AlgorithmIdentifier
	Attributes []attribute `asn1:"set,tag:0"`
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []any `asn1:"set"`
}

// sign gives the CMS signature over a code directory, which it does not hold.
func (s *Signer) sign(directory []byte, at time.Time) ([]byte, error) {
	digest := sha256.Sum256(directory)
	list, err := plist.MarshalIndent(map[string]any{"cdhashes": [][]byte{digest[:20]}}, plist.XMLFormat, "\t")
	if err != nil {
		return nil, err
	}
	return s.message(digest, at, attribute{oidCDHashes, []any{list}}, attribute{oidCDHashesDER, []any{struct {
		Algorithm asn1.ObjectIdentifier
		Digest    []byte
	}{sha256Algorithm.Algorithm, digest[:]}}})
}

// SignMessage gives the CMS signature over a content that it does not hold: RFC 5652, detached.
func (s *Signer) SignMessage(content []byte, at time.Time) ([]byte, error) {
	return s.message(sha256.Sum256(content), at)
}

// SignSHA1 gives the plain signature of a SHA-1, as RSA's PKCS #1 v1.5 has it.
func (s *Signer) SignSHA1(hash [sha1.Size]byte) ([]byte, error) {
	return rsa.SignPKCS1v15(nil, s.key, crypto.SHA1, hash[:])
}

// message is the CMS signature over what has this SHA-256. RSA's of PKCS #1 v1.5 is the same each time, and the time it
// tells is an argument, though none before the certificate's.
func (s *Signer) message(digest [sha256.Size]byte, at time.Time, more ...attribute) ([]byte, error) {
	leaf := s.chain[0]
	if at.After(leaf.NotAfter) {
		return nil, fmt.Errorf("the certificate ended on %s", leaf.NotAfter.Format(time.DateOnly))
	}
	if at.Before(leaf.NotBefore) {
		at = leaf.NotBefore
	}
	one := signerInfo{Version: 1, Digest: sha256Algorithm, Algorithm: rsaAlgorithm, Attributes: append([]attribute{
		{oidContentType, []any{oidData}},
		{oidSigningTime, []any{at.UTC()}},
		{oidMessageDigest, []any{digest[:]}},
	}, more...)}
	one.Issued.Issuer.FullBytes, one.Issued.Serial = leaf.RawIssuer, leaf.SerialNumber
	signed, err := asn1.MarshalWithParams(one.Attributes, "set")
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(signed)
	if one.Signature, err = rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, hash[:]); err != nil {
		return nil, err
	}
	content := signedData{Version: 1, Digests: []pkix.AlgorithmIdentifier{sha256Algorithm}, Signers: []signerInfo{one},
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true}}
	content.Encapsulated.Type = oidData
	for _, c := range s.chain {
		content.Certificates.Bytes = append(content.Certificates.Bytes, c.Raw...)
	}
	return asn1.Marshal(contentInfo{oidSignedData, content})
}

// How long a certificate made here lasts. With another one, every Mac's owner has to give the permissions again.
const lifetimeYears = 15

// codeSigningAlone is the extended key usage marked critical, as macOS makes such certificates; crypto/x509 would not mark it.
var codeSigningAlone = pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true,
	Value: []byte("\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x03")}

// NewCertificate makes a key and a certificate that signs itself, as the PKCS#12 file that OpenSigner opens.
func NewCertificate(name, password string, from time.Time) ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		return nil, err
	}
	serial := make([]byte, 16)
	rand.Read(serial) // never fails
	form := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[1:]), Subject: pkix.Name{CommonName: name},
		NotBefore: from.UTC().Truncate(time.Second), NotAfter: from.UTC().Truncate(time.Second).AddDate(lifetimeYears, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{codeSigningAlone}, BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(signed)
	if err != nil {
		return nil, err
	}
	return pkcs12.Modern.Encode(key, certificate, nil, password)
}
