// Package tail is the end of a .tar.gz that can be exchanged for another without unpacking or packing anything: the archive's
// end is a gzip member of its own (RFC 1952, 2.2: a file is one member after another), and a file can stand in it. Packers put
// Empty there; whoever hands the archive out puts With there.
package tail

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"time"
)

// zeros are what an archive ends with: two blocks of them.
const zeros = 1024

// empty is the end alone. Released packages have these very bytes.
var empty = member(make([]byte, zeros))

// Empty gives the end of an archive with nothing before it.
func Empty() []byte { return bytes.Clone(empty) }

// Is tells whether a file's last bytes, Size of them, are Empty.
func Is(end []byte) bool { return bytes.Equal(end, empty) }

// Size of Empty in bytes.
func Size() int64 { return int64(len(empty)) }

// With gives the end of an archive after one more file, root's and readable by nobody else: its name in the archive, of at most
// 100 bytes, and its text, of at most 32 KiB.
func With(name, text string, at time.Time) ([]byte, error) {
	if len(text) > math.MaxInt16 {
		return nil, fmt.Errorf("tail: %d bytes are too many for a file in it", len(text))
	}
	var file bytes.Buffer
	archive := tar.NewWriter(&file)
	header := tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(text)), ModTime: at.UTC().Truncate(time.Second),
		Uname: "root", Gname: "root", Format: tar.FormatUSTAR}
	if err := archive.WriteHeader(&header); err != nil {
		return nil, fmt.Errorf("tail: %w", err)
	}
	if _, err := io.WriteString(archive, text); err != nil {
		return nil, fmt.Errorf("tail: %w", err)
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("tail: %w", err)
	}
	return member(file.Bytes()), nil
}

// member wraps up to 64 KiB into a gzip member that holds them as they are (RFC 1951, 3.2.4): the same bytes whatever packs them.
func member(content []byte) []byte {
	size := uint16(len(content))
	m := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1}
	m = binary.LittleEndian.AppendUint16(m, size)
	m = binary.LittleEndian.AppendUint16(m, ^size)
	m = append(m, content...)
	m = binary.LittleEndian.AppendUint32(m, crc32.ChecksumIEEE(content))
	return binary.LittleEndian.AppendUint32(m, uint32(size))
}
