package stamp

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/dayline-project/dayline/collector/xar"
	"github.com/dayline-project/dayline/shared/token"
)

// maxScriptsBytes bounds what runs when a package for Macs is installed, packed or not.
const maxScriptsBytes = 1 << 20

// macPackage is one that nobody signed, with the room for a string among its scripts.
type macPackage struct {
	archive *xar.Archive
	size    int64
	// scripts are packed by gzip, and lie in the package at an offset; unpacked are what they hold.
	scripts   []byte
	scriptsAt int64
	unpacked  []byte
	// room in the scripts, and in what they hold.
	room, inside token.Reserved
}

// openPkg finds the room for a string; a signature covers all that is inside. Whoever packed it, its scripts read its name, too.
func openPkg(source io.ReaderAt, size int64) (Carrier, func(text string) ([]piece, error), error) {
	archive, err := xar.Open(source, size)
	if err != nil {
		return "", nil, err
	}
	if archive.Signed {
		return Name, nil, nil
	}
	p := &macPackage{archive: archive, size: size}
	room, err := p.readScripts()
	if err != nil || !room {
		return Name, nil, err
	}
	return Inside, p.cut, nil
}

// readScripts reads the scripts and finds the room in them, which is in one piece where they are stored as they are.
func (p *macPackage) readScripts() (room bool, err error) {
	if p.scripts, p.scriptsAt, err = p.archive.Read("Scripts", maxScriptsBytes); err != nil {
		return false, err
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
// scripts, and that of the table.
func (p *macPackage) cut(text string) ([]piece, error) {
	if len(text) > p.room.Size {
		return nil, fmt.Errorf("the enrolment string has %d bytes; the package has room for %d", len(text), p.room.Size)
	}
	scripts, unpacked := bytes.Clone(p.scripts), bytes.Clone(p.unpacked)
	fill(scripts[p.room.At:][:p.room.Size], text)
	fill(unpacked[p.inside.At:][:p.inside.Size], text)
	binary.LittleEndian.PutUint32(scripts[len(scripts)-8:], crc32.ChecksumIEEE(unpacked))
	head, err := xar.Head(bytes.ReplaceAll(p.archive.Table, []byte(xar.Sum(p.scripts)), []byte(xar.Sum(scripts))))
	if err != nil {
		return nil, err
	}
	return []piece{own(head), part(p.archive.Heap+xar.HeadBytes, p.scriptsAt), own(scripts), part(p.scriptsAt+int64(len(scripts)), p.size)}, nil
}

// fill puts a text into a room, zeros filling what it leaves.
func fill(room []byte, text string) {
	clear(room[copy(room, text):])
}
