package codesign

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

var le, be = binary.LittleEndian, binary.BigEndian

// CPU is a processor's type, <mach/machine.h>.
type CPU uint32

// The processors of Macs.
const (
	X8664 CPU = 0x01000007
	ARM64 CPU = 0x0100000c
)

func (c CPU) String() string {
	switch c {
	case X8664:
		return "x86_64"
	case ARM64:
		return "arm64"
	}
	return fmt.Sprintf("cpu %#x", uint32(c))
}

const (
	magicFat    = 0xcafebabe
	magic64     = 0xfeedfacf
	segment64   = 0x19
	signatureLC = 0x1d
	headerSize  = 32
	// The kernel refuses what has more of either; a file of Java's, which has the same magic, says 45 or more.
	mostSlices   = 16
	mostCommands = 10_000
)

// Code is the program of a Mach-O file for one processor.
type Code struct {
	CPU CPU
	// Signature is nil where there is none.
	Signature *Signature

	image []byte
	// signedTo is where the signature begins: all before it is what it signs.
	signedTo int
	text     extent
}

type extent struct{ offset, size uint64 }

// thinFiles gives the thin files of a Mach-O file, laid out as lipo does: each where the last ends, rounded up, with zeros
// between.
func thinFiles(file []byte) ([][]byte, error) {
	if len(file) < 8 || be.Uint32(file) != magicFat {
		return [][]byte{file}, nil
	}
	count := int(be.Uint32(file[4:]))
	end := 8 + 20*count
	if count < 1 || count > mostSlices || end > len(file) {
		return nil, errors.New("no universal file of Mach-O")
	}
	var thin [][]byte
	for i := range count {
		head := file[8+20*i:]
		offset, size, align := int(be.Uint32(head[8:])), int(be.Uint32(head[12:])), be.Uint32(head[16:])
		if align > 15 || offset != (end+1<<align-1)>>align<<align || offset > len(file) || size > len(file)-offset || size < headerSize || !zero(file[end:offset]) {
			return nil, fmt.Errorf("slice %d is misplaced", i)
		}
		image := file[offset : offset+size]
		if be.Uint32(head) != le.Uint32(image[4:]) || be.Uint32(head[4:]) != le.Uint32(image[8:]) {
			return nil, fmt.Errorf("slice %d is for another processor than said", i)
		}
		thin, end = append(thin, image), offset+size
	}
	if end != len(file) {
		return nil, errors.New("more follows the last slice")
	}
	return thin, nil
}

func zero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

func parseCode(image []byte) (Code, error) {
	if len(image) < headerSize || le.Uint32(image) != magic64 {
		return Code{}, errors.New("no Mach-O of 64 bits")
	}
	c := Code{CPU: CPU(le.Uint32(image[4:])), image: image, signedTo: len(image)}
	count, size := le.Uint32(image[16:]), uint64(le.Uint32(image[20:]))
	if count > mostCommands || headerSize+size > uint64(len(image)) {
		return Code{}, fmt.Errorf("%s: it ends in its load commands", c.CPU)
	}
	var linkedit extent
	var signature []byte
	for rest := image[headerSize : headerSize+size]; count > 0; count-- {
		if len(rest) < 8 || le.Uint32(rest[4:]) < 8 || uint64(le.Uint32(rest[4:])) > uint64(len(rest)) {
			return Code{}, fmt.Errorf("%s: bad load command", c.CPU)
		}
		command := rest[:le.Uint32(rest[4:])]
		rest = rest[len(command):]
		switch kind := le.Uint32(command); {
		case kind == segment64 && len(command) >= 72:
			where := extent{le.Uint64(command[40:]), le.Uint64(command[48:])}
			switch string(bytes.TrimRight(command[8:24], "\x00")) {
			case "__TEXT":
				c.text = where
			case "__LINKEDIT":
				linkedit = where
			}
		case kind == signatureLC && (len(command) != 16 || signature != nil):
			return Code{}, fmt.Errorf("%s: bad LC_CODE_SIGNATURE", c.CPU)
		case kind == signatureLC:
			signature = command
		}
	}
	if signature == nil {
		return c, nil
	}
	offset, length := uint64(le.Uint32(signature[8:])), uint64(le.Uint32(signature[12:]))
	if end := offset + length; end != uint64(len(image)) || offset < linkedit.offset || linkedit.size > end || linkedit.offset != end-linkedit.size {
		return Code{}, fmt.Errorf("%s: the signature does not end __LINKEDIT and the file", c.CPU)
	}
	c.signedTo = int(offset)
	var err error
	if c.Signature, err = parseSignature(image[offset:]); err != nil {
		return Code{}, fmt.Errorf("%s: %w", c.CPU, err)
	}
	return c, nil
}
