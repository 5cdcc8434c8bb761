package macho

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dayline-project/dayline/shared/codesign"
)

const (
	magic64      = 0xfeedfacf
	headerSize   = 32
	segment64    = 0x19
	sectionSize  = 80
	signatureLC  = 0x1d
	codePage     = 4096
	codePageLog2 = 12
)

// Seal is what a signature says.
type Seal struct {
	// Identifier is the bundle's.
	Identifier string
	// InfoPlist and Resources are the bundle's Info.plist and CodeResources.
	InfoPlist, Resources []byte
	// Signer is nil for an ad hoc signature.
	Signer *Signer
	// At is the time the signature tells, that of the commit.
	At time.Time
}

// Sign gives a thin program with a signature in place of any it has. Equal arguments give equal bytes.
func (s Seal) Sign(program []byte) ([]byte, error) {
	l, err := layOut(program)
	if err != nil {
		return nil, fmt.Errorf("macho: sign: %w", err)
	}
	requirements := []byte{0xfa, 0xde, 0x0c, 0x01, 0, 0, 0, 12, 0, 0, 0, 0} // none
	size := 0
	if s.Signer != nil {
		requirements = s.Signer.Requirement(s.Identifier).Set()
		// How long the signature over a code directory is does not depend on what that says.
		probe, err := s.Signer.sign(nil, s.At)
		if err != nil {
			return nil, fmt.Errorf("macho: sign: %w", err)
		}
		size = len(probe)
	}
	directory := s.directorySize(l.limit)
	l.reserve(roundUp(12+3*8+directory+len(requirements)+8+size, 16))
	code := s.directory(l, requirements)
	var wrapped []byte
	if s.Signer != nil {
		if wrapped, err = s.Signer.sign(code, s.At); err != nil {
			return nil, fmt.Errorf("macho: sign: %w", err)
		}
	}
	signature := superblob(map[uint32][]byte{0: code, 2: requirements, 0x10000: blob(0xfade0b01, wrapped)})
	copy(l.image[l.limit:], signature)
	return l.image, nil
}

func blob(magic uint32, content []byte) []byte {
	b := be.AppendUint32(nil, magic)
	return append(be.AppendUint32(b, uint32(8+len(content))), content...)
}

// superblob lays out what a signature is made of, with its index.
func superblob(parts map[uint32][]byte) []byte {
	slots := []uint32{}
	for slot := range parts {
		slots = append(slots, slot)
	}
	slices.Sort(slots)
	index, content := be.AppendUint32(nil, uint32(len(slots))), []byte{}
	for _, slot := range slots {
		index = be.AppendUint32(be.AppendUint32(index, slot), uint32(12+8*len(slots)+len(content)))
		content = append(content, parts[slot]...)
	}
	return blob(0xfade0cc0, append(index, content...))
}

// The special slots of a bundle: CodeResources, the requirements, Info.plist.
const specials = 3

// The fixed part of a code directory, in the first version that says which runtime it wants: <kern/cs_blobs.h>.
const (
	directoryVersion = 0x20500
	directoryHeader  = 96
)

func (s Seal) names() string {
	names := s.Identifier + "\x00"
	if team := s.team(); team != "" {
		names += team + "\x00"
	}
	return names
}

func (s Seal) team() string {
	if s.Signer == nil {
		return ""
	}
	return s.Signer.Team()
}

func (s Seal) directorySize(limit int) int {
	return directoryHeader + len(s.names()) + sha256.Size*(specials+roundUp(limit, codePage)/codePage)
}

// directory hashes all pages before the signature, and what belongs to the program. It wants the hardened runtime, without
// which a program of the person's could load itself into ours and have its permission; it needs no exception of it.
//
// https://developer.apple.com/documentation/security/hardened-runtime
func (s Seal) directory(l *layout, requirements []byte) []byte {
	size := s.directorySize(l.limit)
	d := make([]byte, directoryHeader, size)
	flags := codesign.Runtime
	if s.Signer == nil {
		flags |= codesign.AdHoc
	}
	hashes := directoryHeader + len(s.names()) + specials*sha256.Size
	for i, v := range []uint32{0xfade0c02, uint32(size), directoryVersion, uint32(flags), uint32(hashes), directoryHeader, specials,
		uint32(roundUp(l.limit, codePage) / codePage), uint32(l.limit)} {
		be.PutUint32(d[4*i:], v)
	}
	d[36], d[37], d[39] = sha256.Size, 2, codePageLog2 // 2: SHA-256
	if s.team() != "" {
		be.PutUint32(d[48:], uint32(directoryHeader+len(s.Identifier)+1))
	}
	be.PutUint64(d[64:], l.textAt)
	be.PutUint64(d[72:], l.textSize)
	be.PutUint64(d[80:], 1) // CS_EXECSEG_MAIN_BINARY
	be.PutUint32(d[88:], l.sdk)
	d = append(d, s.names()...)
	add := func(content []byte) {
		hash := sha256.Sum256(content)
		d = append(d, hash[:]...)
	}
	for _, content := range [][]byte{s.Resources, requirements, s.InfoPlist} {
		add(content)
	}
	for page := range slices.Chunk(l.image[:l.limit], codePage) {
		add(page)
	}
	return d
}

// layout is a program and where its signature goes.
type layout struct {
	image []byte
	// limit is where the signature begins.
	limit int
	// linkedit and signature are where those load commands stand.
	linkedit, signature int
	textAt, textSize    uint64
	// sdk is the version of macOS that the program was linked for, whose runtime it wants.
	sdk uint32
}

// layOut finds the places, with the old signature cut off and a load command for the new one.
func layOut(program []byte) (*layout, error) {
	if len(program) < headerSize || le.Uint32(program) != magic64 {
		return nil, errors.New("no program of 64 bits")
	}
	l := &layout{image: bytes.Clone(program), limit: len(program)}
	commands := headerSize + int(le.Uint32(program[20:]))
	if commands > len(program) {
		return nil, errors.New("bad load commands")
	}
	room := len(program)
	at := headerSize
	for range le.Uint32(program[16:]) {
		if commands-at < 8 || int(le.Uint32(program[at+4:])) < 8 || int(le.Uint32(program[at+4:])) > commands-at {
			return nil, errors.New("bad load commands")
		}
		command := program[at : at+int(le.Uint32(program[at+4:]))]
		switch le.Uint32(command) {
		case segment64:
			if err := l.segment(command, at, &room); err != nil {
				return nil, err
			}
		case buildVersionLC:
			if len(command) < 20 {
				return nil, errors.New("bad load commands")
			}
			l.sdk = le.Uint32(command[16:])
		case signatureLC:
			l.signature, l.limit = at, int(le.Uint32(command[8:]))
		}
		at += len(command)
	}
	if l.linkedit == 0 || l.limit > len(program) {
		return nil, errors.New("no __LINKEDIT to put it into")
	}
	if l.signature == 0 {
		if at+16 > room {
			return nil, errors.New("no room for a load command")
		}
		l.signature = at
		le.PutUint32(l.image[16:], le.Uint32(l.image[16:])+1)
		le.PutUint32(l.image[20:], le.Uint32(l.image[20:])+16)
		le.PutUint32(l.image[at:], signatureLC)
		le.PutUint32(l.image[at+4:], 16)
	}
	return l, nil
}

// segment takes note of a segment and of the first byte that no load command may take.
func (l *layout) segment(command []byte, at int, room *int) error {
	if len(command) < 72 || len(command) < 72+sectionSize*int(le.Uint32(command[64:])) {
		return errors.New("bad segment")
	}
	switch string(bytes.TrimRight(command[8:24], "\x00")) {
	case "__TEXT":
		l.textAt, l.textSize = le.Uint64(command[40:]), le.Uint64(command[48:])
	case "__LINKEDIT":
		l.linkedit = at
	}
	for i := range int(le.Uint32(command[64:])) {
		section := command[72+sectionSize*i:]
		if offset := int(le.Uint32(section[48:])); offset != 0 && le.Uint64(section[40:]) != 0 {
			*room = min(*room, offset)
		}
	}
	return nil
}

// reserve makes place for a signature, which ends __LINKEDIT and the file.
func (l *layout) reserve(size int) {
	l.image = append(l.image[:l.limit], make([]byte, roundUp(l.limit, 16)-l.limit+size)...)
	l.limit = len(l.image) - size
	le.PutUint32(l.image[l.signature+8:], uint32(l.limit))
	le.PutUint32(l.image[l.signature+12:], uint32(size))
	segment := l.image[l.linkedit:]
	inFile := uint64(len(l.image)) - le.Uint64(segment[40:])
	le.PutUint64(segment[48:], inFile)
	le.PutUint64(segment[32:], uint64(roundUp(int(inFile), 1<<alignment)))
}
