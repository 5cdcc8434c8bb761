package classify

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// columns of a CSV file, as it is written. An exception is a line of its own, with the group, after its rule's.
var columns = []string{"app", "site", "url", "status", "category", "group"}

// others are columns of the list of what has no status, which may stay when that list comes back filled in.
var others = []string{"product", "bundle", "total_seconds", "people"}

// MaxCSVBytes of a file: what a file of rules may have, and a call carry, less a little.
const MaxCSVBytes = 1_000_000

// WriteCSV writes rules so that ReadCSV gives them back, their exceptions in order.
func WriteCSV(rules []config.Rule) string {
	lines := [][]string{slices.Clone(columns)}
	for _, rule := range rules {
		subject := []string{rule.App, rule.Site, rule.URL}
		if rule.Verdict != (config.Verdict{}) {
			lines = append(lines, append(slices.Clone(subject), rule.Status, rule.Category, ""))
		}
		for _, exception := range rule.Exceptions {
			lines = append(lines, append(slices.Clone(subject), exception.Status, exception.Category, exception.Group))
		}
	}
	return written(lines)
}

// WriteShipped writes the shipped list in the same form.
func WriteShipped() string {
	lines := [][]string{slices.Clone(columns)}
	for _, entry := range Shipped() {
		lines = append(lines, []string{entry.App, entry.Site, entry.URL, collector.Undefined.String(), entry.Category, ""})
	}
	return written(lines)
}

func written(lines [][]string) string {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	for _, line := range lines {
		for i := range line {
			line[i] = armless(line[i])
		}
		_ = w.Write(line) // a buffer takes everything
	}
	w.Flush()
	return out.String()
}

// formulas are what a spreadsheet takes for the beginning of a formula; such cells are written with an apostrophe
// (security.md 7), and so are those that begin with one, so that each is read back as it was.
const formulas = "=+-@\t'"

func armless(cell string) string {
	if cell != "" && strings.Contains(formulas, cell[:1]) {
		return "'" + cell
	}
	return cell
}

func asWritten(cell string) string {
	if rest, found := strings.CutPrefix(cell, "'"); found && rest != "" && strings.Contains(formulas, rest[:1]) {
		return rest
	}
	return cell
}

// ReadCSV reads what people make of such a file in a spreadsheet: with or without a byte order mark, cells parted by
// comma, semicolon or tab, the columns in any order, some left out. All that is wrong with it is told at once.
func ReadCSV(text string) ([]Change, error) {
	switch text = strings.TrimPrefix(text, "\ufeff"); {
	case len(text) > MaxCSVBytes:
		return nil, collector.Refuse(collector.TooLarge, csvField, "the file has over %d bytes", MaxCSVBytes)
	case !utf8.ValidString(text):
		return nil, collector.Refuse(collector.BadRequest, csvField, "the file is not UTF-8 text; save it as CSV UTF-8")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = separator(text), -1
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, collector.Refuse(collector.BadRequest, csvField, "the file is empty; its first line names the columns: %s", strings.Join(columns, ","))
	}
	var bad faults
	places, err := headed(header, err)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			bad = append(bad, unreadable(err))
			break
		}
		line, _ := r.FieldPos(0)
		if change, said := places.change(line, cells, &bad); said {
			changes = append(changes, change)
		}
	}
	return changes, bad.refusal(csvField)
}

// csvField is the field of the contract that holds such a file.
const csvField = "csv"

// separator is the one that the first line has most of.
func separator(text string) rune {
	head, _, _ := strings.Cut(text, "\n")
	best := ','
	for _, r := range ";\t" {
		if strings.Count(head, string(r)) > strings.Count(head, string(best)) {
			best = r
		}
	}
	return best
}

func unreadable(err error) fault {
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return fault{fmt.Sprintf("line %d", syntax.Line), "", fmt.Sprintf("character %d: %v", syntax.Column, syntax.Err)}
	}
	return fault{"the file", "", err.Error()}
}

// header gives the column of each cell.
type header []string

func headed(cells []string, err error) (header, error) {
	var bad faults
	if err != nil {
		return nil, append(bad, unreadable(err)).refusal(csvField)
	}
	var names header
	at := &Change{Place: "line 1"}
	for _, cell := range cells {
		name := strings.ToLower(strings.TrimSpace(cell))
		switch {
		case slices.Contains(names, name) && name != "":
			bad.add(at, "", "the column %q stands there twice", name)
		case name != "" && !slices.Contains(columns, name) && !slices.Contains(others, name):
			bad.add(at, "", "there is no column %q; the columns are %s", cut(name), strings.Join(columns, ", "))
		}
		names = append(names, name)
	}
	if !slices.Contains(names, "app") && !slices.Contains(names, "site") && !slices.Contains(names, "url") ||
		!slices.Contains(names, "status") && !slices.Contains(names, "category") {
		bad.add(at, "", "the first line names the columns: app, site or url, and status or category")
	}
	return names, bad.refusal(csvField)
}

// change reads a line; said is false for one without a single cell that is filled in.
func (h header) change(line int, cells []string, bad *faults) (c Change, said bool) {
	c.Place = fmt.Sprintf("line %d", line)
	into := map[string]*string{
		"app": &c.App, "site": &c.Site, "url": &c.URL, "status": &c.Status, "category": &c.Category, "group": &c.Group,
	}
	for i, cell := range cells {
		if strings.TrimSpace(cell) == "" {
			continue
		}
		if i >= len(h) || h[i] == "" {
			bad.add(&c, "", "cell %d stands under no column", i+1)
			continue
		}
		if known := into[h[i]]; known != nil {
			*known, said = asWritten(cell), true
		}
	}
	return c, said
}
