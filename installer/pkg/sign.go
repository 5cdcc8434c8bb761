package pkg

import (
	"crypto/sha1" //nolint:gosec // what Apple's own packages have
	"encoding/base64"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/installer/macho"
)

// signature of the table's checksum, with who made it.
type signature struct {
	place
	Certificates keyInfo `xml:"KeyInfo"`
}

type keyInfo struct {
	Space        string   `xml:"xmlns,attr"`
	Certificates []string `xml:"X509Data>X509Certificate"`
}

// reserve makes room for the two signatures that productsign writes, the plain one for older systems, and the message of
// CMS. How long they are does not depend on what is signed.
func (x *xar) reserve(t *table, signer *macho.Signer, at time.Time) error {
	plain, message, err := signatures([sha1.Size]byte{}, signer, at)
	if err != nil {
		return err
	}
	chain := keyInfo{Space: "http://www.w3.org/2000/09/xmldsig#"}
	for _, certificate := range signer.Chain() {
		chain.Certificates = append(chain.Certificates, lines(base64.StdEncoding.EncodeToString(certificate.Raw)))
	}
	room := func(style string, size int) *signature {
		x.reserved += size
		return &signature{place{style, x.reserved - size, size}, chain}
	}
	t.Signature, t.Message = room("RSA", len(plain)), room("CMS", len(message))
	return nil
}

// lines breaks base64 as libxar does, which reads no longer ones.
func lines(text string) (broken string) {
	for ; len(text) > 72; text = text[72:] {
		broken += text[:72] + "\n"
	}
	return broken + text
}

// sign gives what begins the heap: the table's checksum and its signatures.
func sign(checksum [sha1.Size]byte, signer *macho.Signer, at time.Time) ([]byte, error) {
	plain, message, err := signatures(checksum, signer, at)
	return append(append(checksum[:], plain...), message...), err
}

func signatures(checksum [sha1.Size]byte, signer *macho.Signer, at time.Time) (plain, message []byte, err error) {
	if plain, err = signer.SignSHA1(checksum); err == nil {
		message, err = signer.SignMessage(checksum[:], at)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("xar: sign: %w", err)
	}
	return plain, message, nil
}
