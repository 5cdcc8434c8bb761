package config

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

type kind int

const (
	scalar kind = iota
	list
	mapping
)

// node is a value of a file, with its place there.
type node struct {
	kind kind
	// text of a scalar, and whether it was written as a number or a truth value.
	text  string
	typed bool
	// flow: it was written in brackets.
	flow bool
	// from and to are the bytes of the file it takes; a block ends with its last value, not with a comment behind that.
	from, to int
	children []*child
	// was is the value this one was made of by an edit.
	was *node
}

// child is an item of a list, or a key with its value.
type child struct {
	key string
	// from is where its key, its dash or, in brackets, its value begins; mark is behind the colon or the dash.
	from, mark int
	value      *node
	// was is the child this one was made of by an edit.
	was *child
}

// text is a scalar that stands in no file yet.
func text(value string) *node { return &node{text: value} }

// find gives the child of a key.
func (n *node) find(key string) *child {
	for _, c := range n.children {
		if c.key == key && n.kind == mapping {
			return c
		}
	}
	return nil
}

// textAt gives the single value of a key; empty where there is none.
func (n *node) textAt(key string) string {
	if c := n.find(key); c != nil && c.value.kind == scalar {
		return c.value.text
	}
	return ""
}

// isFlat tells whether no child holds others.
func (n *node) isFlat() bool {
	for _, c := range n.children {
		if c.value.kind != scalar {
			return false
		}
	}
	return true
}

// equal tells whether two values say the same, wherever they stand; the order of keys says nothing.
func equal(a, b *node) bool {
	if a == b {
		return true
	}
	if a.kind != b.kind || a.text != b.text || a.typed != b.typed || len(a.children) != len(b.children) {
		return false
	}
	for i, c := range a.children {
		other := b.children[i]
		if a.kind == mapping && other.key != c.key {
			if other = b.find(c.key); other == nil {
				return false
			}
		}
		if !equal(c.value, other.value) {
			return false
		}
	}
	return true
}

// layout is a text and where its lines begin.
type layout struct {
	text  string
	lines []int
	// last is the place found last.
	last struct{ line, column, offset int }
}

func newLayout(text string) *layout {
	l := &layout{text: text, lines: []int{0}}
	for i, c := range []byte(text) {
		if c == '\n' {
			l.lines = append(l.lines, i+1)
		}
	}
	return l
}

// parseTree gives the values of a file, and their layout with lines that end in "\n" alone; nil with a problem where it
// cannot be read. Nobody changes what it gives: edits make copies.
func parseTree(content []byte) (root *node, l *layout, problem *Problem) {
	text := string(content)
	if known, is := recent.find(text); is {
		return known.root, known.layout, nil
	}
	d := &decoder{lines: map[string]int{}}
	body := d.parse(content)
	if body == nil {
		return nil, nil, &d.problems[0]
	}
	l = newLayout(strings.ReplaceAll(text, crlf, "\n"))
	root = l.node(body, -1)
	recent.keep(text, reading{root, l})
	return root, l, nil
}

// reading is what parseTree made of a text.
type reading struct {
	root   *node
	layout *layout
}

// trees are the texts parsed last: one edit asks for the same two again and again, to make it, to prove it, to tell what
// changed and to write that down, and thousands of rules take a twentieth of a second each time.
type trees struct {
	mu    sync.Mutex
	texts []string
	all   []reading
}

// keptTrees is enough for a file before and after an edit, and for its newest revision.
const keptTrees = 4

var recent trees

func (t *trees) find(text string) (reading, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.texts, text); i >= 0 {
		return t.all[i], true
	}
	return reading{}, false
}

// keep remembers a text. One without values has no place in the file by which an edit would know to copy it.
func (t *trees) keep(text string, p reading) {
	if p.root.to == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.texts) == keptTrees {
		t.texts, t.all = t.texts[1:], t.all[1:]
	}
	t.texts, t.all = append(t.texts, text), append(t.all, p)
}

// node gives the values below a parser's node; column is that of the key or dash around it.
func (l *layout) node(of ast.Node, column int) *node {
	if pairs, is := entries(of); is {
		n := &node{kind: mapping}
		for _, pair := range pairs {
			key, _ := scalarText(pair.Key)
			c := &child{key: key, from: l.offset(pair.Key.GetToken()), mark: l.behind(pair.Start)}
			c.value = l.node(pair.Value, columnOf(pair.Key.GetToken()))
			n.children = append(n.children, c)
		}
		if whole, is := of.(*ast.MappingNode); is && whole.IsFlowStyle {
			n.flow = true
			return l.bracketed(n, whole.Start, whole.End)
		}
		return l.stretch(n)
	}
	if items, is := of.(*ast.SequenceNode); is {
		n := &node{kind: list, flow: items.IsFlowStyle}
		for i, item := range items.Values {
			c := &child{}
			if n.flow {
				c.value = l.node(item, column)
				c.from, c.mark = c.value.from, c.value.from
			} else {
				dash := items.Entries[i].Start
				c.from, c.mark = l.offset(dash), l.behind(dash)
				c.value = l.node(item, columnOf(dash))
			}
			n.children = append(n.children, c)
		}
		if n.flow {
			return l.bracketed(n, items.Start, items.End)
		}
		return l.stretch(n)
	}
	return l.scalar(of, column)
}

func (l *layout) bracketed(n *node, start, end *token.Token) *node {
	n.from, n.to = l.offset(start), l.behind(end)
	return n
}

func (l *layout) stretch(n *node) *node {
	if len(n.children) > 0 {
		n.from, n.to = n.children[0].from, n.children[len(n.children)-1].value.to
	}
	return n
}

func (l *layout) scalar(of ast.Node, column int) *node {
	n := &node{from: l.offset(of.GetToken())}
	n.text, _ = scalarText(of)
	switch of := of.(type) {
	case *ast.LiteralNode:
		n.to = l.literalEnd(n.from, column)
	case *ast.StringNode:
		if kind := of.Token.Type; kind == token.SingleQuoteType || kind == token.DoubleQuoteType {
			n.to = l.quotedEnd(n.from)
		} else {
			n.to = l.plainEnd(n.from, n.text)
		}
	default:
		n.typed = true
		n.to = l.plainEnd(n.from, n.text)
	}
	return n
}

// offset of a token; the parser counts lines and columns from 1, and columns in runes.
func (l *layout) offset(t *token.Token) int {
	if t == nil || t.Position == nil || t.Position.Line > len(l.lines) {
		return len(l.text)
	}
	// Tokens come in order: one long line is not counted from its beginning for each of them.
	if l.last.line != t.Position.Line || l.last.column > t.Position.Column {
		l.last.line, l.last.column, l.last.offset = t.Position.Line, 1, l.lines[t.Position.Line-1]
	}
	for l.last.column < t.Position.Column && l.last.offset < len(l.text) {
		_, size := utf8.DecodeRuneInString(l.text[l.last.offset:])
		l.last.offset += size
		l.last.column++
	}
	return l.last.offset
}

// behind a token of one byte.
func (l *layout) behind(t *token.Token) int { return min(l.offset(t)+1, len(l.text)) }

// columnOf a token, in runes from 0.
func columnOf(t *token.Token) int {
	if t == nil || t.Position == nil {
		return 0
	}
	return t.Position.Column - 1
}

// lineStart is where the line of an offset begins.
func (l *layout) lineStart(offset int) int { return strings.LastIndexByte(l.text[:offset], '\n') + 1 }

// lineEnd is where the line of an offset ends.
func (l *layout) lineEnd(offset int) int {
	end := strings.IndexByte(l.text[offset:], '\n')
	if end < 0 {
		return len(l.text)
	}
	return offset + end
}

// column of an offset, in runes from 0.
func (l *layout) column(offset int) int {
	return len([]rune(l.text[l.lineStart(offset):offset]))
}

// plainEnd of a value without quotes, which may go over several lines.
func (l *layout) plainEnd(from int, value string) int {
	if strings.HasPrefix(l.text[from:], value) {
		return from + len(value)
	}
	to := from
	for word := range strings.FieldsSeq(value) {
		next := strings.Index(l.text[to:], word)
		if next < 0 {
			return to
		}
		to += next + len(word)
	}
	return to
}

func (l *layout) quotedEnd(from int) int {
	if from >= len(l.text) {
		return from
	}
	quote := l.text[from]
	for i := from + 1; i < len(l.text); i++ {
		switch {
		case l.text[i] == '\\' && quote == '"':
			i++
		case l.text[i] == quote && quote == '\'' && strings.HasPrefix(l.text[i+1:], "'"):
			i++
		case l.text[i] == quote:
			return i + 1
		}
	}
	return len(l.text)
}

// literalEnd of a block of text: the lines that are indented deeper than what it belongs to.
func (l *layout) literalEnd(from, column int) int {
	to := l.lineEnd(from)
	for start := l.nextLine(to); start < len(l.text); start = l.nextLine(start) {
		line := l.text[start:l.lineEnd(start)]
		content := strings.TrimLeft(line, " ")
		if content == "" {
			continue
		}
		if len(line)-len(content) <= column {
			break
		}
		to = l.lineEnd(start)
	}
	return to
}

// nextLine is where the line after an offset begins; the text's end where there is none.
func (l *layout) nextLine(offset int) int {
	end := strings.IndexByte(l.text[offset:], '\n')
	if end < 0 {
		return len(l.text)
	}
	return offset + end + 1
}
