package collector

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"
)

// The bytes an audit entry's hash is made of are fixed for ever: entries written years ago must still verify.
//
//	payload = 0x01, then actor, action, subject and detail, each as its length in 4 bytes and its bytes
//	hash    = SHA-256(previous hash ‖ sequence ‖ time ‖ SHA-256(salt ‖ payload))
//
// Numbers are big-endian. The hash before the first entry is 32 zero bytes; sequence counts from 1 and is written in 8
// bytes; time is Unix milliseconds in 8 bytes; the salt is 16 random bytes. A payload can be erased together with its
// salt: the inner hash stays, and the chain still verifies (security.md 7).

// The actions shown where an entry's payload says none: it was erased, or is not what was written.
const (
	AuditErased  = "erased"
	AuditDamaged = "damaged"
)

// AuditPayload gives the entry's payload.
func AuditPayload(entry *AuditEntry) []byte {
	payload := []byte{1}
	for _, text := range []string{entry.Actor, entry.Action, entry.Subject, entry.Detail} {
		payload = binary.BigEndian.AppendUint32(payload, uint32(len(text)))
		payload = append(payload, text...)
	}
	return payload
}

// ParseAuditPayload sets the entry's actor, action, subject and detail from a payload.
func ParseAuditPayload(payload []byte, entry *AuditEntry) error {
	if len(payload) == 0 || payload[0] != 1 {
		return errors.New("audit: a payload of an unknown version")
	}
	rest := payload[1:]
	for _, text := range []*string{&entry.Actor, &entry.Action, &entry.Subject, &entry.Detail} {
		if len(rest) < 4 || uint64(len(rest)-4) < uint64(binary.BigEndian.Uint32(rest)) {
			return errors.New("audit: a payload cut short")
		}
		end := 4 + int(binary.BigEndian.Uint32(rest))
		*text, rest = string(rest[4:end]), rest[end:]
	}
	if len(rest) > 0 {
		return errors.New("audit: a payload with more after its end")
	}
	return nil
}

// AuditInnerHash is SHA-256(salt ‖ payload).
func AuditInnerHash(salt, payload []byte) [32]byte {
	sum := sha256.New()
	sum.Write(salt)
	sum.Write(payload)
	return [32]byte(sum.Sum(nil))
}

// AuditHash is the hash of an entry in the chain.
func AuditHash(previous [32]byte, sequence uint64, at time.Time, inner [32]byte) [32]byte {
	bytes := previous[:]
	bytes = binary.BigEndian.AppendUint64(bytes[:32:32], sequence)
	bytes = binary.BigEndian.AppendUint64(bytes, uint64(at.UnixMilli()))
	return sha256.Sum256(append(bytes, inner[:]...))
}
