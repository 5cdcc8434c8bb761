package episode

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendJSON appends an episode as time.md's line, without the line feed: keys in its order, no spaces, numbers without
// trailing zeros, empty and false fields left out. Invalid UTF-8 becomes U+FFFD.
func AppendJSON(dst []byte, e *Episode) []byte {
	dst = append(dst, `{"state":`...)
	dst = appendText(dst, string(e.State))
	dst = append(dst, `,"start":"`...)
	dst = e.Start.AppendFormat(dst, "2006-01-02T15:04:05.000-07:00")
	dst = append(dst, `","seconds":`...)
	dst = appendSeconds(dst, e.For)
	dst = appendField(dst, "app", e.App)
	dst = appendField(dst, "title", e.Title)
	dst = appendField(dst, "site", e.Site)
	dst = appendField(dst, "url", e.URL)
	if e.Private {
		dst = append(dst, `,"private":true`...)
	}
	dst = appendField(dst, "ended_by", string(e.EndedBy))
	if e.ObservedFor != 0 {
		dst = append(dst, `,"observed_seconds":`...)
		dst = appendSeconds(dst, e.ObservedFor)
	}
	dst = appendField(dst, "reason", string(e.Reason))
	return append(dst, '}')
}

func appendField(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	dst = append(dst, '"', ':')
	return appendText(dst, value)
}

// appendSeconds writes whole milliseconds as seconds, in decimals and never as a power.
func appendSeconds(dst []byte, length time.Duration) []byte {
	return strconv.AppendFloat(dst, float64(length.Milliseconds())/1000, 'f', -1, 64)
}

// appendText writes a JSON string. Only what JSON requires is escaped: <, > and & stay readable.
func appendText(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range text { // a byte that is no UTF-8 arrives as U+FFFD
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == '\b':
			dst = append(dst, `\b`...)
		case r == '\f':
			dst = append(dst, `\f`...)
		case r < ' ':
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[r>>4], hex[r&0xf])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
