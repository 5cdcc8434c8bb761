package product

import (
	"bytes"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// A program comes out as it went in, and needs no more memory than is said.
func TestACompressedProgramIsUnpacked(t *testing.T) {
	program := bytes.Repeat([]byte("a program, or what stands for one: 0123456789"), 4*updateWindow/40)
	packed, err := Compress(program)
	if err != nil || len(packed) > len(program)/10 {
		t.Fatalf("%d bytes of %d: %v", len(packed), len(program), err)
	}
	reader, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderMaxWindow(updateWindow))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var unpacked bytes.Buffer
	if _, err := reader.WriteTo(&unpacked); err != nil || !bytes.Equal(unpacked.Bytes(), program) {
		t.Errorf("another program, %v", err)
	}
}
