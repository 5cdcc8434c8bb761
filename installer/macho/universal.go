// Package macho makes programs for Macs of what Go's linker made: it signs them, joins those for two processors into one
// universal file, and checks what came of it (<mach-o/loader.h>, <mach-o/fat.h>, <kern/cs_blobs.h>).
package macho

import (
	"bytes"
	"encoding/binary"
	"errors"
)

var le, be = binary.LittleEndian, binary.BigEndian

// A page of Apple's processors has 16 KB; both slices begin on one.
const alignment = 14

// Universal joins thin programs into one file. They are copied byte for byte, so that their signatures hold.
func Universal(thin ...[]byte) ([]byte, error) {
	file := be.AppendUint32(nil, 0xcafebabe)
	file = be.AppendUint32(file, uint32(len(thin)))
	end := len(file) + 20*len(thin)
	for _, t := range thin {
		if len(t) < 32 || le.Uint32(t) != magic64 {
			return nil, errors.New("macho: no program of 64 bits")
		}
		at := roundUp(end, 1<<alignment)
		for _, v := range []uint32{le.Uint32(t[4:]), le.Uint32(t[8:]), uint32(at), uint32(len(t)), alignment} {
			file = be.AppendUint32(file, v)
		}
		end = at + len(t)
	}
	for _, t := range thin {
		file = append(file, bytes.Repeat([]byte{0}, roundUp(len(file), 1<<alignment)-len(file))...)
		file = append(file, t...)
	}
	return file, nil
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
