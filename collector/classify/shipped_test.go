package classify

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/address"
	"github.com/dayline-project/dayline/collector/config"
)

func TestShippedListNamesKindsOnly(t *testing.T) {
	entries := Shipped()
	if len(entries) < 300 {
		t.Fatalf("%d entries", len(entries))
	}
	if lines := strings.Count(shippedFile, "\n") - strings.Count(shippedFile, "#"); lines != len(entries) {
		t.Errorf("%d lines give %d entries", lines, len(entries))
	}
	classes := New(&config.Classification{})
	classify := classes.Classifier()
	seen := map[string]bool{}
	for _, entry := range entries {
		// Without case, since that is how Windows and macOS look.
		if key := strings.ToLower(entry.String()); seen[key] {
			t.Errorf("%s stands there twice", entry)
		} else {
			seen[key] = true
		}
		if name := strings.ToLower(entry.App); strings.HasSuffix(name, ".exe") && name != entry.App {
			t.Errorf("%s: agents on Windows tell of %s", entry, name)
		}
		given := 0
		for _, name := range []string{entry.App, entry.Site, entry.URL} {
			if name != "" {
				given++
			}
			if name != strings.TrimSpace(name) || strings.ContainsFunc(name, unicode.IsControl) {
				t.Errorf("%q is no name", name)
			}
		}
		if given != 1 {
			t.Errorf("%+v has %d subjects", entry, given)
		}
		if entry.Category == "" || entry.Category == config.Ignore || !unicode.IsUpper(rune(entry.Category[0])) {
			t.Errorf("%s: the category is %q", entry, entry.Category)
		}
		class := classify(collector.Subject{App: entry.App, Site: entry.Site, URL: entry.URL})
		if len(class) != 1 || class[0] != (collector.Class{Status: collector.Undefined, Category: entry.Category}) {
			t.Errorf("%s is %+v; want undefined and %s", entry, class, entry.Category)
		}
	}
}

// A site that is a public suffix would stand for itself alone.
func TestShippedHostsCanBeReached(t *testing.T) {
	for _, entry := range Shipped() {
		host := entry.Site
		if entry.URL != "" {
			var path string
			if host, path, _ = address.Parse(entry.URL); !strings.HasPrefix(entry.URL, "https://") || strings.ContainsAny(entry.URL, "?#") || path != "/" && strings.HasSuffix(path, "/") {
				t.Errorf("%s is written another way", entry)
			}
		}
		if host == "" {
			continue
		}
		if !address.Valid(host) || entry.Site != "" && address.Host(host) != host || !strings.Contains(address.Registrable(host), ".") {
			t.Errorf("%s: %q is no host", entry, host)
		}
		if entry.Site != "" && address.Registrable("sub."+host) == "sub."+host {
			t.Errorf("%s: others register below it", entry)
		}
	}
}

func TestShippedListIsSorted(t *testing.T) {
	kind := func(e Entry) int { return slices.Index([]bool{e.App != "", e.Site != "", e.URL != ""}, true) }
	entries := Shipped()
	if !slices.IsSortedFunc(entries, func(a, b Entry) int {
		return cmp.Or(strings.Compare(a.Category, b.Category), cmp.Compare(kind(a), kind(b)),
			strings.Compare(strings.ToLower(a.String()), strings.ToLower(b.String())))
	}) {
		t.Error("the list is not in the order of category, kind and name")
	}
}
