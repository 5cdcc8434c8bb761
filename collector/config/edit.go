package config

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector"
)

// Edit sets one value of a file, or takes it out.
type Edit struct {
	// File is one of Files; empty: FileOf the key.
	File string
	// Key as parseKey reads it. What lies on the way to it and is not there yet is made.
	Key string
	// Value is YAML: a word, or a list or mapping in flow form; Text and List write them. Empty is the empty text, or the
	// item's own name where Key ends in a single value of a list.
	Value string
	// Unset takes the key or item out instead.
	Unset bool
}

// Apply gives the contents of the files after edits, made one after the other. Comments, order and everything else that
// the edits do not mean stays as it is, byte for byte. The result is not checked: that is Parse's. An edit that makes no
// sense is an *collector.Error: BadRequest, or NotFound for a value to take out that is not there.
func Apply(content map[string][]byte, edits []Edit) (map[string][]byte, error) {
	trees, layouts := map[string]*node{}, map[string]*layout{}
	after := maps.Clone(content)
	for _, edit := range edits {
		if edit.File == "" {
			file, err := FileOf(edit.Key)
			if err != nil {
				return nil, err
			}
			edit.File = file
		}
		if !slices.Contains(Files, edit.File) {
			return nil, collector.Refuse(collector.BadRequest, "file", "there is no configuration file %q", edit.File)
		}
		if trees[edit.File] == nil {
			root, l, problem := parseTree(content[edit.File])
			if problem != nil {
				problem.File = edit.File
				return nil, collector.Refuse(collector.BadRequest, "file", "%s", problem)
			}
			trees[edit.File], layouts[edit.File] = root.edited(), l
		}
		if err := edit.apply(trees[edit.File]); err != nil {
			return nil, err
		}
	}
	for file, root := range trees {
		text, err := rewrite(layouts[file], root)
		if err != nil {
			return nil, err
		}
		if bytes.Contains(content[file], []byte(crlf)) {
			if strings.ReplaceAll(layouts[file].text, "\n", crlf) != string(content[file]) {
				return nil, collector.Refuse(collector.BadRequest, "file", "%s ends its lines now in one way, now in another", file)
			}
			text = strings.ReplaceAll(text, "\n", crlf)
		}
		after[file] = []byte(text)
	}
	return after, nil
}

// Value writes a value of a file as the file could in one line; empty where it is not there.
func (s *Set) Value(file, key string) string {
	steps, err := parseKey(key)
	if err != nil {
		return ""
	}
	return source(find(s.Content[file], steps))
}

// edited gives a copy of a value to be changed; the children stay shared.
func (n *node) edited() *node {
	if n.was != nil || n.to == 0 {
		return n // it is such a copy, or stands in no file
	}
	own := *n
	own.was = n
	own.children = slices.Clone(n.children)
	return &own
}

// edit makes a child's value changeable.
func (n *node) edit(i int) *node {
	c := n.children[i]
	if c.was == nil && c.value.to > 0 {
		own := *c
		own.was = c
		c = &own
		n.children[i] = c
	}
	if c.was != nil {
		c.value = c.value.edited()
	}
	return c.value
}

// walkTo is where a step leads from a value: the place of the child, or -1 where it is not there.
func (n *node) walkTo(s step, pattern string) (int, error) {
	wanted := mapping
	if s.item && n.kind == list {
		wanted = list
	}
	if n.kind != wanted {
		what := "keys"
		if s.item {
			what = "items"
		}
		return -1, collector.Refuse(collector.BadRequest, "key", "%s has no %s", pattern, what)
	}
	if wanted == mapping {
		return slices.IndexFunc(n.children, func(c *child) bool { return c.key == s.name }), nil
	}
	if s.index >= 0 {
		if s.index > len(n.children) {
			return -1, collector.Refuse(collector.BadRequest, "key", "%s has %d items, counted from 0", pattern, len(n.children))
		}
		if s.index == len(n.children) {
			return -1, nil
		}
		return s.index, nil
	}
	return slices.IndexFunc(n.children, func(c *child) bool { return named(pattern, c.value, s.name) }), nil
}

// below is the pattern of what a step leads to.
func (s step) below(pattern string, n *node) string {
	if n.kind == list {
		return pattern + "[]"
	}
	return join(pattern, s.name)
}

func (e Edit) apply(root *node) error {
	steps, err := parseKey(e.Key)
	if err != nil {
		return err
	}
	if e.Unset {
		return e.unset(root, steps)
	}
	value, err := e.value(steps[len(steps)-1])
	if err != nil {
		return err
	}
	n, pattern := root, ""
	for i, s := range steps {
		place, err := n.walkTo(s, pattern)
		if err != nil {
			return err
		}
		if place < 0 {
			fresh, err := wrap(steps[i+1:], s.below(pattern, n), value)
			if err == nil && n.kind == list && s.index < 0 && !putName(pattern, fresh, s.name) {
				err = collector.Refuse(collector.BadRequest, "key", "%q cannot be an item of %s with that value", s.name, pattern)
			}
			if err != nil {
				return err
			}
			n.children = append(n.children, s.child(n, fresh))
			return nil
		}
		below := s.below(pattern, n)
		if i == len(steps)-1 {
			if n.kind == list && s.index < 0 && value.kind == mapping {
				putName(pattern, value, s.name) // where the value gives it another, the item is renamed
			}
			n.edit(place)
			n.children[place].value = merged(n.children[place].value, value, below)
			return nil
		}
		n, pattern = n.edit(place), below
	}
	return nil
}

// value reads the edit's value; last is the key's last step.
func (e Edit) value(last step) (*node, error) {
	if e.Value == "" {
		if last.item {
			return text(last.name), nil
		}
		return text(""), nil
	}
	root, _, problem := parseTree([]byte(e.Value))
	if problem != nil {
		return nil, collector.Refuse(collector.BadRequest, "value", "it is no value as YAML has them (%s); quotes may be missing", problem.Reason)
	}
	return root.detached(), nil
}

// detached is a value without the place it was read from.
func (n *node) detached() *node {
	own := &node{kind: n.kind, text: n.text, typed: n.typed, flow: n.flow || n.kind == scalar}
	for _, c := range n.children {
		own.children = append(own.children, &child{key: c.key, value: c.value.detached()})
	}
	return own
}

// wrap puts a value into the mappings and lists that the steps to it name.
func wrap(steps []step, pattern string, value *node) (*node, error) {
	if len(steps) == 0 {
		return value, nil
	}
	s := steps[0]
	n := &node{kind: mapping}
	if s.item && !isMap(pattern) {
		n.kind = list
	}
	if s.index > 0 {
		return nil, collector.Refuse(collector.BadRequest, "key", "%s has no items yet", pattern)
	}
	inner, err := wrap(steps[1:], s.below(pattern, n), value)
	if err != nil {
		return nil, err
	}
	if n.kind == list && s.index < 0 && !putName(pattern, inner, s.name) {
		return nil, collector.Refuse(collector.BadRequest, "key", "%q cannot be an item of %s with that value", s.name, pattern)
	}
	n.children = []*child{s.child(n, inner)}
	return n, nil
}

// child is a new one for what a step names.
func (s step) child(of, value *node) *child {
	if of.kind == list {
		return &child{value: value}
	}
	return &child{key: s.name, value: value}
}

// isMap tells of a pattern whose keys people choose.
func isMap(pattern string) bool { return pattern == "schedules" }

func (e Edit) unset(root *node, steps []step) error {
	gone := collector.Refuse(collector.NotFound, "key", "%s is not in %s", e.Key, e.File)
	// path are the places on the way; a section left without a key goes too, and a list stays, empty.
	n, pattern := root, ""
	var above []*node
	var places []int
	for i, s := range steps {
		place, err := n.walkTo(s, pattern)
		if err != nil || place < 0 {
			return gone
		}
		above, places = append(above, n), append(places, place)
		if i < len(steps)-1 {
			n, pattern = n.edit(place), s.below(pattern, n)
		}
	}
	for i := len(above) - 1; i >= 0; i-- {
		above[i].children = slices.Delete(above[i].children, places[i], places[i]+1)
		if len(above[i].children) > 0 || above[i].kind == list || above[i].flow || i > 0 && above[i-1].kind == list {
			break
		}
	}
	return nil
}

// merged gives the new value in the old one's place: what both have stays as it stands in the file.
func merged(old, fresh *node, pattern string) *node {
	if equal(old, fresh) {
		return old
	}
	if old.was == nil || old.kind != fresh.kind || old.kind == scalar {
		return fresh
	}
	var children []*child
	last := -1
	for i, c := range fresh.children {
		place := slices.IndexFunc(old.children, func(o *child) bool {
			if old.kind == mapping {
				return o.key == c.key
			}
			return equal(o.value, c.value) || c.value.kind == mapping && named(pattern, c.value, nameOf(pattern, o.value))
		})
		if place < 0 {
			children = append(children, c)
			continue
		}
		if old.kind == list && (place <= last || i > 0 && children[i-1] == fresh.children[i-1]) {
			return fresh // in another order: it is written anew
		}
		last = max(last, place)
		old.edit(place)
		below := pattern + "[]"
		if old.kind == mapping {
			below = join(pattern, c.key)
		}
		old.children[place].value = merged(old.children[place].value, c.value, below)
		children = append(children, old.children[place])
	}
	if old.kind == mapping {
		children = inOldOrder(old.children, children)
	}
	if !slices.ContainsFunc(children, func(c *child) bool { return slices.Contains(old.children, c) }) {
		return fresh
	}
	old.children = children
	return old
}

// inOldOrder puts the children that were there before the new ones.
func inOldOrder(old, children []*child) []*child {
	slices.SortStableFunc(children, func(a, b *child) int {
		place := func(c *child) int {
			if i := slices.Index(old, c); i >= 0 {
				return i
			}
			return len(old)
		}
		return place(a) - place(b)
	})
	return children
}
