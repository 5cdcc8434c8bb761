package release

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/dayline-project/dayline/shared/token"
)

// SignatureEnding is what a file's name is followed by in that of its signatures: release.json.sig.
const SignatureEnding = ".sig"

// Bounds of a file of signatures. A release may be signed by keys of several versions of the trusted ones.
const (
	MaxSignatures     = 8
	MaxSignatureBytes = 8 << 10
)

// Signature is one key's of a file.
type Signature struct {
	// Key is its KeyID.
	Key string `json:"key"`
	// Signature has 64 bytes; base64 in the file.
	Signature []byte `json:"signature"`
}

// Signatures are those of one file, kept beside it. One by a trusted key is enough.
type Signatures []Signature

// KeyID names a public key: the first 8 bytes of its SHA-256 in hexadecimal.
func KeyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}

// ParseSignatures reads a file of signatures. What they are worth, Trusted tells.
func ParseSignatures(text []byte) (Signatures, error) {
	var s Signatures
	if err := decode(text, MaxSignatureBytes, &s); err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	if len(s) == 0 || len(s) > MaxSignatures {
		return nil, fmt.Errorf("signatures: %d; there must be 1 to %d", len(s), MaxSignatures)
	}
	for i, one := range s {
		if !keyID.MatchString(one.Key) {
			return nil, fmt.Errorf("signatures: [%d].key: %.20q names no key: that has 16 hexadecimal digits", i, one.Key)
		}
		if len(one.Signature) != ed25519.SignatureSize {
			return nil, fmt.Errorf("signatures: [%d].signature: it has %d bytes, not %d", i, len(one.Signature), ed25519.SignatureSize)
		}
	}
	return s, nil
}

// With gives the signatures and the key's, in place of one it gave before.
func (s Signatures) With(statement token.Statement, key ed25519.PrivateKey) Signatures {
	id := KeyID(key.Public().(ed25519.PublicKey))
	others := slices.DeleteFunc(slices.Clone(s), func(one Signature) bool { return one.Key == id })
	return append(others, Signature{Key: id, Signature: statement.Sign(key)})
}

// Encode gives the file.
func (s Signatures) Encode() ([]byte, error) { return encode(s) }
