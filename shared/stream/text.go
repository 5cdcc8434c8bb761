package stream

import (
	"strings"
	"unicode/utf8"
)

// Printable takes out of a device's text what could act on a reader's screen instead of being read: control
// characters, line and paragraph separators, and those that turn the direction of writing (security.md §7). Text
// without any is returned as it is.
func Printable(text string) string {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= ' ' && c < 0x7f {
			continue
		}
		if c < utf8.RuneSelf || strings.ContainsFunc(text[i:], acts) {
			return strings.Map(func(r rune) rune {
				if acts(r) {
					return -1
				}
				return r
			}, text)
		}
		return text
	}
	return text
}

func acts(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r <= 0x9f: // C0, DEL, C1
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // bidi
		return true
	case r == 0x2028, r == 0x2029: // line and paragraph separator
		return true
	}
	return false
}
