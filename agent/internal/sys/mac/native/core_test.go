//go:build linux

package native

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unsafe"
)

func TestTexts(t *testing.T) {
	long := strings.Repeat("ä", longest)
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"plain", "Inbox", "Inbox"},
		{"every length of character", "a ä € 𝄞", "a ä € 𝄞"},
		{"a zero within", "a\x00b", "a\x00b"},
		{"cut after a character", long, long[:longest]},
		{"cut before a long character", "a" + long, "a" + long[:longest-2]},
	} {
		t.Run(c.name, func(t *testing.T) {
			balanced(t)
			text := newString(c.text)
			defer cfRelease(text)
			if got := textOf(text); got != c.want {
				t.Errorf("%.60q of %d bytes, want %.60q of %d", got, len(got), c.want, len(c.want))
			}
		})
	}
}

func TestTextOfBrokenUTF16(t *testing.T) {
	balanced(t)
	units := append([]uint16{0xd83d}, utf16.Encode([]rune("x😀"))...)
	units = append(units, 0xde00, 'y', 0xd83d)
	text := stub.newText(unsafe.SliceData(units), len(units))
	defer cfRelease(text)
	if got, want := textOf(text), "?x😀?y?"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTextOfOtherThings(t *testing.T) {
	balanced(t)
	url, number := stub.newURL("https://example.com/ä"), stub.newNumber(kindNumber, 7)
	defer cfRelease(url)
	defer cfRelease(number)
	if got := textOf(url); got != "https://example.com/ä" {
		t.Errorf("an address: %q", got)
	}
	if got := textOf(number) + textOf(0); got != "" {
		t.Errorf("a number and nothing: %q", got)
	}
}

// Of enum kind in stub.h.
const (
	kindBoolean = 3
	kindNumber  = 4
)

func TestTruth(t *testing.T) {
	balanced(t)
	for _, c := range []struct {
		kind   int32
		number int64
		want   bool
	}{{kindBoolean, 1, true}, {kindBoolean, 0, false}, {kindNumber, 1, true}, {kindNumber, 1 << 40, true}, {kindNumber, 0, false}} {
		value := stub.newNumber(c.kind, c.number)
		if got := isTrue(value); got != c.want {
			t.Errorf("%d of kind %d: %v", c.number, c.kind, got)
		}
		cfRelease(value)
	}
	text := newString("true")
	defer cfRelease(text)
	if isTrue(text) || isTrue(0) {
		t.Error("a text or nothing is true")
	}
}
