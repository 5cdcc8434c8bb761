package browser

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAddress bounds an address, in bytes (security.md 3).
const maxAddress = 2048

// address makes a page's address of what an address field shows; ok is false for all else that it may show: what is
// being searched for, a hint, an address of the browser's own. Browsers leave out "https://" or "http://", and "www.",
// so that text without a scheme is taken for one of https. It has to look like a host by itself: a name with a dot
// and a last part of letters, a number of the Internet Protocol, or localhost.
func address(text string) (whole string, ok bool) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxAddress || !utf8.ValidString(text) || strings.ContainsFunc(text, notOfAddresses) {
		return "", false
	}
	whole = text
	scheme, _, found := strings.Cut(text, "://")
	switch {
	case found && !strings.ContainsAny(scheme, "/?#"):
		if !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
			return "", false
		}
	case strings.Contains(text[:strings.IndexAny(text+"/", "/?#")], "@"):
		// More often an address of mail than one with a user's name.
		return "", false
	default:
		found = false
		whole = "https://" + text
	}
	u, err := url.Parse(whole)
	if err != nil || len(whole) > maxAddress || !isPort(u.Host, u.Port()) || !isHost(u.Hostname(), found) {
		return "", false
	}
	return whole, true
}

func notOfAddresses(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func isPort(host, port string) bool {
	if port == "" {
		return !strings.HasSuffix(host, ":")
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

// isHost tells whether a name is a host's. One that came with a scheme may have a single part, as those of a company's
// own network do.
func isHost(name string, single bool) bool {
	if _, err := netip.ParseAddr(name); err == nil || strings.EqualFold(name, "localhost") {
		return true
	}
	parts := strings.Split(strings.TrimSuffix(name, "."), ".")
	for _, part := range parts {
		if part == "" || strings.ContainsFunc(part, notOfHosts) {
			return false
		}
	}
	last := parts[len(parts)-1]
	named := strings.HasPrefix(strings.ToLower(last), "xn--") || utf8.RuneCountInString(last) > 1 && !strings.ContainsFunc(last, notLetter)
	return single && len(parts) == 1 || len(parts) > 1 && named
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }

func notOfHosts(r rune) bool {
	return notLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
}
