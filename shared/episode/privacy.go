package episode

import (
	"strings"
	"unicode/utf8"
)

// Focus is the window in front as observed: nothing is taken from it yet.
type Focus struct {
	App, Title, URL string
	Private         bool
}

// Bounds on what an identity holds (security.md 3 and 4): titles and names in runes, addresses in bytes.
const (
	maxTitleRunes   = 512
	maxAddressBytes = 2048
)

// Reduce applies the privacy settings to a focus (rule 12). Texts come out as valid UTF-8.
func (r *Rules) Reduce(f Focus) Identity {
	id, _ := r.reduce(f, siteOf(f))
	return id.Identity
}

// identity is an Identity that knows the parts of its address, so that it can be reduced again: URL[path:query] is the
// path, URL[query:] the "?query".
type identity struct {
	Identity
	path, query int
}

// samePlace compares what has to stay in front for `settle` whatever its page does.
func (id *identity) samePlace(other *identity) bool {
	return id.App == other.App && id.Site == other.Site && id.Private == other.Private
}

func (id *identity) samePage(other *identity) bool {
	return id.Title == other.Title && id.URL == other.URL
}

// withPage is the place of one identity with the page of another.
func (id identity) withPage(page *identity) identity {
	id.Title, id.URL, id.path, id.query = page.Title, page.URL, page.path, page.query
	return id
}

// siteOf parses the page's address; the zero address where there is none to speak of.
func siteOf(f Focus) address {
	if f.Private || f.URL == "" {
		return address{}
	}
	a, _ := parseAddress(f.URL)
	return a
}

// reduce gives the identity of a focus with this address, and how many texts redaction emptied.
func (r *Rules) reduce(f Focus, a address) (id identity, emptied int64) {
	id.App, id.Private = cutRunes(f.App), f.Private
	if f.Private {
		return id, 0
	}
	id.Title, id.Site = cutRunes(f.Title), a.site
	id.URL, id.path, id.query = a.text, a.path, a.query
	return r.narrow(id, true)
}

// narrow takes from an identity what the privacy settings do not allow, redacting it if asked to, and counts the texts
// that redaction emptied.
func (r *Rules) narrow(id identity, redact bool) (_ identity, emptied int64) {
	if !r.privacy.Titles {
		id.Title = ""
	}
	switch r.privacy.URLs {
	case URLsFull:
	case URLsPath:
		id.URL = id.URL[:id.query]
	case URLsHost:
		id.clearURL()
	default:
		id.clearURL()
		id.Site = ""
	}
	if redact && (r.redaction.broken || len(r.redaction.patterns) > 0) {
		emptied = r.redactTexts(&id)
	}
	if len(id.URL) > maxAddressBytes {
		id.URL = strings.ToValidUTF8(id.URL[:maxAddressBytes], "")
		id.path, id.query = min(id.path, len(id.URL)), min(id.query, len(id.URL))
	}
	return id, emptied
}

// redactTexts redacts title, then path, then query, each cut first (security.md 4).
func (r *Rules) redactTexts(id *identity) (emptied int64) {
	title, ok := r.redaction.redact(id.Title)
	if !ok {
		emptied++
	}
	id.Title = cutRunes(title)
	if id.URL == "" {
		return emptied
	}
	bare, path, query := id.URL[:id.path], cutRunes(id.URL[id.path:id.query]), cutRunes(id.URL[id.query:])
	newPath, ok1 := r.redaction.redact(path)
	newQuery, ok2 := r.redaction.redact(strings.TrimPrefix(query, "?"))
	if !ok1 || !ok2 {
		id.clearURL()
		return emptied + 1
	}
	if query != "" {
		newQuery = "?" + newQuery
	}
	if whole := len(bare) + len(newPath) + len(newQuery); whole != len(id.URL) || newPath != path || newQuery != query {
		id.URL, id.query = bare+newPath+newQuery, len(bare)+len(newPath)
	}
	return emptied
}

func (id *identity) clearURL() { id.URL, id.path, id.query = "", 0, 0 }

// cutRunes cuts a text to maxTitleRunes and makes it valid UTF-8.
func cutRunes(text string) string {
	if len(text) > maxTitleRunes {
		runes := 0
		for i := range text {
			if runes == maxTitleRunes {
				text = text[:i]
				break
			}
			runes++
		}
	}
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
