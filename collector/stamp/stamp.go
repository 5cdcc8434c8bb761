// Package stamp puts an enrolment string into a package on its way out, without a copy of the package in memory and without
// breaking what signs it. What is stamped is read from the package's file and a few pieces of its own.
package stamp

import (
	"fmt"
	"io"
	"sort"

	"github.com/dayline-project/dayline/shared/release"
)

// Carrier is how what is downloaded carries the string.
type Carrier string

// The carriers.
const (
	// Inside the file, whatever it is called.
	Inside Carrier = "inside"
	// Name of the file: a signature covers all that is inside. The package itself goes out as it is.
	Name Carrier = "name"
	// Beside the package, in a .tar that is handed out in its place, with what installs both: the package itself stays as it is.
	Beside Carrier = "beside"
	// None: a signature covers all that is inside, and nothing reads the name. The string goes another way.
	None Carrier = "none"
)

// Package is one that was read once and can be stamped any number of times, by several at once.
type Package struct {
	carrier Carrier
	source  io.ReaderAt
	size    int64
	// cut gives what is handed out with a string; nil where that is the package as it is.
	cut func(text string) ([]piece, error)
}

// piece of what goes out: bytes of our own, or a part of the package's file.
type piece struct {
	own      []byte
	from, to int64
}

func own(b []byte) piece            { return piece{own: b} }
func part(from, to int64) piece     { return piece{from: from, to: to} }
func (p piece) size() int64         { return int64(len(p.own)) + p.to - p.from }
func (p *Package) Carrier() Carrier { return p.carrier }

// opener reads a kind of package and gives its carrier, and what cuts it where that is Inside or Beside.
type opener func(source io.ReaderAt, size int64) (Carrier, func(text string) ([]piece, error), error)

// openers of the kinds that can carry a string.
var openers = map[string]opener{
	release.MSI: openMSI,
	release.Pkg: openPkg,
	release.Deb: openDeb,
	release.RPM: openRPM,
	release.Tar: openTar,
}

// Open reads a package of a kind (release.MSI and so on). An error tells what keeps it from being handed out.
func Open(kind string, source io.ReaderAt, size int64) (*Package, error) {
	open, known := openers[kind]
	if !known {
		return &Package{carrier: None, source: source, size: size}, nil
	}
	carrier, cut, err := open(source, size)
	if err != nil {
		return nil, fmt.Errorf("stamp: %s: %w", kind, err)
	}
	return &Package{carrier: carrier, source: source, size: size, cut: cut}, nil
}

// Stamped is a package with a string in it, as it is handed out; for one reader at a time.
type Stamped struct {
	source io.ReaderAt
	pieces []piece
	// ends are where each piece ends.
	ends []int64
	at   int64
}

// With gives the package with a string in it, or as it is where the string goes another way.
func (p *Package) With(text string) (*Stamped, error) {
	pieces := []piece{part(0, p.size)}
	if p.cut != nil {
		var err error
		if pieces, err = p.cut(text); err != nil {
			return nil, fmt.Errorf("stamp: %w", err)
		}
	}
	s := &Stamped{source: p.source, pieces: pieces}
	end := int64(0)
	for _, piece := range pieces {
		end += piece.size()
		s.ends = append(s.ends, end)
	}
	return s, nil
}

// Size in bytes.
func (s *Stamped) Size() int64 { return s.ends[len(s.ends)-1] }

// Read of io.Reader.
func (s *Stamped) Read(b []byte) (int, error) {
	if s.at >= s.Size() {
		return 0, io.EOF
	}
	i := sort.Search(len(s.ends), func(i int) bool { return s.ends[i] > s.at })
	p, left := s.pieces[i], s.ends[i]-s.at
	b = b[:min(int64(len(b)), left)]
	if p.own != nil {
		copy(b, p.own[int64(len(p.own))-left:])
	} else if _, err := io.ReadFull(io.NewSectionReader(s.source, p.to-left, left), b); err != nil {
		return 0, fmt.Errorf("stamp: read the package: %w", err)
	}
	s.at += int64(len(b))
	return len(b), nil
}
