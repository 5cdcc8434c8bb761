package config

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// Bounds of what one change of a file puts into the audit log.
const (
	maxChanges    = 200
	maxValueRunes = 200
)

// Ledger is where changes are written down.
type Ledger interface {
	FileRevisions(ctx context.Context, file string, limit int) ([]collector.FileRevision, error)
	AddFileRevision(ctx context.Context, revision collector.FileRevision) error
	Audit(ctx context.Context, entry collector.AuditEntry) error
}

// Change is one key's old and new value; empty where it was or is not there.
type Change struct {
	File string `json:"-"`
	Key  string `json:"key"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Changed is shown in place of a secret's values.
const Changed = "(changed)"

// Secret tells whether the values are not shown.
func (c Change) Secret() bool { return c.New == Changed }

// Record writes down each file of the set that differs from its newest revision: an audit entry with the keys that
// changed, and the revision. Actor is "file" for an edit outside the pages.
func Record(ctx context.Context, ledger Ledger, set *Set, actor string, now time.Time) error {
	last, err := newest(ctx, ledger)
	if err != nil {
		return fmt.Errorf("config: record: %w", err)
	}
	for _, name := range Files {
		content := set.Content[name]
		revision := collector.FileRevision{File: name, At: now, Actor: actor, SHA256: set.Revision(name), Content: content}
		before, recorded := last[name]
		if recorded && before.SHA256 == revision.SHA256 {
			continue
		}
		detail, err := json.Marshal(describe(name, before.Content, content))
		if err != nil {
			return fmt.Errorf("config: record: %w", err)
		}
		// The entry goes first: if the revision is not written after it, both are written again, and nothing is lost.
		err = ledger.Audit(ctx, collector.AuditEntry{At: now, Actor: actor, Action: "config.apply", Subject: name, Detail: string(detail)})
		if err == nil {
			err = ledger.AddFileRevision(ctx, revision)
		}
		if err != nil {
			return fmt.Errorf("config: record %s: %w", name, err)
		}
	}
	return nil
}

// Revision of a file: the SHA-256 of its bytes, hex.
func (s *Set) Revision(file string) string {
	sum := sha256.Sum256(s.Content[file])
	return hex.EncodeToString(sum[:])
}

// newest gives the newest revision of each file; it looks further back only where the newest few lack a file.
func newest(ctx context.Context, ledger Ledger) (map[string]collector.FileRevision, error) {
	const few = 32
	for _, limit := range []int{few, 0} {
		revisions, err := ledger.FileRevisions(ctx, "", limit)
		if err != nil {
			return nil, err
		}
		last := map[string]collector.FileRevision{}
		for _, revision := range revisions {
			if _, newer := last[revision.File]; !newer {
				last[revision.File] = revision
			}
		}
		if len(last) == len(Files) || len(revisions) < few || limit == 0 {
			return last, nil
		}
	}
	return nil, nil
}

// description is an audit entry's detail.
type description struct {
	Changes []Change `json:"changes"`
	// More changes than are listed.
	More int `json:"more,omitempty"`
}

func describe(file string, before, after []byte) description {
	all := changes(file, before, after)
	listed := all[:min(len(all), maxChanges)]
	return description{Changes: listed, More: len(all) - len(listed)}
}

// Changes lists what differs between two sets, file by file. Secrets show that they changed, not what to.
func Changes(before, after *Set) []Change {
	var all []Change
	for _, name := range Files {
		if !bytes.Equal(before.Content[name], after.Content[name]) {
			all = append(all, changes(name, before.Content[name], after.Content[name])...)
		}
	}
	return all
}

// changes lists the keys whose values differ, sorted. Items of lists are called by their names, so that one more at the
// front is one change, and another order of those that stay is one too.
func changes(file string, before, after []byte) []Change {
	old, now := flatten(before), flatten(after)
	secret := secrets(file)
	var keys []string
	for key := range old.values {
		keys = append(keys, key)
	}
	for key := range now.values {
		if _, both := old.values[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	all := []Change{}
	for _, key := range keys {
		a, b := old.values[key], now.values[key]
		if a.text == b.text {
			continue
		}
		change := Change{File: file, Key: key, Old: short(a.text), New: short(b.text)}
		if secret[cmp.Or(a.pattern, b.pattern)] {
			change.Old, change.New = "", Changed
		}
		all = append(all, change)
	}
	return append(all, moves(file, old.orders, now.orders)...)
}

// moves lists the lists whose items stand in another order, those left aside that are not in both.
func moves(file string, old, now map[string][]string) []Change {
	var all []Change
	for _, key := range slices.Sorted(maps.Keys(old)) {
		a, b := common(old[key], now[key]), common(now[key], old[key])
		if !slices.Equal(a, b) {
			all = append(all, Change{File: file, Key: key, Old: short(strings.Join(a, ", ")), New: short(strings.Join(b, ", "))})
		}
	}
	return all
}

func common(of, with []string) []string {
	there := map[string]bool{}
	for _, name := range with {
		there[name] = true
	}
	return slices.DeleteFunc(slices.Clone(of), func(name string) bool { return !there[name] })
}

func short(text string) string {
	if runes := []rune(text); len(runes) > maxValueRunes {
		return string(runes[:maxValueRunes]) + "…"
	}
	return text
}

// flat is a file as single values by their keys, and the names of lists' items in their order.
type flat struct {
	values map[string]flatValue
	orders map[string][]string
}

type flatValue struct {
	text string
	// pattern is the key without the names of items, as walk gives it.
	pattern string
}

// flatten gives nothing for a file that cannot be read.
func flatten(content []byte) flat {
	f := flat{values: map[string]flatValue{}, orders: map[string][]string{}}
	if root, _, problem := parseTree(content); problem == nil {
		f.add(root, "", "")
	}
	return f
}

func (f flat) add(n *node, key, pattern string) {
	if n.kind == scalar {
		f.values[key] = flatValue{n.text, pattern}
		return
	}
	taken := map[string]bool{}
	for i, c := range n.children {
		if n.kind == mapping {
			f.add(c.value, join(key, keyStep(c.key)), join(pattern, c.key))
			continue
		}
		name := nameOf(pattern, c.value)
		if name == "" || taken[name] {
			f.add(c.value, at(key, i), pattern+"[]")
			continue
		}
		taken[name] = true
		f.orders[key] = append(f.orders[key], name)
		f.add(c.value, key+Item(name), pattern+"[]")
	}
}

// secrets are the patterns of the keys whose values are kept out of the audit log.
func secrets(file string) map[string]bool {
	found := map[string]bool{}
	walk(fileTypes[file], "", func(path string, field reflect.StructField) {
		if field.Tag.Get("secret") == "true" {
			found[path] = true
		}
	})
	return found
}
