package stamp

import (
	"bytes"
	"io"
	"testing"
)

// handedOut gives what is handed out of a package with a string, and how it carries that.
func handedOut(t testing.TB, kind string, whole []byte, text string) ([]byte, Carrier) {
	t.Helper()
	p, err := Open(kind, bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.With(text)
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(s)
	if err != nil || int64(len(out)) != s.Size() {
		t.Fatalf("%d bytes of %d: %v", len(out), s.Size(), err)
	}
	return out, p.Carrier()
}
