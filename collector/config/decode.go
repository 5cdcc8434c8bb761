package config

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a configuration file: its size, how deep its values nest, and how many problems with it are told.
const (
	maxFileBytes = 1 << 20
	maxDepth     = 32
	maxProblems  = 100
)

// crlf ends lines where Windows wrote them.
const crlf = "\r\n"

// decoder reads one file into its type and gathers everything that is wrong with it. Fields are named by their JSON
// tags; a key the type lacks is a problem, and so is a value of another kind or none.
type decoder struct {
	file string
	// lines of the keys, by dotted path.
	lines    map[string]int
	problems []Problem
	// root is the type of the whole file, whose keys an unknown one is compared with.
	root reflect.Type
}

// nodeDecoder is a type with a form of its own.
type nodeDecoder interface {
	decodeNode(d *decoder, node ast.Node, path string)
}

// parse gives the root of a file; nil with a problem where there is none.
func (d *decoder) parse(content []byte) ast.Node {
	switch {
	case len(content) > maxFileBytes:
		d.problem(0, "", "the file has over %d bytes", maxFileBytes)
		return nil
	case !utf8.Valid(content):
		d.problem(0, "", "the file is not UTF-8 text")
		return nil
	}
	// The parser loses count of lines that end in two bytes.
	file, err := parseYAML(bytes.ReplaceAll(content, []byte(crlf), []byte("\n")))
	if err != nil {
		d.syntax(err)
		return nil
	}
	var root ast.Node
	for _, document := range file.Docs {
		if document.Body == nil || document.Body.Type() == ast.CommentType || document.Body.Type() == ast.NullType {
			continue
		}
		if root != nil {
			d.problem(line(document.Body), "", "a second document; one file holds one")
			return nil
		}
		root = document.Body
	}
	if root == nil {
		d.problem(0, "", "the file is empty; an empty file is not taken for no rules")
	}
	return root
}

// parseYAML turns a panic of the parser into an error, and bounds its recursion: a file must not take the collector
// down.
func parseYAML(content []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the file cannot be read as YAML (%v)", p)
		}
	}()
	tokens := lexer.Tokenize(string(content))
	if tooDeep(tokens) {
		return nil, fmt.Errorf("values nest deeper than %d", maxDepth)
	}
	return parser.Parse(tokens, 0)
}

// tooDeep counts the brackets that are open, and the list and key marks that follow each other on one line.
func tooDeep(tokens token.Tokens) bool {
	open, marks, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			marks, line = 0, t.Position.Line
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			open++
		case token.MappingEndType, token.SequenceEndType:
			open--
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			marks++
		case token.CollectEntryType:
			marks = 0
		}
		if open > maxDepth || marks > maxDepth {
			return true
		}
	}
	return false
}

func (d *decoder) syntax(err error) {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
		d.problem(syntax.Token.Position.Line, "", "%s", syntax.Message)
		return
	}
	d.problem(0, "", "%s", strings.TrimSpace(err.Error()))
}

// full tells whether enough is wrong: finding more, and the nearest key to each, would only take time.
func (d *decoder) full() bool { return len(d.problems) >= maxProblems }

func (d *decoder) problem(line int, key, reason string, args ...any) {
	if d.full() {
		return
	}
	d.problems = append(d.problems, Problem{File: d.file, Line: line, Key: key, Reason: fmt.Sprintf(reason, args...)})
}

// at reports a problem with a key that was read, or is part of one that was.
func (d *decoder) at(key, reason string, args ...any) {
	d.problem(d.line(key), key, reason, args...)
}

// line of a key: its own, or of the nearest key around it; the file's first where there is none.
func (d *decoder) line(key string) int {
	for {
		if line, found := d.lines[key]; found || key == "" {
			return line
		}
		key = key[:max(0, strings.LastIndexAny(key, ".["))]
	}
}

func line(node ast.Node) int {
	if t := node.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// value reads a node into a value.
func (d *decoder) value(node ast.Node, into reflect.Value, path string) {
	if _, read := d.lines[path]; !read {
		d.lines[path] = line(node)
	}
	switch node.Type() {
	case ast.NullType:
		d.at(path, "has no value; write [] for none, or leave the key out")
		return
	case ast.AnchorType, ast.AliasType, ast.TagType, ast.MergeKeyType:
		d.at(path, "anchors, aliases and tags have no place here")
		return
	}
	if own, is := into.Addr().Interface().(nodeDecoder); is {
		own.decodeNode(d, node, path)
		return
	}
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		d.value(node, into.Elem(), path)
		return
	}
	text, scalar := scalarText(node)
	if reader, is := into.Addr().Interface().(encoding.TextUnmarshaler); is && scalar {
		if err := reader.UnmarshalText([]byte(text)); err != nil {
			d.at(path, "%v", err)
		}
		return
	}
	switch into.Kind() {
	case reflect.Struct, reflect.Map:
		d.mapping(node, into, path)
	case reflect.Slice:
		d.sequence(node, into, path)
	default:
		d.scalar(node, into, path)
	}
}

func (d *decoder) sequence(node ast.Node, into reflect.Value, path string) {
	list, is := node.(*ast.SequenceNode)
	if !is {
		d.at(path, "is %s; a list is wanted", kindOf(node))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values)))
	for i, item := range list.Values {
		d.value(item, into.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

// entries gives the keys and values of a mapping, in order; ok is false where it is none.
func entries(node ast.Node) (values []*ast.MappingValueNode, ok bool) {
	switch mapping := node.(type) {
	case *ast.MappingNode:
		return mapping.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{mapping}, true
	}
	return nil, false
}

func (d *decoder) mapping(node ast.Node, into reflect.Value, path string) {
	values, is := entries(node)
	if !is {
		d.at(path, "is %s; keys with values are wanted", kindOf(node))
		return
	}
	if into.Kind() == reflect.Map {
		into.Set(reflect.MakeMap(into.Type()))
	}
	seen := map[string]bool{}
	for _, entry := range values {
		if d.full() {
			return
		}
		key, scalar := scalarText(entry.Key)
		whole := join(path, keyStep(key))
		switch {
		case !scalar:
			d.problem(line(entry.Key), path, "a key is text")
			continue
		case seen[key]:
			d.problem(line(entry.Key), whole, "the key stands here a second time")
			continue
		}
		seen[key] = true
		d.lines[whole] = line(entry.Key)
		if into.Kind() == reflect.Map {
			value := reflect.New(into.Type().Elem()).Elem()
			d.value(entry.Value, value, whole)
			into.SetMapIndex(reflect.ValueOf(key), value)
			continue
		}
		field, known := fieldOf(into, key)
		if !known {
			d.at(whole, "there is no such key; the nearest is %s", nearest(d.root, into.Type(), path, key))
			continue
		}
		d.value(entry.Value, field, whole)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (d *decoder) scalar(node ast.Node, into reflect.Value, path string) {
	text, scalar := scalarText(node)
	if !scalar {
		d.at(path, "is %s; a single value is wanted", kindOf(node))
		return
	}
	switch into.Kind() {
	case reflect.String:
		into.SetString(text)
	case reflect.Bool:
		truth, is := node.(*ast.BoolNode)
		if !is {
			d.at(path, "%q is neither true nor false", text)
			return
		}
		into.SetBool(truth.Value)
	case reflect.Int, reflect.Int64:
		number, err := strconv.ParseInt(text, 10, 64)
		if _, is := node.(*ast.IntegerNode); !is || err != nil {
			d.at(path, "%q is not a whole number", text)
			return
		}
		into.SetInt(number)
	default:
		panic("config: a field of a kind that files do not have: " + into.Type().String())
	}
}

// scalarText gives a single value as it is written.
func scalarText(node ast.Node) (text string, is bool) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.LiteralNode:
		return node.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, true
	}
	return "", false
}

func kindOf(node ast.Node) string {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a section of keys"
	case *ast.SequenceNode:
		return "a list"
	}
	text, _ := scalarText(node)
	return strconv.Quote(text)
}
