package product

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// updateWindow is what an agent has to keep in memory while it unpacks. Any more of it saves 1 % of the bytes.
const updateWindow = 1 << 20

// Compress gives a program as agents take it for an update (release.Zst). Equal programs give equal bytes.
func Compress(program []byte) ([]byte, error) {
	writer, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(updateWindow), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("product: compress: %w", err)
	}
	return writer.EncodeAll(program, nil), nil
}
