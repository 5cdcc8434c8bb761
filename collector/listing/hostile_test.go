package listing_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector/listing"
	"github.com/dayline-project/dayline/collector/storetest"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// kept is a text as the collector keeps it.
func kept(text string) string { return stream.Printable(strings.ToValidUTF8(text, "\ufffd")) }

// No file does anything with a hostile text but hold it, also where it came in by a way that cleans nothing.
func TestHostileTextsComeBackFromFiles(t *testing.T) {
	for _, format := range append([]string{listing.JSON}, files...) {
		var rows []proto.Message
		for _, text := range storetest.Hostile {
			if format == listing.JSON {
				text = kept(text) // a message that is not UTF-8 is none
			}
			rows = append(rows, &adminv1.ActivityRow{Title: text, App: text, Url: text, DeviceName: text, Start: text})
		}
		table := read(t, format, file(t, format, rows[0], rows...))
		if len(table.Rows) != len(storetest.Hostile) {
			t.Fatalf("%s: %d rows of %d", format, len(table.Rows), len(storetest.Hostile))
		}
		for i, text := range storetest.Hostile {
			want := kept(text)
			if format == listing.XLSX { // XML has no such characters
				want = strings.NewReplacer("\ufffe", "", "\uffff", "").Replace(want)
			}
			for _, column := range []string{"title", "app", "url", "device_name"} {
				if got := table.Rows[i][column]; got != want {
					t.Errorf("%s: %s is %q, want %q", format, column, got, want)
				}
			}
		}
	}
	person := &adminv1.Person{Logins: []string{`=A\b`, "a;\t"}}
	for _, format := range files {
		if list := read(t, format, file(t, format, person, person)).Rows[0]["logins"]; list != `=A\b; a;` {
			t.Errorf("%s: a list is %q", format, list)
		}
	}
}

func TestHostileTextsActOnNoTerminal(t *testing.T) {
	var out bytes.Buffer
	w, err := listing.New(&out, listing.Table, &adminv1.ActivityRow{}, "start", "app", "title", "url")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range storetest.Hostile {
		if err := w.Row(&adminv1.ActivityRow{Title: text, App: text, Url: text, Start: text}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	table := out.String()
	if lines := strings.Count(table, "\n"); lines != len(storetest.Hostile)+1 {
		t.Errorf("%d lines for %d rows", lines, len(storetest.Hostile))
	}
	for _, r := range table {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029') {
			t.Errorf("%U reached the terminal", r)
		}
	}
}
