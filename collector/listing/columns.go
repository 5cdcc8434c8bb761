package listing

import (
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dayline-project/dayline/shared/stream"
)

// kind is what a column's cells are.
type kind uint8

const (
	text kind = iota
	// instant is a time of day in RFC 3339, or empty.
	instant
	// date is a day, YYYY-MM-DD, or empty.
	date
	// number may have a fraction; whole has none.
	number
	whole
	claim
	// list is of texts.
	list
)

// column is one cell of every row: a field of the row's message or, both names joined by "_", of a message in it.
type column struct {
	name string
	kind kind
	// length: a number of seconds.
	length bool
	// in is the field that holds the message; nil for the row's own.
	in    protoreflect.FieldDescriptor
	field protoreflect.FieldDescriptor
}

// columnsOf flattens a message, in the contract's order. Lists of messages are tables of their own and left out.
func columnsOf(message protoreflect.MessageDescriptor) []column {
	var all []column
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if field.Message() == nil {
			all = append(all, newColumn(nil, field))
			continue
		}
		inner := field.Message().Fields()
		for j := 0; j < inner.Len() && !field.IsList(); j++ {
			if inner.Get(j).Message() == nil {
				all = append(all, newColumn(field, inner.Get(j)))
			}
		}
	}
	return all
}

func newColumn(in, field protoreflect.FieldDescriptor) column {
	c := column{name: string(field.Name()), kind: text, in: in, field: field}
	switch {
	case field.IsList():
		c.kind = list
	case field.Kind() == protoreflect.DoubleKind:
		c.kind = number
		c.length = strings.HasSuffix(c.name, "seconds") || in != nil && in.Message().Name() == "Times"
	case field.Kind() == protoreflect.Int32Kind:
		c.kind = whole
	case field.Kind() == protoreflect.BoolKind:
		c.kind = claim
	case isInstant(c.name):
		c.kind = instant
	case c.name == "day":
		c.kind = date
	}
	if in != nil {
		c.name = string(in.Name()) + "_" + c.name
	}
	return c
}

// isInstant tells the contract's fields that hold a time.
func isInstant(name string) bool {
	switch name {
	case "start", "first_activity", "last_activity", "last_record", "since", "at", "created", "expires", "enrolled", "last_contact",
		"last_episode", "last_used", "last_sign_in", "next", "until":
		return true
	}
	return false
}

// of gives the column's value in a row; a message that is not there has zero values.
func (c *column) of(row protoreflect.Message) protoreflect.Value {
	if c.in != nil {
		row = row.Get(c.in).Message()
	}
	return row.Get(c.field)
}

// words gives a text or a list as one harmless text.
func (c *column) words(value protoreflect.Value) string {
	if c.kind != list {
		return harmless(value.String())
	}
	return strings.Join(texts(value), "; ")
}

// texts gives those of a list, each harmless.
func texts(value protoreflect.Value) []string {
	items := value.List()
	parts := make([]string, items.Len())
	for i := range parts {
		parts[i] = harmless(items.Get(i).String())
	}
	return parts
}

// harmless is a text as files hold it: UTF-8 without control and bidirectional characters.
func harmless(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	return stream.Printable(text)
}
