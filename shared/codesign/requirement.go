package codesign

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // how requirements name certificates
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Requirement is a code requirement as signatures carry it, with its magic and length
// (Apple's Code Signing Requirement Language; opcodes of requirement.h in Security).
type Requirement []byte

const (
	opFalse          = 0
	opTrue           = 1
	opIdentifier     = 2
	opAppleAnchor    = 3
	opCertificate    = 4
	opAnd            = 6
	opOr             = 7
	opCDHash         = 8
	opNot            = 9
	opField          = 11
	opExtension      = 14
	opAppleGeneric   = 15
	matchExists      = 0
	matchEqual       = 1
	leaf             = 0
	expressionKind   = 1
	deepestNesting   = 32
	longestRequired  = 1 << 16
	organizationUnit = "subject.OU"
)

// What Apple marks certificates with (Apple's Developer ID certification practice statement).
var (
	appStoreLeaf    = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 1, 9}
	DeveloperIDLeaf = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 1, 13}
	DeveloperIDCA   = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 2, 6}
)

// Own is the requirement of who signs with a certificate of their own: identifier "…" and certificate leaf = H"…". It
// stays the same over all versions as long as the certificate does.
func Own(identifier string, signer *x509.Certificate) Requirement {
	hash := sha1.Sum(signer.Raw)
	return whole(words(opAnd, opIdentifier), data(identifier), words(opCertificate, leaf), data(string(hash[:])))
}

// DeveloperID is the requirement that codesign gives who signs with Apple's Developer ID: it names the team.
func DeveloperID(identifier, team string) Requirement {
	extension := func(slot uint32, oid asn1.ObjectIdentifier) []byte {
		der, err := asn1.Marshal(oid)
		if err != nil {
			panic(err) // the three above
		}
		return slices.Concat(words(opExtension, slot), data(string(der[2:])), words(matchExists))
	}
	return whole(words(opAnd, opAppleGeneric), words(opAnd, opIdentifier), data(identifier),
		words(opOr), extension(leaf, appStoreLeaf),
		words(opAnd), extension(1, DeveloperIDCA),
		words(opAnd), extension(leaf, DeveloperIDLeaf),
		words(opField, leaf), data(organizationUnit), words(matchEqual), data(team))
}

// Set is what a signature carries: the one requirement, as the designated.
func (r Requirement) Set() []byte {
	return slices.Concat(words(magicRequirements, uint32(20+len(r)), 1, designated, 20), r)
}

func whole(parts ...[]byte) Requirement {
	expression := slices.Concat(parts...)
	return slices.Concat(words(magicRequirement, uint32(12+len(expression)), expressionKind), expression)
}

func words(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = be.AppendUint32(b, v)
	}
	return b
}

func data(text string) []byte {
	b := append(words(uint32(len(text))), text...)
	return append(b, make([]byte, -len(b)&3)...)
}

// Text gives the requirement as codesign writes it.
func (r Requirement) Text() (string, error) {
	e, err := r.parse()
	if err != nil {
		return "", fmt.Errorf("codesign: requirement: %w", err)
	}
	return e.text(opOr), nil
}

// names tells whether a program of this identifier and signer is the one required, as far as that can be told here:
// whether Apple issued the certificates cannot.
func (r Requirement) names(identifier string, chain []*x509.Certificate) bool {
	e, err := r.parse()
	return err == nil && e.met(identifier, chain)
}

// expression is a requirement taken apart.
type expression struct {
	op uint32
	// of And, Or and Not.
	operands []expression
	// slot of the certificate: 0 the signer's, -1 the root.
	slot int32
	// value is the identifier, the hash, or what a field equals.
	value []byte
	field string
	oid   asn1.ObjectIdentifier
	match uint32
}

func (r Requirement) parse() (expression, error) {
	if len(r) < 12 || len(r) > longestRequired || be.Uint32(r) != magicRequirement || int(be.Uint32(r[4:])) != len(r) || be.Uint32(r[8:]) != expressionKind {
		return expression{}, errors.New("no expression")
	}
	p := parser{rest: r[12:]}
	e := p.expression(0)
	if len(p.rest) > 0 {
		p.failed = true
	}
	if p.failed {
		return expression{}, errors.New("it is cut short or of a kind unknown here")
	}
	return e, nil
}

type parser struct {
	rest   []byte
	failed bool
}

func (p *parser) word() uint32 {
	if len(p.rest) < 4 {
		p.failed = true
		return 0
	}
	v := be.Uint32(p.rest)
	p.rest = p.rest[4:]
	return v
}

func (p *parser) data() []byte {
	n := uint64(p.word())
	padded := (n + 3) &^ 3
	if padded > uint64(len(p.rest)) || !zero(p.rest[n:padded]) {
		p.failed = true
		return nil
	}
	v := p.rest[:n]
	p.rest = p.rest[padded:]
	return v
}

func (p *parser) expression(depth int) expression {
	e := expression{op: p.word()}
	if depth > deepestNesting {
		p.failed = true
	}
	if p.failed {
		return e
	}
	switch e.op {
	case opFalse, opTrue, opAppleAnchor, opAppleGeneric:
	case opIdentifier, opCDHash:
		e.value = p.data()
	case opCertificate:
		e.slot, e.value = int32(p.word()), p.data()
	case opAnd, opOr:
		e.operands = []expression{p.expression(depth + 1), p.expression(depth + 1)}
	case opNot:
		e.operands = []expression{p.expression(depth + 1)}
	case opField:
		e.slot, e.field = int32(p.word()), string(p.data())
		p.failed = p.failed || strings.Trim(e.field, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.") != ""
		p.comparison(&e)
	case opExtension:
		e.slot = int32(p.word())
		body := p.data()
		if _, err := asn1.Unmarshal(append([]byte{asn1.TagOID, byte(len(body))}, body...), &e.oid); err != nil || len(body) > 127 {
			p.failed = true
		}
		p.comparison(&e)
	default:
		p.failed = true
	}
	return e
}

func (p *parser) comparison(e *expression) {
	switch e.match = p.word(); e.match {
	case matchExists:
	case matchEqual:
		e.value = p.data()
	default:
		p.failed = true
	}
}

// text puts a disjunction in brackets within a conjunction, as And binds more tightly.
func (e expression) text(within uint32) string {
	switch e.op {
	case opFalse:
		return "never"
	case opTrue:
		return "always"
	case opIdentifier:
		return "identifier " + quoted(e.value)
	case opAppleAnchor:
		return "anchor apple"
	case opAppleGeneric:
		return "anchor apple generic"
	case opCDHash:
		return fmt.Sprintf(`cdhash H"%x"`, e.value)
	case opCertificate:
		return fmt.Sprintf(`certificate %s = H"%x"`, e.where(), e.value)
	case opNot:
		return "! " + e.operands[0].text(opNot)
	case opField:
		return "certificate " + e.where() + "[" + e.field + "]" + e.comparison()
	case opExtension:
		return "certificate " + e.where() + "[field." + e.oid.String() + "]" + e.comparison()
	}
	between := map[uint32]string{opAnd: " and ", opOr: " or "}[e.op]
	joined := e.operands[0].text(e.op) + between + e.operands[1].text(e.op)
	if within != opOr && within != e.op {
		return "(" + joined + ")"
	}
	return joined
}

func (e expression) where() string {
	switch e.slot {
	case leaf:
		return "leaf"
	case -1:
		return "root"
	}
	return fmt.Sprint(e.slot)
}

func (e expression) comparison() string {
	if e.match == matchExists {
		return " /* exists */"
	}
	return " = " + bare(e.value)
}

func quoted(value []byte) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range value {
		switch {
		case c < ' ' || c > '~':
			return fmt.Sprintf("0x%x", value)
		case c == '"' || c == '\\':
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	b.WriteByte('"')
	return b.String()
}

// bare leaves what is letters and digits, and begins with a letter, without quotes.
func bare(value []byte) string {
	for i, c := range value {
		if letter := c|0x20 >= 'a' && c|0x20 <= 'z'; !letter && (i == 0 || c < '0' || c > '9') {
			return quoted(value)
		}
	}
	if len(value) == 0 {
		return `""`
	}
	return string(value)
}

func (e expression) met(identifier string, chain []*x509.Certificate) bool {
	var at *x509.Certificate
	if e.slot >= 0 && int(e.slot) < len(chain) {
		at = chain[e.slot]
	} else if e.slot == -1 && len(chain) > 0 {
		at = chain[len(chain)-1]
	}
	switch e.op {
	case opTrue, opAppleAnchor, opAppleGeneric:
		return true
	case opIdentifier:
		return string(e.value) == identifier
	case opCertificate:
		return at != nil && bytes.Equal(e.value, hashOf(at))
	case opAnd:
		return e.operands[0].met(identifier, chain) && e.operands[1].met(identifier, chain)
	case opOr:
		return e.operands[0].met(identifier, chain) || e.operands[1].met(identifier, chain)
	case opNot:
		return !e.operands[0].met(identifier, chain)
	case opExtension:
		return at != nil && Marked(at, e.oid)
	case opField:
		return at != nil && e.field == organizationUnit && slices.Equal(at.Subject.OrganizationalUnit, []string{string(e.value)})
	}
	return false
}

func hashOf(c *x509.Certificate) []byte {
	hash := sha1.Sum(c.Raw)
	return hash[:]
}

// Marked tells whether a certificate has an extension.
func Marked(c *x509.Certificate, oid asn1.ObjectIdentifier) bool {
	for _, e := range c.Extensions {
		if e.Id.Equal(oid) {
			return true
		}
	}
	return false
}
