package listing

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	// maxCell is the widest cell, in characters; nothing stands behind the last one, so that it may be wider.
	maxCell     = 48
	maxLastCell = 160
	// widthRows are looked at before the widths are fixed.
	widthRows = 500
	gap       = "  "
)

// tableForm aligns columns by its first rows; longer cells later are cut to the width found.
type tableForm struct {
	w       io.Writer
	columns []column
	held    [][]string
	widths  []int
}

func (t *tableForm) row(m protoreflect.Message) error {
	cells := make([]string, len(t.columns))
	for i := range t.columns {
		cells[i] = cut(t.columns[i].cell(m), width(i, len(cells)))
	}
	if t.widths != nil {
		return t.line(cells)
	}
	if t.held = append(t.held, cells); len(t.held) < widthRows {
		return nil
	}
	return t.begin()
}

func width(column, columns int) int {
	if column == columns-1 {
		return maxLastCell
	}
	return maxCell
}

// begin fixes the widths and writes the header and what was held.
func (t *tableForm) begin() error {
	header := make([]string, len(t.columns))
	t.widths = make([]int, len(t.columns))
	for i := range t.columns {
		header[i] = head(t.columns[i].name)
		t.widths[i] = utf8.RuneCountInString(header[i])
		for _, cells := range t.held {
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(cells[i]))
		}
	}
	for _, cells := range append([][]string{header}, t.held...) {
		if err := t.line(cells); err != nil {
			return err
		}
	}
	t.held = nil
	return nil
}

// head is a column's name for people: "active_seconds" and "times_active" are ACTIVE and "person_name" PERSON.
func head(name string) string {
	if name == "seconds" {
		return "LENGTH"
	}
	name = strings.TrimPrefix(strings.TrimSuffix(strings.TrimSuffix(name, "_seconds"), "_name"), "times_")
	return strings.ToUpper(strings.ReplaceAll(name, "_", " "))
}

// Card writes one row for people that has too many columns for a line: a line for each that is not empty, and of a list
// for each of its texts. Nothing is cut: what is wrong with a device ends in what to do.
func Card(w io.Writer, row proto.Message, columns ...string) error {
	m := row.ProtoReflect()
	shown, err := named(m.Descriptor(), columnsOf(m.Descriptor()), columns)
	if err != nil {
		return err
	}
	widest := 0
	for _, c := range shown {
		widest = max(widest, utf8.RuneCountInString(head(c.name)))
	}
	for _, c := range shown {
		title, cells := head(c.name), []string{c.cell(m)}
		if c.kind == list {
			cells = texts(c.of(m))
		}
		for _, cell := range cells {
			if cell == "" {
				continue
			}
			if _, err := fmt.Fprintf(w, "%-*s%s%s\n", widest, title, gap, cell); err != nil {
				return err
			}
			title = ""
		}
	}
	return nil
}

func (t *tableForm) line(cells []string) error {
	var line strings.Builder
	for i, cell := range cells {
		numeric := t.columns[i].kind == number || t.columns[i].kind == whole
		if !numeric {
			cell = cut(cell, max(t.widths[i], 1))
		}
		padding := strings.Repeat(" ", max(0, t.widths[i]-utf8.RuneCountInString(cell)))
		if i > 0 {
			line.WriteString(gap)
		}
		if numeric {
			line.WriteString(padding + cell)
		} else {
			line.WriteString(cell + padding)
		}
	}
	_, err := io.WriteString(t.w, strings.TrimRight(line.String(), " ")+"\n")
	return err
}

func (t *tableForm) close() error {
	if t.widths == nil && len(t.held) > 0 {
		return t.begin()
	}
	return nil
}

// cell is a row's cell for people's eyes.
func (c *column) cell(row protoreflect.Message) string {
	value := c.of(row)
	switch c.kind {
	case number:
		switch {
		case value.Float() == 0 && absent(row):
			return ""
		case c.length:
			return Length(value.Float())
		case c.name == "share":
			return strconv.FormatFloat(100*value.Float(), 'f', 1, 64) + " %"
		}
		return strconv.FormatFloat(value.Float(), 'f', -1, 64)
	case whole:
		if value.Int() == 0 && absent(row) {
			return ""
		}
		return strconv.FormatInt(value.Int(), 10)
	case claim:
		if value.Bool() {
			return "yes"
		}
		return ""
	case instant:
		return moment(c.words(value))
	}
	return c.words(value)
}

// absent tells whether a row says why there is nothing: then nothing is shown, for zero would read as no work done.
func absent(row protoreflect.Message) bool {
	field := row.Descriptor().Fields().ByName("absence")
	return field != nil && row.Get(field).String() != ""
}

// Length is a length for people: "12 s", "5 min 10 s", "1 h 05 min".
func Length(seconds float64) string {
	s := int64(math.Round(seconds))
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %02d s", s/60, s%60)
	}
	m := int64(math.Round(seconds / 60))
	return fmt.Sprintf("%d h %02d min", m/60, m%60)
}

// moment shows a time of the contract to the second: of an episode by the device's own clock, of anything else by the
// clock of whoever reads it.
func moment(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	if strings.HasSuffix(text, "Z") {
		at = at.Local()
	}
	return at.Format(time.DateTime)
}

func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}
