package pkg

import (
	"encoding/binary"
	"errors"
	"path"
	"time"

	"github.com/dayline-project/dayline/installer/app"
)

var be = binary.BigEndian

// What Apple's bills of materials have, byte for byte; no document tells it.
const (
	bomHeader = 512
	// bomPage is the size of a tree's page, and bomPaths how many paths one holds at the most.
	bomPage, bomPaths = 4096, 256
	// A path's kind, and what is known of each: its mode, owner, group and time.
	bomFile, bomFolder, bomKnown = 1, 2, 0x000f
)

// billOfMaterials is a bill that is being written: numbered blocks, the first number being 1, and names of some.
type billOfMaterials struct {
	blocks [][]byte
	names  []byte
	named  uint32
}

// bom lists what a package installs, as the receipt will. The members' first is the root, and each folder comes before what
// is in it.
func bom(members []app.Member, at time.Time) ([]byte, error) {
	if len(members) > bomPaths {
		return nil, errors.New("more files than one page lists")
	}
	b := &billOfMaterials{}
	var pairs []uint32
	total := 0
	for i, m := range byFolder(members) {
		known := b.block(be.AppendUint32(be.AppendUint32(nil, uint32(i+1)), b.block(record(m.Member, at))))
		name := append(be.AppendUint32(nil, m.parent), path.Base(m.Path)+"\x00"...)
		pairs = append(pairs, known, b.block(name))
		total += len(m.Content)
	}
	b.name("BomInfo", b.block(numbers(1, uint32(len(members)+1), 1, 0, 0, uint32(total), 0)))
	b.name("Paths", b.tree(bomPage, pairs))
	b.name("HLIndex", b.tree(bomPage, nil))
	b.name("VIndex", b.block(append(numbers(1, b.tree(128, nil), 0), 0)))
	b.name("Size64", b.tree(bomPage, nil))
	return b.encode(), nil
}

// listed is a member and the number of its folder, 0 for the root's.
type listed struct {
	app.Member
	parent uint32
}

// byFolder puts members into the order of their folders' numbers, and of their names in each: the order of the tree's keys.
func byFolder(members []app.Member) []listed {
	sorted := []listed{{members[0], 0}}
	for i := 0; i < len(sorted); i++ {
		for _, m := range members[1:] {
			if path.Dir(m.Path) == sorted[i].Path {
				sorted = append(sorted, listed{m, uint32(i + 1)})
			}
		}
	}
	return sorted
}

// record is what the bill says of one path.
func record(m app.Member, at time.Time) []byte {
	kind, sum := byte(bomFile), checksum(m.Content)
	if m.Mode.IsDir() {
		kind, sum = bomFolder, 0
	}
	about := be.AppendUint16(be.AppendUint16([]byte{kind, 1}, bomKnown), uint16(unixMode(m.Mode)))
	about = append(about, numbers(0, 0, uint32(at.Unix()), uint32(len(m.Content)))...)
	about = append(about, 1)
	// No link, neither its length nor its text.
	about = append(about, numbers(sum, 0)...)
	if kind == bomFile {
		about = append(about, 0, 0, 0, 0)
	}
	return about
}

// block adds one and gives its number.
func (b *billOfMaterials) block(content []byte) uint32 {
	b.blocks = append(b.blocks, content)
	return uint32(len(b.blocks))
}

func (b *billOfMaterials) name(name string, block uint32) {
	b.names = append(append(be.AppendUint32(b.names, block), byte(len(name))), name...)
	b.named++
}

// tree adds one with a single page, whose values and keys are blocks in turn.
func (b *billOfMaterials) tree(size int, pairs []uint32) uint32 {
	page := be.AppendUint16(be.AppendUint16(nil, 1), uint16(len(pairs)/2))
	page = append(append(page, numbers(0, 0)...), numbers(pairs...)...)
	page = append(page, make([]byte, size-len(page))...)
	return b.block(append(append([]byte("tree"), numbers(1, b.block(page), uint32(size), uint32(len(pairs)/2))...), 0))
}

// encode lays out the header, the blocks, the names and the index of the blocks, whose number 0 is none.
func (b *billOfMaterials) encode() []byte {
	whole, index := make([]byte, bomHeader), numbers(uint32(len(b.blocks)+1), 0, 0)
	for _, block := range b.blocks {
		index = append(index, numbers(uint32(len(whole)), uint32(len(block)))...)
		whole = append(whole, block...)
	}
	// No block is free; two pointers are spare.
	index = append(index, numbers(0, 0, 0, 0, 0)...)
	names := append(numbers(b.named), b.names...)
	copy(whole, "BOMStore")
	copy(whole[8:], numbers(1, uint32(len(b.blocks)), uint32(len(whole)+len(names)), uint32(len(index)), uint32(len(whole)), uint32(len(names))))
	return append(append(whole, names...), index...)
}

func numbers(values ...uint32) (encoded []byte) {
	for _, v := range values {
		encoded = be.AppendUint32(encoded, v)
	}
	return encoded
}

// checksum is that of cksum(1), POSIX: a CRC of what it is given and of its length.
func checksum(content []byte) uint32 {
	sum := uint32(0)
	add := func(b byte) {
		sum = sum<<8 ^ crcs[byte(sum>>24)^b]
	}
	for _, b := range content {
		add(b)
	}
	for n := len(content); n != 0; n >>= 8 {
		add(byte(n))
	}
	return ^sum
}

// crcs are those of each byte, by the polynomial of cksum(1).
var crcs = func() (table [256]uint32) {
	for i := range table {
		sum := uint32(i) << 24
		for range 8 {
			if sum>>31 != 0 {
				sum = sum<<1 ^ 0x04c11db7
			} else {
				sum <<= 1
			}
		}
		table[i] = sum
	}
	return table
}()
