// Package listing writes rows of the contract for people and scripts: aligned tables, one JSON array, or CSV. What comes
// from devices is hostile: no control or bidirectional character reaches a terminal, and no cell starts a formula.
package listing

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dayline-project/dayline/shared/stream"
)

// The formats.
const (
	Table = "table"
	JSON  = "json"
	CSV   = "csv"
)

// Writer writes rows of one message type, as they come; it holds at most some hundred.
type Writer struct {
	form
	rows int
}

// form is how rows look.
type form interface {
	row(m protoreflect.Message) error
	close() error
}

// New starts a listing of messages like example. Columns are the fields a table shows, by name; JSON and CSV hold all.
func New(w io.Writer, format string, example proto.Message, columns ...string) (*Writer, error) {
	fields := example.ProtoReflect().Descriptor().Fields()
	switch format {
	case JSON:
		return &Writer{form: &jsonForm{w: w}}, nil
	case CSV:
		var all []protoreflect.FieldDescriptor
		for i := range fields.Len() {
			all = append(all, fields.Get(i))
		}
		return &Writer{form: &csvForm{w: csv.NewWriter(w), fields: all}}, nil
	case Table:
		var shown []protoreflect.FieldDescriptor
		for _, name := range columns {
			field := fields.ByName(protoreflect.Name(name))
			if field == nil {
				return nil, fmt.Errorf("listing: %s has no field %q", example.ProtoReflect().Descriptor().Name(), name)
			}
			shown = append(shown, field)
		}
		return &Writer{form: &tableForm{w: w, fields: shown}}, nil
	}
	return nil, fmt.Errorf("listing: %q is not one of table, json, csv", format)
}

// Row writes one row.
func (w *Writer) Row(m proto.Message) error {
	w.rows++
	return w.form.row(m.ProtoReflect())
}

// Rows is how many were written.
func (w *Writer) Rows() int { return w.rows }

// Close writes what is left.
func (w *Writer) Close() error { return w.form.close() }

// csvForm is a header of the contract's names and a line for each row.
type csvForm struct {
	w      *csv.Writer
	fields []protoreflect.FieldDescriptor
	headed bool
}

func (c *csvForm) head() error {
	if c.headed {
		return nil
	}
	c.headed = true
	names := make([]string, len(c.fields))
	for i, field := range c.fields {
		names[i] = string(field.Name())
	}
	return c.w.Write(names)
}

func (c *csvForm) row(m protoreflect.Message) error {
	if err := c.head(); err != nil {
		return err
	}
	cells := make([]string, len(c.fields))
	for i, field := range c.fields {
		cells[i] = csvCell(m.Get(field), field)
	}
	return c.w.Write(cells)
}

func (c *csvForm) close() error {
	if err := c.head(); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

func csvCell(value protoreflect.Value, field protoreflect.FieldDescriptor) string {
	switch {
	case field.IsList():
		list := value.List()
		parts := make([]string, list.Len())
		for i := range list.Len() {
			parts[i] = list.Get(i).String()
		}
		return unarmed(strings.Join(parts, "; "))
	case field.Kind() == protoreflect.StringKind:
		return unarmed(value.String())
	case field.Kind() == protoreflect.DoubleKind:
		return strconv.FormatFloat(value.Float(), 'f', -1, 64)
	}
	return value.String()
}

// unarmed is a text that no spreadsheet takes for a formula (security.md 7).
func unarmed(text string) string {
	shown := stream.Printable(text)
	if strings.HasPrefix(text, "\t") || shown != "" && strings.ContainsRune("=+-@", rune(shown[0])) {
		return "'" + shown
	}
	return shown
}
