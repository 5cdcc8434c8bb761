package codesign

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// signedData is a CMS signature of one signer over a code directory that it does not hold (RFC 5652, 5).
type signedData struct {
	chain  []*x509.Certificate
	signer signerInfo
}

type contentInfo struct {
	Type asn1.ObjectIdentifier
	// Content has a tag around it, whose length encoding/asn1 would not look at.
	Content asn1.RawValue `asn1:"tag:0"`
}

type signedDataForm struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Encapsulated struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"optional,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version int
	Issued  struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
	// Unsigned is where a time stamp stands.
	Unsigned asn1.RawValue `asn1:"optional,tag:1"`
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidRSAWithSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
)

// parseCMS takes it apart; codesign writes BER of indefinite lengths.
func parseCMS(ber []byte) (*signedData, error) {
	der, rest, err := definite(ber, 0)
	if err != nil || !zero(rest) {
		return nil, errors.New("no CMS signature")
	}
	var form contentInfo
	if rest, err := asn1.Unmarshal(der, &form); err != nil || len(rest) > 0 || !form.Type.Equal(oidSignedData) {
		return nil, errors.New("no CMS signature")
	}
	var content signedDataForm
	if rest, err := asn1.Unmarshal(form.Content.Bytes, &content); err != nil || len(rest) > 0 || !form.Content.IsCompound {
		return nil, errors.New("no CMS signature")
	}
	if content.Version != 1 || len(content.Signers) != 1 || content.Signers[0].Version != 1 || !content.Encapsulated.Type.Equal(oidData) || len(content.Encapsulated.Content.FullBytes) > 0 {
		return nil, errors.New("a CMS signature of a kind unknown here")
	}
	if len(content.Digests) != 1 || !plain(content.Digests[0], oidSHA256) || !plain(content.Signers[0].Digest, oidSHA256) {
		return nil, errors.New("its digest is not SHA-256")
	}
	if !content.Certificates.IsCompound || !content.Signers[0].Attributes.IsCompound {
		return nil, errors.New("bad certificates or attributes")
	}
	certificates, err := x509.ParseCertificates(content.Certificates.Bytes)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	s := &signedData{signer: content.Signers[0]}
	s.chain, err = chained(certificates, s.signer)
	return s, err
}

// chained puts the signer's certificate first and each one's issuer after it.
func chained(certificates []*x509.Certificate, signer signerInfo) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for _, c := range certificates {
		if bytes.Equal(c.RawIssuer, signer.Issued.Issuer.FullBytes) && c.SerialNumber.Cmp(signer.Issued.Serial) == 0 {
			chain = []*x509.Certificate{c}
		}
	}
	if chain == nil {
		return nil, errors.New("its certificate is missing")
	}
	for len(chain) < len(certificates) {
		last, next := chain[len(chain)-1], -1
		for i, c := range certificates {
			if bytes.Equal(c.RawSubject, last.RawIssuer) && !bytes.Equal(c.Raw, last.Raw) {
				next = i
			}
		}
		if next < 0 {
			return nil, errors.New("it holds certificates that have nothing to do with it")
		}
		chain = append(chain, certificates[next])
	}
	return chain, nil
}

// plain tells whether it is this algorithm, without parameters.
func plain(a pkix.AlgorithmIdentifier, oid asn1.ObjectIdentifier) bool {
	return a.Algorithm.Equal(oid) && (len(a.Parameters.FullBytes) == 0 || bytes.Equal(a.Parameters.FullBytes, asn1.NullBytes))
}

// check verifies the signature over a code directory, and each certificate by the next.
func (s *signedData) check(signed []byte) error {
	if err := s.checkAttributes(signed); err != nil {
		return err
	}
	if !plain(s.signer.Algorithm, oidRSA) && !plain(s.signer.Algorithm, oidRSAWithSHA256) {
		return errors.New("it is not signed with RSA")
	}
	// What is signed is a SET, though it stands there under a tag of its place (RFC 5652, 5.4).
	attributes := append([]byte{asn1.TagSet | 0x20}, s.signer.Attributes.FullBytes[1:]...)
	if err := s.chain[0].CheckSignature(x509.SHA256WithRSA, attributes, s.signer.Signature); err != nil {
		return errors.New("the signature is not its certificate's")
	}
	for i, c := range s.chain {
		issuer := c
		if i+1 < len(s.chain) {
			issuer = s.chain[i+1]
		} else if !bytes.Equal(c.RawIssuer, c.RawSubject) {
			break
		}
		if issuer.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
			return fmt.Errorf("certificate %d is not its issuer's", i)
		}
	}
	return nil
}

// checkAttributes finds the hash of what is signed among the attributes.
func (s *signedData) checkAttributes(signed []byte) error {
	digest := sha256.Sum256(signed)
	found := false
	for rest := s.signer.Attributes.Bytes; len(rest) > 0; {
		var a attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil || len(a.Values) == 0 {
			return errors.New("bad attributes")
		}
		if a.Type.Equal(oidMessageDigest) {
			if !bytes.Equal(a.Values[0].Bytes, digest[:]) {
				return errors.New("it signs another code directory")
			}
			found = true
		}
	}
	if !found {
		return errors.New("it does not say what it signs")
	}
	return nil
}

const deepestCMS = 32

// definite gives the first element of BER with definite lengths, and what follows it.
func definite(ber []byte, depth int) (der, rest []byte, err error) {
	errBad := errors.New("bad BER")
	if len(ber) < 2 || depth > deepestCMS || ber[0]&0x1f == 0x1f {
		return nil, nil, errBad
	}
	if ber[1] != 0x80 {
		var element asn1.RawValue
		rest, err := asn1.Unmarshal(ber, &element)
		return element.FullBytes, rest, err
	}
	if ber[0]&0x20 == 0 {
		return nil, nil, errBad
	}
	var content []byte
	for rest = ber[2:]; !bytes.HasPrefix(rest, []byte{0, 0}); {
		var part []byte
		if part, rest, err = definite(rest, depth+1); err != nil {
			return nil, nil, err
		}
		content = append(content, part...)
	}
	der, err = asn1.Marshal(asn1.RawValue{Class: int(ber[0] >> 6), Tag: int(ber[0] & 0x1f), IsCompound: true, Bytes: content})
	return der, rest[2:], err
}
