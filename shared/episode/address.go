package episode

import (
	"net/url"
	"strconv"
	"strings"
)

// address is a page's http or https address in the form of rule 12, without user name, password and fragment:
// text[:path] is scheme, host and port, text[path:query] the path as given, text[query:] the "?query" if there is one.
type address struct {
	text        string
	path, query int
	// site is the host without a leading www.
	site string
}

// parseAddress reads what a browser shows as the page's address. All but scheme and authority is kept as given, so that
// a stray % does not lose the address. ok is false for every other scheme, and for what does not read.
func parseAddress(raw string) (a address, ok bool) {
	raw = strings.ToValidUTF8(raw, "\uFFFD")
	scheme, rest, ok := cutScheme(raw)
	if !ok || hasControl(raw) {
		return address{}, false
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	host, port, ok := splitAuthority(authority)
	if !ok {
		return address{}, false
	}
	rest, _, _ = strings.Cut(rest[len(authority):], "#")
	path, query, _ := strings.Cut(rest, "?")
	tail := rest
	if query == "" {
		tail = path
	}

	a.site = strings.TrimPrefix(host, "www.")
	givenPort, isGiven := strings.CutPrefix(authority, host)
	isGiven = isGiven && (givenPort == "" || port != "" && givenPort[1:] == port)
	if isGiven && strings.HasPrefix(raw, scheme) {
		// Nothing to normalise: no copy.
		a.path = len(scheme) + len("://") + len(authority)
		a.text = raw[:a.path+len(tail)]
	} else {
		bare := scheme + "://" + bracketed(host)
		if port != "" {
			bare += ":" + port
		}
		a.path = len(bare)
		a.text = bare + tail
	}
	a.query = a.path + len(path)
	return a, true
}

// bracketed writes a host as it stands in an address.
func bracketed(host string) string {
	if !strings.Contains(host, ":") {
		return host
	}
	return "[" + strings.ReplaceAll(host, "%", "%25") + "]"
}

// cutScheme gives the scheme in lower case, and what follows "://".
func cutScheme(raw string) (scheme, rest string, ok bool) {
	for _, scheme := range [...]string{"http", "https"} {
		head := len(scheme) + len("://")
		if len(raw) >= head && strings.EqualFold(raw[:len(scheme)], scheme) && raw[len(scheme):head] == "://" {
			return scheme, raw[head:], true
		}
	}
	return "", "", false
}

// splitAuthority gives the host in lower case without trailing dot or brackets, and the port as given.
func splitAuthority(authority string) (host, port string, ok bool) {
	host, port, _ = strings.Cut(authority, ":")
	if !isPlain(host) || !isDigits(port) {
		u, err := url.Parse("http://" + authority)
		if err != nil {
			return "", "", false
		}
		host, port = strings.ToValidUTF8(strings.ToLower(u.Hostname()), "\uFFFD"), u.Port()
	}
	if port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", "", false
		}
	}
	host = strings.TrimSuffix(host, ".")
	return host, port, host != "" && len(host) <= maxHostBytes
}

// maxHostBytes is more than a name in the DNS can have (RFC 1035).
const maxHostBytes = 255

// isPlain: a host name in lower case that needs no parser.
func isPlain(host string) bool {
	for i := range len(host) {
		c := host[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

func hasControl(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return true
		}
	}
	return false
}
