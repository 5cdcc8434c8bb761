package listing

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dayline-project/dayline/shared/stream"
)

const (
	// maxCell is the widest cell, in characters.
	maxCell = 48
	// widthRows are looked at before the widths are fixed.
	widthRows = 500
	gap       = "  "
)

// tableForm aligns columns by its first rows; longer cells later are cut to the width found.
type tableForm struct {
	w      io.Writer
	fields []protoreflect.FieldDescriptor
	held   [][]string
	widths []int
}

func (t *tableForm) row(m protoreflect.Message) error {
	cells := make([]string, len(t.fields))
	for i, field := range t.fields {
		cells[i] = Cell(m.Get(field), field)
	}
	if t.widths != nil {
		return t.line(cells)
	}
	if t.held = append(t.held, cells); len(t.held) < widthRows {
		return nil
	}
	return t.begin()
}

// begin fixes the widths and writes the header and what was held.
func (t *tableForm) begin() error {
	header := make([]string, len(t.fields))
	t.widths = make([]int, len(t.fields))
	for i, field := range t.fields {
		header[i] = strings.ToUpper(strings.ReplaceAll(strings.TrimSuffix(string(field.Name()), "_seconds"), "_", " "))
		if field.Name() == "seconds" {
			header[i] = "LENGTH"
		}
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

func (t *tableForm) line(cells []string) error {
	var line strings.Builder
	for i, cell := range cells {
		numeric := t.fields[i].Kind() == protoreflect.DoubleKind || t.fields[i].Kind() == protoreflect.Int32Kind
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

// Cell is a field for people's eyes.
func Cell(value protoreflect.Value, field protoreflect.FieldDescriptor) string {
	name := string(field.Name())
	switch {
	case field.IsList():
		return cut(csvCell(value, field), maxCell)
	case field.Kind() == protoreflect.DoubleKind && strings.HasSuffix(name, "seconds"):
		return Length(value.Float())
	case name == "share":
		return strconv.FormatFloat(100*value.Float(), 'f', 1, 64) + " %"
	case field.Kind() == protoreflect.DoubleKind:
		return strconv.FormatFloat(value.Float(), 'f', -1, 64)
	case field.Kind() == protoreflect.BoolKind:
		if value.Bool() {
			return "yes"
		}
		return ""
	case field.Kind() == protoreflect.StringKind:
		return cut(moment(stream.Printable(value.String())), maxCell)
	}
	return value.String()
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

// moment shows a time of the contract in its own offset, to the second; other text as it is.
func moment(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return at.Format("2006-01-02 15:04:05")
}

func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}
