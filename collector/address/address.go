// Package address brings hosts and page addresses into the one form in which rules and what was recorded are compared.
// It is pure, and no text makes it panic.
package address

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// international maps a name as browsers do (UTS 46), and refuses nothing that somebody's network may resolve.
var international = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule())

// Host gives a host in the form in which hosts are compared: lower case, international names as xn--, without a leading
// www., a trailing dot or brackets. What is no host comes out as a text that Valid refuses.
func Host(text string) string {
	host := text
	if !isPlain(host) {
		host = strings.ToLower(strings.Trim(host, "[]"))
		if ip, err := netip.ParseAddr(host); err == nil {
			host = ip.WithZone("").String()
		} else if ascii, err := international.ToASCII(host); err == nil {
			host = ascii
		}
	}
	return strings.TrimPrefix(strings.TrimSuffix(host, "."), "www.")
}

// isPlain: lower case, and nothing to map.
func isPlain(host string) bool {
	for i := range len(host) {
		if c := host[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// Valid tells whether a text in the form of Host can be one.
func Valid(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Zone() == ""
	}
	if host == "" || len(host) > 253 || !isPlain(host) {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// Parse gives host and path of a page address in the form in which they are compared; the path is empty or begins with
// a slash. Scheme, user, port, query and fragment are left out. ok is false for what is no http or https address.
func Parse(raw string) (host, path string, ok bool) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", "", false
	}
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		rest = rest[:end]
	}
	host = rest
	if end := strings.IndexByte(rest, '/'); end >= 0 {
		host, path = rest[:end], Path(rest[end:])
	}
	host = host[strings.LastIndexByte(host, '@')+1:]
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		host = host[:colon]
	}
	host = Host(host)
	return host, path, host != ""
}

// Path gives a path in the form in which paths are compared: escapes are read, save those of a slash and of the per cent
// sign, without which two paths could look like one.
func Path(path string) string {
	at := strings.IndexByte(path, '%')
	if at < 0 {
		return path
	}
	var out strings.Builder
	for ; at >= 0; at = strings.IndexByte(path, '%') {
		out.WriteString(path[:at])
		path = path[at:]
		code, err := uint64(0), strconv.ErrSyntax
		if len(path) >= 3 {
			code, err = strconv.ParseUint(path[1:3], 16, 8)
		}
		switch {
		case err != nil || code == '%':
			out.WriteString("%25")
		case code == '/':
			out.WriteString("%2F")
		default:
			out.WriteByte(byte(code))
		}
		if err != nil {
			path = path[1:]
			continue
		}
		path = path[3:]
	}
	out.WriteString(path)
	return out.String()
}

// Registrable gives the domain below a public suffix that a host, in the form of Host, belongs to: the last of its
// parents that one rule may speak for. Suffixes of companies that let others register below them count (a.github.io).
// An IP address, a suffix and a name without dots are their own.
func Registrable(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return domain
}
