package report

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"

	"github.com/dayline-project/dayline/collector"
)

// cursors are sealed: the store's say how much was stored before by anybody, which is outside most scopes. One holds for
// whoever asked and what the question was narrowed to (the store binds it to the rest), and until the collector ends.
type cursors struct{ cipher.AEAD }

func newCursors() cursors {
	key := make([]byte, 32)
	rand.Read(key) // never fails: crypto/rand ends the program instead
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	sealed, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return cursors{sealed}
}

func (c cursors) wrap(viewer collector.Viewer, q *question, next string) string {
	if next == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(c.Seal(nil, nil, []byte(next), askedBy(viewer, q)))
}

func (c cursors) unwrap(viewer collector.Viewer, q *question, cursor string) (after string, err error) {
	if cursor == "" {
		return "", nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		sealed, err = c.Open(nil, nil, sealed, askedBy(viewer, q))
	}
	if err != nil {
		return "", collector.Refuse(collector.BadRequest, "cursor", "is not of this question")
	}
	return string(sealed), nil
}

func askedBy(viewer collector.Viewer, q *question) []byte {
	return []byte(viewer.User + "\x00" + q.person.ID + "\x00" + q.device + "\x00" + q.group)
}
