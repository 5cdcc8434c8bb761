// Package codesign reads and checks the code signatures of Mach-O programs, thin or universal, and of the bundles
// around them, and writes and reads code requirements. It is pure: whoever calls reads the files. The formats are those
// of <kern/cs_blobs.h>, <mach-o/loader.h> and <mach-o/fat.h>, and of Apple's technical note TN3126.
package codesign

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
)

// Flags of a code directory, <kern/cs_blobs.h>.
type Flags uint32

// AdHoc code is signed by nobody, LinkerSigned code by nobody but the linker. Of Runtime code the system keeps away what
// others would load into it, or do in it: the hardened runtime.
const (
	AdHoc        Flags = 0x2
	Runtime      Flags = 0x10000
	LinkerSigned Flags = 0x20000
)

// Signature is what the signature of one Code says; Check tells whether it is true.
type Signature struct {
	// Identifier is the program's, in a bundle the bundle's: org.dayline.agent.
	Identifier string
	// Team is Apple's ten characters for a developer, empty for any other.
	Team  string
	Flags Flags
	// CDHash is the code directory's hash, by which an ad hoc signature is known: it differs with every build.
	CDHash [20]byte
	// Requirement is the designated one, by which macOS knows the program again; nil where the signature names none.
	Requirement Requirement
	// Chain holds the certificates, the signer's first; empty if ad hoc.
	Chain []*x509.Certificate

	directory directory
	// blobs by slot: requirements, entitlements, the signature over the code directory.
	blobs map[uint32][]byte
	cms   *signedData
}

// errUnsigned is no fault of the file's form.
var errUnsigned = errors.New("codesign: not signed")

// Check compares a program with its signature: every page, what the signature carries and, where there is a
// certificate, the signature by it. infoPlist and resources are the bundle's Info.plist and CodeResources; nil for a
// program without a bundle. It does not tell whether the certificate is one to trust: compare the requirement.
func (c Code) Check(infoPlist, resources []byte) error {
	if c.Signature == nil {
		return errUnsigned
	}
	if err := c.checkDirectory(infoPlist, resources); err != nil {
		return fmt.Errorf("codesign: %s: %w", c.CPU, err)
	}
	if err := c.Signature.checkSigner(); err != nil {
		return fmt.Errorf("codesign: %s: %w", c.CPU, err)
	}
	return nil
}

func (c Code) checkDirectory(infoPlist, resources []byte) error {
	d := c.Signature.directory
	if int(d.limit) != c.signedTo {
		return fmt.Errorf("%d bytes are signed of %d", d.limit, c.signedTo)
	}
	if d.version >= versionExecutable && (d.textAt != c.text.offset || d.textSize != c.text.size || d.textFlags&mainBinary == 0) {
		return errors.New("it names another __TEXT than the program's")
	}
	for i := range d.pages {
		from := i << d.pageShift
		if sha256.Sum256(c.image[from:min(from+1<<d.pageShift, c.signedTo)]) != d.hash(i) {
			return fmt.Errorf("page %d was changed", i)
		}
	}
	carried := map[int][]byte{slotInfoPlist: infoPlist, slotResources: resources}
	for slot, blob := range c.Signature.blobs {
		if slot != slotDirectory && slot < slotAlternate {
			carried[int(slot)] = blob
		}
	}
	for slot, content := range carried {
		if content != nil && (slot > d.specials || sha256.Sum256(content) != d.hash(-slot)) {
			return fmt.Errorf("%s is not what was signed", slotNames[slot])
		}
	}
	for slot := 1; slot <= d.specials; slot++ {
		if carried[slot] == nil && d.hash(-slot) != ([sha256.Size]byte{}) {
			return fmt.Errorf("%s is signed and missing", slotNames[slot])
		}
	}
	return nil
}

func (s *Signature) checkSigner() error {
	if s.Team != "" && (s.cms == nil || !slices.Equal(s.Chain[0].Subject.OrganizationalUnit, []string{s.Team})) {
		return errors.New("it names a team that is not its signer's")
	}
	if s.cms == nil {
		if s.Flags&AdHoc == 0 {
			return errors.New("it has no signer and is not ad hoc")
		}
		return nil
	}
	if s.Flags&AdHoc != 0 {
		return errors.New("it is ad hoc and has a signer")
	}
	if err := s.cms.check(s.directory.raw); err != nil {
		return err
	}
	if s.Requirement != nil && !s.Requirement.names(s.Identifier, s.Chain) {
		return errors.New("it does not meet its own requirement")
	}
	return nil
}

// Read finds the programs in a Mach-O file and parses their signatures, of which it checks the form alone.
func Read(file []byte) ([]Code, error) {
	thin, err := thinFiles(file)
	if err != nil {
		return nil, fmt.Errorf("codesign: %w", err)
	}
	var found []Code
	for _, image := range thin {
		c, err := parseCode(image)
		if err != nil {
			return nil, fmt.Errorf("codesign: %w", err)
		}
		for _, other := range found {
			if other.CPU == c.CPU {
				return nil, fmt.Errorf("codesign: %s twice", c.CPU)
			}
		}
		found = append(found, c)
	}
	return found, nil
}

// Identity is how macOS knows a program, the same for every processor it is built for.
type Identity struct {
	Identifier string
	Team       string
	AdHoc      bool
	// Requirement as codesign writes it. Of an ad hoc program it names the code directories, and so this build alone.
	Requirement string
	// Signer is the certificate's, nil if ad hoc.
	Signer *x509.Certificate
}

// Check checks every program of a Mach-O file and gives the one identity they have.
func Check(file, infoPlist, resources []byte) (Identity, error) {
	codes, err := Read(file)
	if err != nil {
		return Identity{}, err
	}
	var all Identity
	for i, c := range codes {
		if err := c.Check(infoPlist, resources); err != nil {
			return Identity{}, err
		}
		one, err := c.Signature.identity()
		if err != nil {
			return Identity{}, fmt.Errorf("codesign: %s: %w", c.CPU, err)
		}
		switch {
		case i == 0:
			all = one
		case one.Identifier != all.Identifier || one.Team != all.Team || one.AdHoc != all.AdHoc || !sameSigner(one.Signer, all.Signer):
			return Identity{}, fmt.Errorf("codesign: %s has another identity than %s", c.CPU, codes[0].CPU)
		case one.AdHoc:
			all.Requirement += " or " + one.Requirement
		case one.Requirement != all.Requirement:
			return Identity{}, fmt.Errorf("codesign: %s has another requirement than %s", c.CPU, codes[0].CPU)
		}
	}
	return all, nil
}

func sameSigner(a, b *x509.Certificate) bool {
	return a == nil && b == nil || a != nil && b != nil && bytes.Equal(a.Raw, b.Raw)
}

func (s *Signature) identity() (Identity, error) {
	id := Identity{Identifier: s.Identifier, Team: s.Team, AdHoc: s.cms == nil}
	if id.AdHoc {
		id.Requirement = fmt.Sprintf(`cdhash H"%x"`, s.CDHash)
		return id, nil
	}
	id.Signer = s.Chain[0]
	if s.Requirement == nil {
		return id, errors.New("it names no requirement")
	}
	var err error
	id.Requirement, err = s.Requirement.Text()
	return id, err
}
