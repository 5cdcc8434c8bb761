package stream

import "crypto/sha256"

// Next gives the digest after one more record, of which it takes the canonical bytes.
func (d Digest) Next(canonical []byte) Digest {
	// One buffer for both parts lets short records stay on the stack.
	var room [512]byte
	sum := sha256.Sum256(append(append(room[:0], d[:]...), canonical...))
	return Digest(sum[:len(d)])
}
