package enroll

import (
	"bytes"
	"testing"
)

func TestSealing(t *testing.T) {
	seed := []byte("thirty-two bytes of a device key")
	sealed, err := sealer.Seal(seed)
	if err != nil || bytes.Contains(sealed, seed) {
		t.Fatalf("sealed as %q: %v", sealed, err)
	}
	if opened, err := sealer.Open(sealed); err != nil || !bytes.Equal(opened, seed) {
		t.Errorf("opened as %q: %v", opened, err)
	}
}
