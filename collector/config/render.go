package config

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Text writes a text as an Edit's value, in quotes.
func Text(value string) string { return quoted(value) }

// List writes texts as an Edit's value.
func List(values ...string) string {
	n := &node{kind: list}
	for _, value := range values {
		n.children = append(n.children, &child{value: text(value)})
	}
	return inline(n)
}

// maxInline is how long a value in brackets may get in a line of its own section.
const maxInline = 100

// inline writes a value for one line.
func inline(n *node) string {
	if n.kind == scalar {
		return scalarSource(n)
	}
	parts := make([]string, len(n.children))
	for i, c := range n.children {
		parts[i] = inline(c.value)
		if n.kind == mapping {
			parts[i] = keySource(c.key) + ": " + parts[i]
		}
	}
	if n.kind == list {
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func keySource(key string) string { return scalarSource(text(key)) }

func scalarSource(n *node) string {
	if n.typed || plain(n.text) {
		return n.text
	}
	return quoted(n.text)
}

// plainForm is what needs no quotes anywhere, save what reads as something else than text.
var plainForm = regexp.MustCompile(`^[\pL\pN_./]([\pL\pN_./@+ -]|:/)*$`)

func plain(value string) bool {
	if !plainForm.MatchString(value) || strings.HasSuffix(value, " ") {
		return false
	}
	file, err := parseYAML([]byte(value))
	if err != nil || len(file.Docs) != 1 {
		return false
	}
	read, is := file.Docs[0].Body.(*ast.StringNode)
	return is && read.Value == value
}

// quoted writes a text in quotes: single ones where it has nothing that only double ones can hold.
func quoted(value string) string {
	for _, r := range value {
		if !strconv.IsPrint(r) {
			escaped, _ := json.Marshal(value) // a text always can be
			return string(escaped)
		}
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}

// form is how a file is written.
type form struct {
	// keys and items are how much deeper what is below a key stands, in columns.
	keys, items int
}

// formOf looks at how a file does it; two columns where it shows nothing.
func formOf(l *layout, root *node) form {
	f := form{keys: -1, items: -1}
	f.look(l, root)
	if f.keys <= 0 {
		f.keys = 2
	}
	if f.items < 0 {
		f.items = 2
	}
	return f
}

func (f *form) look(l *layout, n *node) {
	for _, c := range n.children {
		if v := c.value; len(v.children) > 0 && !v.flow && n.kind == mapping && l.lineStart(v.from) > c.from {
			deeper := l.column(v.from) - l.column(c.from)
			if v.kind == list && f.items < 0 {
				f.items = deeper
			}
			if v.kind == mapping && f.keys < 0 {
				f.keys = deeper
			}
		}
		if f.keys < 0 || f.items < 0 {
			f.look(l, c.value)
		}
	}
}

func indent(column int) string { return strings.Repeat(" ", column) }

// value writes what stands behind a key's colon, the key being at a column: in the same line, or in lines below.
func (f form) value(n *node, column int) string {
	if n.kind == scalar || len(n.children) == 0 {
		return " " + inline(n)
	}
	if one := inline(n); n.isFlat() && n.kind == list && len(one) <= maxInline || n.kind == mapping && n.flow && len(one) <= maxInline {
		return " " + one
	}
	if n.kind == list {
		return "\n" + indent(column+f.items) + f.block(n, column+f.items)
	}
	return "\n" + indent(column+f.keys) + f.block(n, column+f.keys)
}

// block writes the children in lines of their own, the first without its indentation.
func (f form) block(n *node, column int) string {
	lines := make([]string, len(n.children))
	for i, c := range n.children {
		if n.kind == list {
			lines[i] = f.item(c.value, column, len(c.value.children) <= 2 && c.value.isFlat())
		} else {
			lines[i] = f.pair(c, column)
		}
	}
	return strings.Join(lines, "\n"+indent(column))
}

func (f form) pair(c *child, column int) string {
	return keySource(c.key) + ":" + f.value(c.value, column)
}

// item writes a list's item, in brackets or in lines.
func (f form) item(n *node, column int, brackets bool) string {
	if n.kind == mapping && !brackets && len(n.children) > 0 {
		return "- " + f.block(n, column+2)
	}
	return "- " + inline(n)
}
