package x11

import (
	"strings"
	"unicode/utf8"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// maxTitle is the longest title told, in characters (security.md 3).
const maxTitle = 512

// titleText makes a title of bytes that should be UTF-8 and need not be.
func titleText(value []byte) string {
	value, _, _ = cutZero(value)
	// What the read cut in the middle of a character is no error of the title.
	if len(value) == titleWords*4 {
		for cut := 1; cut < utf8.UTFMax && cut < len(value); cut++ {
			if last := value[len(value)-cut:]; utf8.RuneStart(last[0]) {
				if !utf8.FullRune(last) {
					value = value[:len(value)-cut]
				}
				break
			}
		}
	}
	return shorten(strings.ToValidUTF8(string(value), "\uFFFD"))
}

// titleLatin1 makes a title of a STRING property: Latin-1 by the letter of the standard, though some put UTF-8 there.
func titleLatin1(value []byte) string {
	value, _, _ = cutZero(value)
	if utf8.Valid(value) {
		return shorten(string(value))
	}
	runes := make([]rune, len(value))
	for i, b := range value {
		runes[i] = rune(b)
	}
	return shorten(string(runes))
}

func shorten(title string) string {
	if len(title) <= maxTitle {
		return title
	}
	n := 0
	for i := range title {
		if n == maxTitle {
			return title[:i]
		}
		n++
	}
	return title
}

// classOf takes the second of WM_CLASS's two strings, each ended by a zero; the only one where there is one.
func classOf(value []byte) string {
	instance, rest, _ := cutZero(value)
	class, _, _ := cutZero(rest)
	if len(class) == 0 {
		class = instance
	}
	return strings.ToValidUTF8(string(class), "\uFFFD")
}

func cutZero(value []byte) (before, after []byte, found bool) {
	for i, b := range value {
		if b == 0 {
			return value[:i], value[i+1:], true
		}
	}
	return value, nil, false
}

// number reads a property of one 32-bit number; 0 where there is none.
func number(reply *xproto.GetPropertyReply) uint32 {
	if reply == nil || reply.Format != 32 || len(reply.Value) < 4 {
		return 0
	}
	return xgb.Get32(reply.Value)
}
