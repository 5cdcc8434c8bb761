package main

import (
	"archive/zip"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dayline-project/dayline/collector/listing/listingtest"
	"github.com/dayline-project/dayline/collector/storetest"
	"github.com/dayline-project/dayline/shared/stream"
)

// What a device says in hostile words comes out of every output as it was kept, and acts in none of them.
func TestHostileWordsComeOutAsTheyWereKept(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, filepath.Join(t.TempDir(), "data"), smallFloor)
	p := serve(t, dir)
	a := p.enroll()
	defer a.HTTP.CloseIdleConnections()
	var records []stream.Record
	kept := map[string]int{}
	for n, text := range storetest.Hostile {
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > stream.MaxTitleRunes || len(text) > stream.MaxStringBytes-len("product ") {
			continue // refused, and tested where it is
		}
		record := a.Record(time.Duration(len(storetest.Hostile)-n+1)*time.Minute, text)
		record.App, record.Product, record.Bundle, record.Revision = "app "+text, "product "+text, "bundle "+text, "" // under settings nobody knows: as sent
		records = append(records, record)
		kept[stream.Printable(text)]++
	}
	if answer, err := a.Sync(t.Context(), records...); err != nil || len(answer.Refusals) > 0 {
		t.Fatalf("%v, %v", answer, err)
	}
	out := t.TempDir()
	name := func(file string) string { return filepath.Join(out, file) }
	for _, format := range []string{"json", "csv", "xlsx", "parquet"} {
		p.must(append([]string{"report", "activity", "--format", format, "--output", name("activity." + format)}, span()...)...)
	}
	p.must("person", "export", `DESK\ana`, name("ana.zip"))
	archive, err := zip.OpenReader(name("ana.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, format := range []string{"json", "csv"} {
		file, err := archive.Open("episodes." + format)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name("archive."+format), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"activity.json", "activity.csv", "activity.xlsx", "activity.parquet", "archive.json", "archive.csv"} {
		content, err := os.ReadFile(name(file))
		if err != nil {
			t.Fatal(err)
		}
		table, err := listingtest.Read(strings.TrimPrefix(filepath.Ext(file), "."), content)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		came := map[string]int{}
		for _, row := range table.Rows {
			came[row["title"]]++
			if row["app"] != "app "+row["title"] || row["product"] != "product "+row["title"] || row["bundle"] != "bundle "+row["title"] {
				t.Errorf("%s: %q", file, row)
			}
		}
		want := kept
		if strings.HasSuffix(file, ".xlsx") { // XML has no U+FFFE and U+FFFF
			want = map[string]int{}
			for text, n := range kept {
				want[strings.NewReplacer("\ufffe", "", "\uffff", "").Replace(text)] += n
			}
		}
		if !maps.Equal(came, want) {
			t.Errorf("%s: %d titles of %d", file, len(came), len(want))
		}
	}
	for _, report := range []string{"activity", "apps", "titles", "people", "live"} {
		args := []string{"report", report}
		if report != "live" {
			args = append(args, span()...)
		}
		if table := p.must(args...); strings.ContainsFunc(table, func(r rune) bool {
			return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || slices.Contains([]rune{0x2028, 0x2029}, r))
		}) {
			t.Errorf("a control character of %s reached the terminal", report)
		}
	}
}
