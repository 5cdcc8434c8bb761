// Package xar reads the archives that packages for Macs are, and writes anew what stands before an archive's files.
//
// An archive is a header, a table of contents, which is XML that zlib compressed, and the heap with all that the table tells of:
// https://github.com/apple-oss-distributions/xar
package xar

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // what packages for Macs have
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// maxTableBytes bounds the table, packed or not.
const maxTableBytes = 4 << 20

// header begins an archive; numbers are big endian.
type header struct {
	Magic         [4]byte
	Size, Version uint16
	Packed        uint64
	Unpacked      uint64
	Checksum      uint32
}

const (
	headerBytes = 28
	// version of the format, and which checksum the table has: SHA-1.
	version, bySHA1 = 1, 1
)

// HeadBytes of the heap hold the table's checksum.
const HeadBytes = sha1.Size

// Archive is an open one.
type Archive struct {
	// Table of contents.
	Table []byte
	// Heap is where that begins.
	Heap int64
	// Signed: what is inside must not be changed.
	Signed bool
	source io.ReaderAt
	size   int64
	files  []entry
}

type table struct {
	Checksum struct {
		Style  string `xml:"style,attr"`
		Offset int64  `xml:"offset"`
	} `xml:"toc>checksum"`
	Signature *struct{} `xml:"toc>signature"`
	Message   *struct{} `xml:"toc>x-signature"`
	Files     []entry   `xml:"toc>file"`
}

type entry struct {
	Name   string `xml:"name"`
	Offset int64  `xml:"data>offset"`
	Length int64  `xml:"data>length"`
	Sum    struct {
		Style string `xml:"style,attr"`
		Hex   string `xml:",chardata"`
	} `xml:"data>archived-checksum"`
	Files []entry `xml:"file"`
}

// Open reads the table of an archive of this size. Of one that nobody signed it is checked: a signature's own checksums may be
// others.
func Open(source io.ReaderAt, size int64) (*Archive, error) {
	var h header
	if err := binary.Read(io.NewSectionReader(source, 0, size), binary.BigEndian, &h); err != nil || string(h.Magic[:]) != "xar!" || h.Size < headerBytes {
		return nil, errors.New("it is no package for Macs")
	}
	if h.Packed > maxTableBytes || int64(h.Size)+int64(h.Packed) > size {
		return nil, errors.New("its table of contents is longer than it may be")
	}
	a := &Archive{source: source, size: size, Heap: int64(h.Size) + int64(h.Packed)}
	packed, err := a.read(int64(h.Size), int64(h.Packed))
	if err != nil {
		return nil, err
	}
	var t table
	unpacked, err := zlib.NewReader(bytes.NewReader(packed))
	if err == nil {
		a.Table, err = io.ReadAll(io.LimitReader(unpacked, maxTableBytes))
	}
	if err == nil {
		err = xml.Unmarshal(a.Table, &t)
	}
	if err != nil {
		return nil, fmt.Errorf("its table of contents cannot be read: %w", err)
	}
	a.files, a.Signed = t.Files, t.Signature != nil || t.Message != nil
	if a.Signed {
		return a, nil
	}
	sum := sha1.Sum(packed)
	if kept, err := a.read(a.Heap, sha1.Size); err != nil || t.Checksum.Style != "sha1" || t.Checksum.Offset != 0 || !bytes.Equal(kept, sum[:]) {
		return nil, errors.New("its table of contents is damaged")
	}
	return a, nil
}

func (a *Archive) read(at, length int64) ([]byte, error) {
	content := make([]byte, length)
	_, err := io.ReadFull(io.NewSectionReader(a.source, at, length), content)
	return content, err
}

// Read gives the first file of this name, in whatever folder, as it lies in the archive at an offset. It has at most so many
// bytes, and the checksum that the table tells.
func (a *Archive) Read(name string, most int64) (content []byte, at int64, err error) {
	e := find(a.files, name)
	if e.Length < 1 || e.Length > most || e.Offset < HeadBytes || e.Offset > a.size-a.Heap-e.Length {
		return nil, 0, fmt.Errorf("there is no %s in it", name)
	}
	at = a.Heap + e.Offset
	if content, err = a.read(at, e.Length); err != nil {
		return nil, 0, err
	}
	if e.Sum.Style != "sha1" || e.Sum.Hex != Sum(content) {
		return nil, 0, fmt.Errorf("%s in it: its checksum is another", name)
	}
	return content, at, nil
}

// find gives the entry of a file; one without a length where there is none.
func find(files []entry, name string) entry {
	for _, f := range files {
		if f.Name != name {
			f = find(f.Files, name)
		}
		if f.Length > 0 {
			return f
		}
	}
	return entry{}
}

// Sum of a file as the table has it.
func Sum(content []byte) string {
	sum := sha1.Sum(content)
	return hex.EncodeToString(sum[:])
}

// Head is the beginning of an archive with this table, through the HeadBytes of its heap. What the table tells of keeps its place
// within the heap, whatever the table's length is.
func Head(table []byte) ([]byte, error) {
	var packed, head bytes.Buffer
	w := zlib.NewWriter(&packed)
	if _, err := w.Write(table); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	h := header{[4]byte([]byte("xar!")), headerBytes, version, uint64(packed.Len()), uint64(len(table)), bySHA1}
	if err := binary.Write(&head, binary.BigEndian, h); err != nil {
		return nil, err
	}
	sum := sha1.Sum(packed.Bytes())
	head.Write(packed.Bytes())
	head.Write(sum[:])
	return head.Bytes(), nil
}
