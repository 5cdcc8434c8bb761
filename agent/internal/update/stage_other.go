//go:build !darwin

package update

import (
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory that unpacking takes.
const maxWindow = 8 << 20

// unpack writes a program that is compressed by itself.
func unpack(packed io.Reader, to string) error {
	decoder, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxProgram))
	if err != nil {
		return err
	}
	defer decoder.Close()
	return write(to, decoder, maxProgram)
}
