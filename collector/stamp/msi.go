package stamp

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/dayline-project/dayline/shared/token"
)

// compoundFile is what a Windows Installer package begins with, being one:
// https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb/05060311-bfce-4b12-874d-71fd4ce63aea
var compoundFile = []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")

// signature begins the entry of a compound file's folder for its stream "\x05DigitalSignature", in UTF-16. An entry has 128
// bytes and begins at a multiple of them; a stream's has the kind 2:
// https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb/60fe8611-66c3-496b-b70d-a504c94c9ace
var signature = func() (name []byte) {
	for _, letter := range "\x05DigitalSignature\x00" {
		name = append(name, byte(letter), 0)
	}
	return name
}()

const (
	entryBytes  = 128
	entryKindAt = 66
	streamKind  = 2
)

// openMSI finds the room for a string: in a signed package that which the signature does not cover, else our own.
func openMSI(source io.ReaderAt, size int64) (Carrier, func(text string) ([]piece, error), error) {
	begin := make([]byte, len(compoundFile))
	if _, err := source.ReadAt(begin, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", nil, err
	}
	if !bytes.Equal(begin, compoundFile) {
		return "", nil, errors.New("it is no package of Windows Installer")
	}
	signed, err := hasSignature(io.NewSectionReader(source, 0, size))
	if err != nil {
		return "", nil, err
	}
	found, err := token.FindReserved(io.NewSectionReader(source, 0, size))
	if err != nil {
		return "", nil, err
	}
	for _, room := range found {
		if room.Signed == signed {
			return Inside, func(text string) ([]piece, error) { return write(text, room, size) }, nil
		}
	}
	return None, nil, nil
}

func hasSignature(r io.Reader) (bool, error) {
	for chunk := make([]byte, 512*entryBytes); ; {
		n, err := io.ReadFull(r, chunk)
		for entry := chunk[:n]; len(entry) >= entryBytes; entry = entry[entryBytes:] {
			if bytes.HasPrefix(entry, signature) && entry[entryKindAt] == streamKind {
				return true, nil
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return false, nil
		case err != nil:
			return false, err
		}
	}
}

// write puts a text into the room of a file of this size, zeros filling what it leaves.
func write(text string, room token.Reserved, size int64) ([]piece, error) {
	if len(text) > room.Size {
		return nil, fmt.Errorf("the enrolment string has %d bytes; the package has room for %d", len(text), room.Size)
	}
	filled := make([]byte, room.Size)
	copy(filled, text)
	return []piece{part(0, room.At), own(filled), part(room.At+int64(room.Size), size)}, nil
}
