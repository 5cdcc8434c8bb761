package token

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
)

// Statement is a message that is signed: its purpose, then each part, every one preceded by its length in 4 bytes,
// big-endian. The purpose keeps a signature given for one thing from counting for another; the lengths keep two lists
// of parts from reading the same. The statements are those of agent.proto and of releases.
type Statement []byte

// EnrollStatement proves possession of the device key while enrolling: by the new device key. The secret is the one
// of the enrolment string, as it travels.
func EnrollStatement(collector string, nonce []byte, secret string) Statement {
	hash := SecretHash(secret)
	return state("dayline enroll v1", []byte(collector), nonce, hash[:])
}

// SignInStatement is signed by the device key for a session token.
func SignInStatement(collector string, nonce []byte, device string) Statement {
	return state("dayline sign-in v1", []byte(collector), nonce, []byte(device))
}

// RekeyStatement is signed by the old and by the new device key.
func RekeyStatement(collector string, nonce []byte, device string, newPublicKey []byte) Statement {
	return state("dayline rekey v1", []byte(collector), nonce, []byte(device), newPublicKey)
}

// CredentialStatement is signed by the collector's device key.
func CredentialStatement(device string, publicKey []byte, issuedMS int64) Statement {
	return state("dayline credential v1", []byte(device), publicKey, binary.BigEndian.AppendUint64(nil, uint64(issuedMS)))
}

// ReleaseStatement is signed off-line by whoever releases the agent, over the bytes of release.json.
func ReleaseStatement(manifest []byte) Statement { return state("dayline release v1", manifest) }

// ChannelStatement is signed off-line, over the bytes of channel.json.
func ChannelStatement(channel []byte) Statement { return state("dayline channel v1", channel) }

// TrustedStatement is signed off-line by a key of the version before, over the bytes of trusted.json.
func TrustedStatement(trusted []byte) Statement { return state("dayline trusted v1", trusted) }

// Sign gives the Ed25519 signature, 64 bytes.
func (s Statement) Sign(key ed25519.PrivateKey) []byte { return ed25519.Sign(key, s) }

// Verify tells whether the signature is this statement's by that key. Keys and signatures of a wrong length are no
// signature (ed25519.Verify panics on such a key).
func (s Statement) Verify(publicKey, signature []byte) bool {
	return len(publicKey) == ed25519.PublicKeySize && ed25519.Verify(publicKey, s, signature)
}

// SecretHash is what a collector stores of an enrolment secret.
func SecretHash(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

func state(purpose string, parts ...[]byte) Statement {
	size := 4 + len(purpose)
	for _, part := range parts {
		size += 4 + len(part)
	}
	statement := make(Statement, 0, size)
	statement = binary.BigEndian.AppendUint32(statement, uint32(len(purpose)))
	statement = append(statement, purpose...)
	for _, part := range parts {
		statement = binary.BigEndian.AppendUint32(statement, uint32(len(part)))
		statement = append(statement, part...)
	}
	return statement
}
