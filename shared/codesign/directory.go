package codesign

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Magic numbers of what a signature is made of.
const (
	magicSignature    = 0xfade0cc0
	magicDirectory    = 0xfade0c02
	magicRequirements = 0xfade0c01
	magicRequirement  = 0xfade0c00
	magicWrapper      = 0xfade0b01
)

// Slots, by which a signature's index names its parts; the code directory hashes those below slotAlternate.
const (
	slotDirectory    = 0
	slotInfoPlist    = 1
	slotRequirements = 2
	slotResources    = 3
	slotAlternate    = 0x1000
	slotCMS          = 0x10000
)

var slotNames = map[int]string{slotInfoPlist: "Info.plist", slotRequirements: "the requirements", slotResources: "CodeResources",
	4: "what the application adds", 5: "the entitlements", 6: "the disk image's header", 7: "the entitlements in DER"}

const (
	designated = 3
	// versionExecutable of a code directory is the first that names the program's __TEXT.
	versionExecutable = 0x20400
	mainBinary        = 1
	mostBlobs         = 32
)

// directory is a code directory: the hashes of all pages and, with negative numbers, of what belongs to the program.
type directory struct {
	raw              []byte
	version          uint32
	limit            uint32
	pageShift        uint8
	pages            int
	specials         int
	hashes           int
	textAt, textSize uint64
	textFlags        uint64
}

// hash gives the one of page i, or of slot -i.
func (d directory) hash(i int) [sha256.Size]byte {
	return [sha256.Size]byte(d.raw[d.hashes+i*sha256.Size:])
}

// superblob takes apart what holds blobs by slot: contiguous, in the order of its index, and nothing else.
func superblob(raw []byte, magic uint32) (blobs map[uint32][]byte, rest []byte, err error) {
	if len(raw) < 12 || be.Uint32(raw) != magic || uint64(be.Uint32(raw[4:])) > uint64(len(raw)) {
		return nil, nil, errors.New("it ends too early")
	}
	raw, rest = raw[:be.Uint32(raw[4:])], raw[be.Uint32(raw[4:]):]
	if len(raw) < 12 {
		return nil, nil, errors.New("it ends too early")
	}
	count := int(be.Uint32(raw[8:]))
	end := 12 + 8*count
	if count > mostBlobs || end > len(raw) {
		return nil, nil, errors.New("it ends in its index")
	}
	blobs = map[uint32][]byte{}
	for i := range count {
		slot, offset := be.Uint32(raw[12+8*i:]), be.Uint32(raw[16+8*i:])
		if int(offset) != end || len(raw)-end < 8 || be.Uint32(raw[end+4:]) < 8 || uint64(be.Uint32(raw[end+4:])) > uint64(len(raw)-end) || blobs[slot] != nil {
			return nil, nil, fmt.Errorf("part %d is misplaced", i)
		}
		blobs[slot] = raw[end : end+int(be.Uint32(raw[end+4:]))]
		end += len(blobs[slot])
	}
	if end != len(raw) {
		return nil, nil, errors.New("it holds more than its parts")
	}
	return blobs, rest, nil
}

func parseSignature(raw []byte) (*Signature, error) {
	blobs, rest, err := superblob(raw, magicSignature)
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	if !zero(rest) {
		return nil, errors.New("signature: more follows it")
	}
	s := &Signature{blobs: blobs}
	for slot := range blobs {
		// Info.plist and CodeResources are files beside the program: a part in their place would be compared instead.
		if slot >= slotAlternate && slot != slotCMS || slot == slotInfoPlist || slot == slotResources {
			return nil, fmt.Errorf("signature: it has a part of the unknown kind %#x", slot)
		}
	}
	if err := s.parseDirectory(blobs[slotDirectory]); err != nil {
		return nil, fmt.Errorf("code directory: %w", err)
	}
	if set := blobs[slotRequirements]; set != nil {
		requirements, _, err := superblob(set, magicRequirements)
		if err != nil {
			return nil, fmt.Errorf("requirements: %w", err)
		}
		if one := requirements[designated]; one != nil {
			s.Requirement = Requirement(one)
		}
	}
	if wrapper := blobs[slotCMS]; len(wrapper) > 8 {
		if be.Uint32(wrapper) != magicWrapper {
			return nil, errors.New("signer: no signature")
		}
		if s.cms, err = parseCMS(wrapper[8:]); err != nil {
			return nil, fmt.Errorf("signer: %w", err)
		}
		s.Chain = s.cms.chain
	}
	return s, nil
}

func (s *Signature) parseDirectory(raw []byte) error {
	if len(raw) < 52 || be.Uint32(raw) != magicDirectory {
		return errors.New("there is none")
	}
	d := directory{raw: raw, version: be.Uint32(raw[8:]), limit: be.Uint32(raw[32:]), pageShift: raw[39],
		hashes: int(be.Uint32(raw[16:])), specials: int(be.Uint32(raw[24:])), pages: int(be.Uint32(raw[28:]))}
	s.Flags = Flags(be.Uint32(raw[12:]))
	if hashSize, hashType := raw[36], raw[37]; hashSize != sha256.Size || hashType != 2 {
		return errors.New("its hashes are not SHA-256")
	}
	if d.pageShift < 12 || d.pageShift > 16 || d.pages != (int(d.limit)+1<<d.pageShift-1)>>d.pageShift {
		return errors.New("it has not one hash for each page")
	}
	if d.specials > 32 || d.hashes < 44+d.specials*sha256.Size || d.hashes > len(raw) || (len(raw)-d.hashes)/sha256.Size < d.pages {
		return errors.New("it ends in its hashes")
	}
	if be.Uint32(raw[44:]) != 0 {
		return errors.New("scattered code is not known here")
	}
	var err error
	if s.Identifier, err = text(raw, be.Uint32(raw[20:])); err != nil {
		return err
	}
	if d.version >= versionExecutable {
		if len(raw) < 88 {
			return errors.New("it ends too early")
		}
		if team := be.Uint32(raw[48:]); team != 0 {
			if s.Team, err = text(raw, team); err != nil {
				return err
			}
		}
		d.textAt, d.textSize, d.textFlags = be.Uint64(raw[64:]), be.Uint64(raw[72:]), be.Uint64(raw[80:])
	}
	hash := sha256.Sum256(raw)
	s.directory, s.CDHash = d, [20]byte(hash[:20])
	return nil
}

// text gives the C string at an offset.
func text(raw []byte, offset uint32) (string, error) {
	if uint64(offset) >= uint64(len(raw)) {
		return "", errors.New("a name lies outside")
	}
	end := bytes.IndexByte(raw[offset:], 0)
	if end < 0 {
		return "", errors.New("a name does not end")
	}
	return string(raw[offset:][:end]), nil
}
