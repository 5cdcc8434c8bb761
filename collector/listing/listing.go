// Package listing writes rows of the contract for people and programs: aligned tables, one JSON array, CSV, XLSX or Parquet.
// Rows leave as they come, so that a file may be of any size. What comes from devices is hostile: no control or
// bidirectional character reaches a terminal or a file, and no cell starts a formula.
package listing

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// The formats. All but Table and JSON flatten a message in a row: its times.active is the column times_active.
const (
	Table   = "table"
	JSON    = "json"
	CSV     = "csv"
	XLSX    = "xlsx"
	Parquet = "parquet"
)

// Writer writes rows of one message type, as they come; it holds at most some hundred, of Parquet some ten thousand.
type Writer struct {
	form
	rows int
}

// form is how rows look.
type form interface {
	row(m protoreflect.Message) error
	close() error
}

// New starts a listing of messages like example. Columns are those that a table shows, by name; the other formats hold all.
func New(w io.Writer, format string, example proto.Message, columns ...string) (*Writer, error) {
	message := example.ProtoReflect().Descriptor()
	all := columnsOf(message)
	switch format {
	case JSON:
		return &Writer{form: &jsonForm{w: w}}, nil
	case CSV:
		return &Writer{form: &csvForm{w: w, columns: all}}, nil
	case XLSX:
		return &Writer{form: newXLSX(w, strings.TrimSuffix(string(message.Name()), "Row"), all)}, nil
	case Parquet:
		return &Writer{form: newParquet(w, string(message.Name()), all)}, nil
	case Table:
		shown, err := named(message, all, columns)
		if err != nil {
			return nil, err
		}
		return &Writer{form: &tableForm{w: w, columns: shown}}, nil
	}
	return nil, fmt.Errorf("listing: %q is not one of table, json, csv, xlsx, parquet", format)
}

// named gives the columns of some names.
func named(message protoreflect.MessageDescriptor, all []column, names []string) ([]column, error) {
	shown := make([]column, len(names))
	for i, name := range names {
		at := slices.IndexFunc(all, func(c column) bool { return c.name == name })
		if at < 0 {
			return nil, fmt.Errorf("listing: %s has no column %q", message.Name(), name)
		}
		shown[i] = all[at]
	}
	return shown, nil
}

// Row writes one row.
func (w *Writer) Row(m proto.Message) error {
	w.rows++
	return w.form.row(m.ProtoReflect())
}

// Rows is how many were written.
func (w *Writer) Rows() int { return w.rows }

// Close writes what is left. What was not closed is not whole.
func (w *Writer) Close() error { return w.form.close() }
