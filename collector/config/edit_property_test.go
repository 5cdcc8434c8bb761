package config

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// written are the four files as people write them, in several ways.
func written(t testing.TB) []map[string][]byte {
	t.Helper()
	first, example := map[string][]byte{}, map[string][]byte{}
	for _, name := range Files {
		var err error
		if first[name], err = Default(name); err != nil {
			t.Fatal(err)
		}
		if example[name], err = os.ReadFile(filepath.Join("testdata", "example", name)); err != nil {
			t.Fatal(err)
		}
	}
	odd := map[string][]byte{
		CollectorFile: []byte("listen: {agents: ':1', # here\r\n  web: \":2\", }\r\ntls:\r\n    mode: self-signed\r\n    names:\r\n    - a.example.com\r\n    # between\r\n    -   'b.example.com'   # second\r\n"),
		AccountFile: []byte("# über\n\"settle\": 2s\nnotice:\n    text: >-\n      We measure.\n\n      # no comment\n    version: 1\n\n\nprivacy: {titles: true,\n  redact: ['a b', \"c\\\"d\", # why\n    e]}\nschedules:\n    \"an office\":\n        mon: ['08:00-12:00',\n          '13:00-14:00']\n" +
			"overrides:\n-   devices: [d-1]\n    settle: 1s\n- settle: 2s\n  devices:\n  - d-2 # the second\n  - d-3\n# last"),
		PeopleFile:         []byte("people:\n- id: p-1\n  name: Ána\n  logins:\n  - 'A\\x'\n  - A\\y\n\n- {id: p-2, name: plain words}\ngroups: [{name: Support, people: [p-1, p-2]}, {name: \"It's\"}]\nusers:\n  - role: admin   # who\n    email: a@b.c\ndo_not_track: [{user: x, domain: Y}]"),
		ClassificationFile: []byte("categories:\n  - Mail\n  -   Chat # talk\nrules:\n\n  # the first\n  - app: a.exe\n    # its status\n    status: productive\n    exceptions:\n    - group: Support\n      status: undefined\n\n  - {site: x.example, status: productive}\n"),
	}
	return []map[string][]byte{first, example, odd}
}

// edits draws an edit, with the steps of its key apart.
func edits(t *rapid.T) (file string, steps []string, value string) {
	word := rapid.SampledFrom([]string{"plain", "'a: b'", `"line\nbreak"`, "3m", "true", "7", `'it''s'`, "'# no'", "'CORP\\ana'", "é", "''"})
	words := rapid.SampledFrom([]string{"[]", "[p-1, p-9]", "['a, b', c]", "[one]"})
	any := rapid.OneOf(word, words, rapid.SampledFrom([]string{"{}", "{a: 1, b: [x, {c: d}]}", "[{a: b}, {c: [d]}]"}))
	type shape struct {
		file   string
		steps  []string
		values *rapid.Generator[string]
	}
	name := rapid.SampledFrom([]string{"Support", "New one", "It's", "2024", "a]b", "p-1", "p-9"}).Draw(t, "name")
	item := Item(name)
	s := rapid.SampledFrom([]shape{
		{AccountFile, []string{"passive", ".start"}, any},
		{AccountFile, []string{"settle"}, any},
		{AccountFile, []string{"notice"}, any},
		{AccountFile, []string{"notice", ".text"}, word},
		{AccountFile, []string{"privacy", ".redact"}, words},
		{AccountFile, []string{"privacy", ".urls"}, word},
		{AccountFile, []string{"agents", ".buffer", ".days"}, word},
		{AccountFile, []string{"schedules", item, ".mon"}, words},
		{AccountFile, []string{"overrides", "[0]", ".settle"}, word},
		{AccountFile, []string{"overrides", "[1]"}, any},
		{AccountFile, []string{"updates", ".linux"}, any},
		{CollectorFile, []string{"tls", ".names"}, words},
		{CollectorFile, []string{"tls", ".cert"}, word},
		{CollectorFile, []string{"listen", ".web"}, word},
		{CollectorFile, []string{"sign_in", ".oidc", ".issuer"}, word},
		{PeopleFile, []string{"users"}, any},
		{PeopleFile, []string{"users", "[a@b.c]", ".role"}, word},
		{PeopleFile, []string{"people", "[" + "p-1" + "]", ".name"}, word},
		{PeopleFile, []string{"groups", item}, rapid.Just("{people: [x]}")},
		{PeopleFile, []string{"groups", item, ".people"}, words},
		{PeopleFile, []string{"groups", "[Support]", ".people", item}, rapid.Just("")},
		{PeopleFile, []string{"do_not_track", `[CORP\ana]`}, rapid.Just("{}")},
		{ClassificationFile, []string{"categories", item}, rapid.Just("")},
		{ClassificationFile, []string{"rules", "[site x.example]", ".status"}, word},
		{ClassificationFile, []string{"rules", "[app a.exe]", ".exceptions", item, ".status"}, word},
		{ClassificationFile, []string{"rules"}, any},
	}).Draw(t, "shape")
	return s.file, s.steps, s.values.Draw(t, "value")
}

// How much of a key's way is there already, and the value found last.
func found(t *rapid.T, root *node, steps []string) (there int, last *node, whole []*node) {
	path, err := parseKey(strings.Join(steps, ""))
	if err != nil {
		t.Fatal(err)
	}
	n, pattern := root, ""
	whole = []*node{n}
	for i, s := range path {
		place, err := n.walkTo(s, pattern)
		if err != nil || place < 0 {
			return i, n, whole
		}
		pattern, n = s.below(pattern, n), n.children[place].value
		whole = append(whole, n)
	}
	return len(path), n, whole
}

// TestEditsTouchNothingElse: an edit changes the lines of the value it means, and those alone; what it says afterwards is
// what it said before with that value changed, read by another decoder; and taking out what was put in restores the bytes.
func TestEditsTouchNothingElse(t *testing.T) {
	files := written(t)
	rapid.Check(t, func(t *rapid.T) {
		content := files[rapid.IntRange(0, len(files)-1).Draw(t, "files")]
		file, steps, value := edits(t)
		key := strings.Join(steps, "")
		root, l, problem := parseTree(content[file])
		if problem != nil {
			t.Fatal(problem)
		}
		there, last, whole := found(t, root, steps)
		after, err := Apply(content, []Edit{{File: file, Key: key, Value: value}})
		if err != nil {
			if strings.Contains(err.Error(), "edited here") {
				t.Fatalf("%s = %s: %v", key, value, err)
			}
			return // it makes no sense, as an item of a mapping
		}
		for _, name := range Files {
			if name != file && !bytes.Equal(content[name], after[name]) {
				t.Fatalf("%s changed", name)
			}
		}
		want := asWritten(t, content[file])
		put(t, &want, root, steps, there, value)
		if diff := cmp.Diff(want, asWritten(t, after[file])); diff != "" {
			t.Fatalf("%s = %s says something else:\n%s\n%s", key, value, diff, after[file])
		}
		kept := outside(l, last, there == len(steps) || last.flow || len(last.children) == 0)
		if !isWithin(kept, lines(string(after[file]))) {
			t.Fatalf("%s = %s touched more than its lines:\n%s", key, value, after[file])
		}
		if there < len(steps) && len(whole) > 0 {
			back, err := Apply(after, []Edit{{File: file, Key: strings.Join(steps[:there+1], ""), Unset: true}})
			if err != nil || !bytes.Equal(back[file], content[file]) {
				t.Fatalf("%s = %s and taken out (%v):\n%s", key, value, err, back[file])
			}
			return
		}
		gone, err := Apply(content, []Edit{{File: file, Key: key, Unset: true}})
		if err != nil {
			t.Fatal(err)
		}
		for i := len(whole) - 2; i > 0 && len(whole[i].children) == 1; i-- {
			last = whole[i]
		}
		if i := slices.IndexFunc(whole, func(n *node) bool { return n.flow }); i >= 0 && whole[i].from < last.from {
			last = whole[i] // what stands in brackets is one value
		}
		if parent := whole[len(whole)-2]; parent.kind == mapping && parent.children[0].value == last && strings.Contains(l.text[l.lineStart(parent.from):parent.from], "-") {
			last = parent // the next key moves behind the dash
		}
		if kept := outside(l, last, true); !isWithin(kept, lines(string(gone[file]))) {
			t.Fatalf("%s taken out touched more than its lines:\n%s", key, gone[file])
		}
	})
}

func asWritten(t *rapid.T, content []byte) any {
	var value any
	if err := yaml.Unmarshal(content, &value); err != nil {
		t.Fatalf("%v:\n%s", err, content)
	}
	return value
}

// put sets a value as a decoder of its own kind sees it: what is there is found by place.
func put(t *rapid.T, into *any, n *node, steps []string, there int, value string) {
	path, err := parseKey(strings.Join(steps, ""))
	if err != nil {
		t.Fatal(err)
	}
	if len(path) == 0 || there == 0 && len(steps) == 0 {
		return
	}
	var set func(into *any, n *node, i int, pattern string)
	set = func(into *any, n *node, i int, pattern string) {
		if i == len(path) {
			*into = parsed(t, value, path[i-1].name)
			return
		}
		s := path[i]
		below := join(pattern, s.name)
		if s.item && !isMap(pattern) {
			below = pattern + "[]"
			items, _ := (*into).([]any)
			place := -1
			if n != nil {
				place, _ = n.walkTo(s, pattern)
			}
			if place < 0 {
				var fresh any
				set(&fresh, nil, i+1, below)
				*into = append(items, namedItem(fresh, pattern, s.name, s.index))
				return
			}
			set(&items[place], n.children[place].value, i+1, below)
			if i == len(path)-1 {
				items[place] = namedItem(items[place], pattern, s.name, s.index)
			}
			*into = items
			return
		}
		all, is := (*into).(map[string]any)
		if !is {
			all = map[string]any{}
		}
		held := all[s.name]
		var next *node
		if n != nil && n.find(s.name) != nil {
			next = n.find(s.name).value
		}
		set(&held, next, i+1, below)
		all[s.name] = held
		*into = all
	}
	set(into, n, 0, "")
}

func parsed(t *rapid.T, value, name string) any {
	if value == "" {
		return name
	}
	return asWritten(t, []byte(value))
}

func namedItem(item any, pattern, name string, index int) any {
	all, is := item.(map[string]any)
	if !is || index >= 0 {
		return item
	}
	switch pattern {
	case rulesPattern:
		kind, subject, _ := strings.Cut(name, " ")
		all[kind] = subject
	case doNotTrackPattern:
		domain, user, _ := strings.Cut(name, `\`)
		all["domain"], all["user"] = domain, user
	default:
		all[nameKeys[pattern]] = name
	}
	return all
}

func lines(text string) []string { return strings.Split(strings.ReplaceAll(text, crlf, "\n"), "\n") }

// outside are the lines of a text but those of a value, its key's among them.
func outside(l *layout, of *node, touched bool) []string {
	all := lines(l.text)
	if !touched || of.to == 0 {
		return all
	}
	first := strings.Count(l.text[:of.from], "\n")
	last := strings.Count(l.text[:of.to], "\n")
	if of.kind != scalar && !of.flow && first > 0 {
		first-- // the key stands above its block
		for first > 0 && isNoContent(all[first]) {
			first--
		}
	}
	return slices.Concat(all[:first], all[last+1:])
}

func isNoContent(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// isWithin tells whether all lines stand in others, in order.
func isWithin(some, all []string) bool {
	for _, line := range all {
		if len(some) > 0 && some[0] == line {
			some = some[1:]
		}
	}
	return len(some) == 0
}

// TestReadingsAreShared: what was read of a text is given again, and no edit changes it for whoever asks next.
func TestReadingsAreShared(t *testing.T) {
	for _, content := range written(t) {
		for _, file := range Files {
			first, _, problem := parseTree(content[file])
			if problem != nil {
				t.Fatal(problem)
			}
			again, _, _ := parseTree(bytes.Clone(content[file]))
			if first != again && first.to > 0 {
				t.Errorf("%s was read twice", file)
			}
		}
		edits := []Edit{{Key: "settle", Value: "1s"}, {Key: "groups[Support].people", Value: "[p-9]"}, {Key: "groups[New]", Value: "{}"}}
		after, err := Apply(content, edits)
		if err != nil {
			t.Fatal(err)
		}
		anew, err := Apply(content, edits)
		if err != nil || cmp.Diff(after, anew) != "" {
			t.Errorf("the same edits made again: %v %s", err, cmp.Diff(after, anew))
		}
	}
}
