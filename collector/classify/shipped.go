package classify

import (
	"bufio"
	_ "embed" // the shipped list
	"strings"
	"sync"
)

//go:embed shipped.csv
var shippedFile string

// Entry is a subject of the shipped list. It names a kind and judges nothing: its status is undefined.
type Entry struct {
	Subject
	Category string
}

// Shipped gives the list of well-known applications and sites that comes with the collector: lines of kind, name,
// category.
var Shipped = sync.OnceValue(func() (entries []Entry) {
	lines := bufio.NewScanner(strings.NewReader(shippedFile))
	for lines.Scan() {
		kind, rest, _ := strings.Cut(lines.Text(), ",")
		name, category, found := strings.Cut(rest, ",")
		if !found || strings.HasPrefix(kind, "#") {
			continue
		}
		entry := Entry{Category: category}
		switch kind {
		case "app":
			entry.App = name
		case "site":
			entry.Site = name
		case "url":
			entry.URL = name
		}
		entries = append(entries, entry)
	}
	return entries
})
