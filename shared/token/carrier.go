package token

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A package carries an enrolment string inside it, between two marks of one pair, zeros filling what the string leaves free; or
// in its file's name.
//
// The first pair is our own, for a package that nobody signed. The second is what `osslsigncode add -addUnauthenticatedBlob`
// reserves among the attributes of a signature that the signature does not cover.
var marks = [][2][]byte{
	{[]byte("---BEGIN_DAYLINE_ENROLLMENT---"), []byte("---END_DAYLINE_ENROLLMENT---")},
	{[]byte("---BEGIN_BLOB---"), []byte("---END_BLOB---")},
}

// ReservedBytes are those between our own marks: room for any enrolment string.
const ReservedBytes = 2048

// ErrNoString: nothing carries an enrolment string.
var ErrNoString = errors.New("there is no enrolment string in it")

// Reservation is what a packer puts into a package that nobody signed, for a string to be written into it later.
func Reservation() []byte {
	return bytes.Join([][]byte{marks[0][0], make([]byte, ReservedBytes), marks[0][1]}, nil)
}

// Reserved is where a string can be written into a package.
type Reserved struct {
	// At is where the room begins, Size how many bytes it has.
	At   int64
	Size int
	// Signed: it is among the attributes of a signature, and not our own.
	Signed bool
}

// window is what is looked at together: a pair of marks, and what stands between them, is never longer than overlap.
const (
	window  = 64 << 10
	overlap = 4 << 10
)

// FindReserved finds every room for a string in a package, whatever is written in it.
func FindReserved(r io.Reader) ([]Reserved, error) {
	var found []Reserved
	err := scan(r, func(at int64, room []byte, signed bool) bool {
		found = append(found, Reserved{At: at, Size: len(room), Signed: signed})
		return true
	})
	return found, err
}

// FindStamp gives the enrolment string that was written into a package; ErrNoString where none was.
func FindStamp(r io.Reader) (string, error) {
	text := ""
	err := scan(r, func(_ int64, room []byte, _ bool) bool {
		written := string(bytes.TrimRight(room, "\x00"))
		if _, err := Parse(written); err != nil {
			return true
		}
		text = written
		return false
	})
	if err == nil && text == "" {
		err = ErrNoString
	}
	return text, err
}

// scan shows each room to see, with where it begins, until that gives false.
func scan(r io.Reader, see func(at int64, room []byte, signed bool) bool) error {
	held, base := make([]byte, 0, window+overlap), int64(0)
	for {
		n, err := io.ReadFull(r, held[len(held):cap(held)])
		held = held[:len(held)+n]
		over := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !over {
			return fmt.Errorf("enrolment string: read the package: %w", err)
		}
		// What begins in the overlap is looked at with what follows it.
		end := window
		if over {
			end = len(held)
		}
		for i, pair := range marks {
			for at := 0; ; {
				next := bytes.Index(held[at:], pair[0])
				if next < 0 || at+next >= end {
					break
				}
				at += next + len(pair[0])
				if size := bytes.Index(held[at:min(len(held), at+overlap-2*len(pair[0]))], pair[1]); size > 0 && !see(base+int64(at), held[at:at+size], i == 1) {
					return nil
				}
			}
		}
		if over {
			return nil
		}
		base += window
		held = held[:copy(held, held[window:])]
	}
}

// FindInName gives the enrolment string in a file's name, however it was renamed around it: "Dayline (dl1…) (1).msi",
// "Copy of dayline-dl1….pkg". ErrNoString where there is none, or none that is whole.
func FindInName(name string) (string, error) {
	lower := strings.ToLower(name)
	for at := 0; ; at++ {
		next := strings.Index(lower[at:], prefix)
		if next < 0 {
			return "", ErrNoString
		}
		at += next
		end := at + strings.IndexFunc(lower[at:]+".", func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
		if _, err := Parse(lower[at:end]); err == nil {
			return lower[at:end], nil
		}
	}
}
