package msi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// summary is the section of the summary information, which says what the package is before it is opened:
// https://learn.microsoft.com/openspecs/windows_protocols/ms-oleps/bf7aeae8-c47a-4939-9f45-700158dac3bc. It is some
// hundred bytes in one piece of the file, and is changed in place.
type summary []byte

// The properties: https://learn.microsoft.com/windows/win32/msi/summary-property-descriptions
const (
	summaryTemplate    = 7
	summaryPackageCode = 9
	summaryCreatedAt   = 12
	summarySavedAt     = 13
)

// Their types.
const (
	typeText = 0x1e
	typeTime = 0x40
)

// formatID of summary information, F29F85E0-4FF9-1068-AB91-08002B27B3D9; its place in the file follows it.
var formatID = []byte("\xe0\x85\x9f\xf2\xf9\x4f\x68\x10\xab\x91\x08\x00\x2b\x27\xb3\xd9")

// formatIDAt is where formatID stands in a property set, whose beginning places are counted from.
const formatIDAt = 28

var errDamaged = errors.New("not one that wixl wrote")

// stamp replaces what comes from the clock and from chance. The package code, the name of these very bytes, comes from
// them.
func (p Package) stamp(whole []byte) error {
	s, err := summaryOf(whole)
	if err != nil {
		return err
	}
	for _, id := range []uint32{summaryCreatedAt, summarySavedAt} {
		if err := s.setTime(id, p.Agent.Built); err != nil {
			return err
		}
	}
	if p.Agent.Arch == "arm64" {
		if err := s.setText(summaryTemplate, "Arm64;1033"); err != nil {
			return err
		}
	}
	if err := s.setText(summaryPackageCode, guid()); err != nil {
		return err
	}
	return s.setText(summaryPackageCode, guid(whole))
}

func summaryOf(whole []byte) (summary, error) {
	at := bytes.Index(whole, formatID) - formatIDAt
	if at < 0 || bytes.Count(whole, formatID) != 1 {
		return nil, errDamaged
	}
	set := whole[at:]
	begin, ok := number(set, formatIDAt+len(formatID))
	if !ok {
		return nil, errDamaged
	}
	size, ok := number(set, int(begin))
	if !ok || int(begin)+int(size) > len(set) {
		return nil, errDamaged
	}
	return summary(set[begin:][:size]), nil
}

// value gives the bytes of a property from its value to the end of the section.
func (s summary) value(id, kind uint32) ([]byte, error) {
	count, _ := number(s, 4)
	for i := range min(int(count), len(s)/8) {
		found, _ := number(s, 8+8*i)
		at, _ := number(s, 12+8*i)
		if found != id {
			continue
		}
		if k, ok := number(s, int(at)); !ok || k != kind {
			break
		}
		return s[at+4:], nil
	}
	return nil, fmt.Errorf("property %d: %w", id, errDamaged)
}

// setTime writes a time as Windows counts it: 100 ns since 1601.
func (s summary) setTime(id uint32, at time.Time) error {
	value, err := s.value(id, typeTime)
	if err != nil {
		return err
	}
	if len(value) < 8 {
		return errDamaged
	}
	from := time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
	binary.LittleEndian.PutUint64(value, uint64(at.Unix()-from.Unix())*1e7)
	return nil
}

// setText writes a text where one is that takes as much room, which is a multiple of four bytes.
func (s summary) setText(id uint32, text string) error {
	value, err := s.value(id, typeText)
	if err != nil {
		return err
	}
	length, ok := number(value, 0)
	room := (int(length) + 3) / 4 * 4
	if !ok || 4+room > len(value) || len(text)+1 > room {
		return fmt.Errorf("property %d: %w", id, errDamaged)
	}
	binary.LittleEndian.PutUint32(value, uint32(len(text)+1))
	clear(value[4:][:room])
	copy(value[4:], text)
	return nil
}

func number(b []byte, at int) (uint32, bool) {
	if at < 0 || at+4 > len(b) {
		return 0, false
	}
	return binary.LittleEndian.Uint32(b[at:]), true
}
