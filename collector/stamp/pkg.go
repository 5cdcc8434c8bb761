package stamp

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // what packages for Macs have
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/dayline-project/dayline/shared/token"
)

// Bounds of what is read of a package for Macs: its table of contents, packed and not, and its scripts.
const (
	maxTableBytes   = 4 << 20
	maxScriptsBytes = 1 << 20
)

// xarHeader begins such a package: a xar archive. What follows is the table of contents, compressed by zlib, and the heap:
// https://github.com/apple-oss-distributions/xar, xar/include/xar.h.in
type xarHeader struct {
	Magic         [4]byte
	Size, Version uint16
	Packed        uint64
	Unpacked      uint64
	Checksum      uint32
}

const (
	xarHeaderBytes = 28
	xarSHA1        = 1
)

// xarTable is what is read of the table of contents.
type xarTable struct {
	// Checksum is that of the packed table, in the heap.
	Checksum struct {
		Style  string `xml:"style,attr"`
		Offset int64  `xml:"offset"`
	} `xml:"toc>checksum"`
	Signature *struct{}  `xml:"toc>signature"`
	Message   *struct{}  `xml:"toc>x-signature"`
	Files     []xarEntry `xml:"toc>file"`
}

type xarEntry struct {
	Name   string `xml:"name"`
	Offset int64  `xml:"data>offset"`
	Length int64  `xml:"data>length"`
	Sum    struct {
		Style string `xml:"style,attr"`
		Hex   string `xml:",chardata"`
	} `xml:"data>archived-checksum"`
	Files []xarEntry `xml:"file"`
}

// macPackage is one that nobody signed, with the room for a string among its scripts.
type macPackage struct {
	// table is the XML, heap where what it tells of begins.
	table      []byte
	heap, size int64
	// scripts are packed by gzip, and lie in the package at scriptsAt; unpacked are what they hold.
	scripts   []byte
	scriptsAt int64
	unpacked  []byte
	// room in the scripts, and in what they hold.
	room, inside token.Reserved
}

// openPkg finds the room for a string; a signature covers all that is inside. Whoever packed it, its scripts read its name, too.
func openPkg(source io.ReaderAt, size int64) (Carrier, func(text string) ([]piece, error), error) {
	p := &macPackage{size: size}
	packed, t, err := p.readTable(source)
	if err != nil {
		return "", nil, err
	}
	if t.Signature != nil || t.Message != nil {
		return Name, nil, nil
	}
	kept, sum := make([]byte, sha1.Size), sha1.Sum(packed)
	if _, err := source.ReadAt(kept, p.heap); err != nil || t.Checksum.Style != "sha1" || t.Checksum.Offset != 0 || !bytes.Equal(kept, sum[:]) {
		return "", nil, errors.New("its table of contents is damaged")
	}
	room, err := p.readScripts(source, findScripts(t.Files))
	if err != nil || !room {
		return Name, nil, err
	}
	return Inside, p.cut, nil
}

// readTable reads what tells where everything is; packed is how it stands in the package.
func (p *macPackage) readTable(source io.ReaderAt) (packed []byte, t xarTable, err error) {
	var h xarHeader
	if err := binary.Read(io.NewSectionReader(source, 0, p.size), binary.BigEndian, &h); err != nil || string(h.Magic[:]) != "xar!" || h.Size < xarHeaderBytes {
		return nil, t, errors.New("it is no package for Macs")
	}
	if h.Packed > maxTableBytes || int64(h.Size)+int64(h.Packed) > p.size {
		return nil, t, errors.New("its table of contents is longer than it may be")
	}
	p.heap = int64(h.Size) + int64(h.Packed)
	packed = make([]byte, h.Packed)
	if _, err := source.ReadAt(packed, int64(h.Size)); err != nil && !errors.Is(err, io.EOF) {
		return nil, t, err
	}
	unpacked, err := zlib.NewReader(bytes.NewReader(packed))
	if err == nil {
		p.table, err = io.ReadAll(io.LimitReader(unpacked, maxTableBytes))
	}
	if err == nil {
		err = xml.Unmarshal(p.table, &t)
	}
	if err != nil {
		return nil, t, fmt.Errorf("its table of contents cannot be read: %w", err)
	}
	return packed, t, nil
}

// findScripts gives the entry of the scripts; one without a length where there are none.
func findScripts(files []xarEntry) xarEntry {
	for _, f := range files {
		if f.Name != "Scripts" {
			f = findScripts(f.Files)
		}
		if f.Length > 0 {
			return f
		}
	}
	return xarEntry{}
}

// readScripts reads the scripts and finds the room in them, which is in one piece where they are stored as they are.
func (p *macPackage) readScripts(source io.ReaderAt, at xarEntry) (room bool, err error) {
	if at.Length < 1 || at.Length > maxScriptsBytes || at.Offset < sha1.Size || at.Offset > p.size-p.heap-at.Length {
		return false, errors.New("there are no scripts in it")
	}
	p.scripts, p.scriptsAt = make([]byte, at.Length), p.heap+at.Offset
	if _, err := source.ReadAt(p.scripts, p.scriptsAt); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if at.Sum.Style != "sha1" || at.Sum.Hex != hexSum(p.scripts) {
		return false, errors.New("its scripts are damaged")
	}
	packed := bytes.NewReader(p.scripts)
	unpacked, err := gzip.NewReader(packed)
	if err == nil {
		unpacked.Multistream(false)
		p.unpacked, err = io.ReadAll(io.LimitReader(unpacked, maxScriptsBytes))
	}
	if err != nil {
		return false, fmt.Errorf("its scripts cannot be read: %w", err)
	}
	rooms, err := token.FindReserved(bytes.NewReader(p.scripts))
	if err != nil {
		return false, err
	}
	inside, err := token.FindReserved(bytes.NewReader(p.unpacked))
	if err != nil || packed.Len() > 0 || len(rooms) != 1 || len(inside) != 1 || rooms[0].Size != inside[0].Size {
		return false, err
	}
	p.room, p.inside = rooms[0], inside[0]
	return true, nil
}

// cut writes a text into the room, and what says which bytes are right there: gzip's own sum at its end, the table's of the
// scripts, and that of the table, whose length may be another then. What the table tells the places of stays where it is
// within the heap.
func (p *macPackage) cut(text string) ([]piece, error) {
	if len(text) > p.room.Size {
		return nil, fmt.Errorf("the enrolment string has %d bytes; the package has room for %d", len(text), p.room.Size)
	}
	scripts, unpacked := bytes.Clone(p.scripts), bytes.Clone(p.unpacked)
	fill(scripts[p.room.At:][:p.room.Size], text)
	fill(unpacked[p.inside.At:][:p.inside.Size], text)
	binary.LittleEndian.PutUint32(scripts[len(scripts)-8:], crc32.ChecksumIEEE(unpacked))

	table := bytes.ReplaceAll(p.table, []byte(hexSum(p.scripts)), []byte(hexSum(scripts)))
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	if _, err := w.Write(table); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	sum := sha1.Sum(packed.Bytes())
	var head bytes.Buffer
	h := xarHeader{[4]byte([]byte("xar!")), xarHeaderBytes, 1, uint64(packed.Len()), uint64(len(table)), xarSHA1}
	if err := binary.Write(&head, binary.BigEndian, h); err != nil {
		return nil, err
	}
	head.Write(packed.Bytes())
	head.Write(sum[:])
	return []piece{own(head.Bytes()), part(p.heap+sha1.Size, p.scriptsAt), own(scripts), part(p.scriptsAt+int64(len(scripts)), p.size)}, nil
}

// fill puts a text into a room, zeros filling what it leaves.
func fill(room []byte, text string) {
	clear(room[copy(room, text):])
}

func hexSum(content []byte) string {
	sum := sha1.Sum(content)
	return hex.EncodeToString(sum[:])
}
