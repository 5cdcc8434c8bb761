package config

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/settings"
)

// Bounds of what one change of a file puts into the audit log.
const (
	maxChanges    = 200
	maxValueRunes = 200
)

// Ledger is where changes are written down.
type Ledger interface {
	FileRevisions(ctx context.Context, limit int) ([]collector.FileRevision, error)
	AddFileRevision(ctx context.Context, revision collector.FileRevision) error
	Audit(ctx context.Context, entry collector.AuditEntry) error
}

// Change is one key's old and new value; empty where it was or is not there.
type Change struct {
	Key string `json:"key"`
	Old string `json:"old"`
	New string `json:"new"`
}

// changed is shown in place of a secret's values.
const changed = "(changed)"

// Record writes down each file of the set that differs from its newest revision: an audit entry with the keys that
// changed, and the revision. Actor is "file" for an edit outside the pages.
func Record(ctx context.Context, ledger Ledger, set *Set, actor string, now time.Time) error {
	last, err := newest(ctx, ledger)
	if err != nil {
		return fmt.Errorf("config: record: %w", err)
	}
	for _, name := range Files {
		content := set.Content[name]
		sum := sha256.Sum256(content)
		revision := collector.FileRevision{File: name, At: now, Actor: actor, SHA256: hex.EncodeToString(sum[:]), Content: content}
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

// newest gives the newest revision of each file; it looks further back only where the newest few lack a file.
func newest(ctx context.Context, ledger Ledger) (map[string]collector.FileRevision, error) {
	const few = 32
	for _, limit := range []int{few, 0} {
		revisions, err := ledger.FileRevisions(ctx, limit)
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

// changes lists the keys whose values differ, sorted. Secrets show that they changed, not what to.
func changes(file string, before, after []byte) []Change {
	old, now := flatten(before), flatten(after)
	keys := maps.Clone(old)
	maps.Copy(keys, now)
	secret := secrets(file)
	list := []Change{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if old[key] == now[key] {
			continue
		}
		change := Change{Key: key, Old: short(old[key]), New: short(now[key])}
		if secret[pattern(key)] {
			change.Old, change.New = "", changed
		}
		list = append(list, change)
	}
	return list
}

func short(text string) string {
	if runes := []rune(text); len(runes) > maxValueRunes {
		return string(runes[:maxValueRunes]) + "…"
	}
	return text
}

// flatten gives each single value of a file by its dotted path; nothing for a file that cannot be read.
func flatten(content []byte) map[string]string {
	values := map[string]string{}
	d := &decoder{lines: map[string]int{}}
	if root := d.parse(content); root != nil {
		flattenInto(values, root, "")
	}
	return values
}

func flattenInto(values map[string]string, node ast.Node, path string) {
	if pairs, is := entries(node); is {
		for _, pair := range pairs {
			key, _ := scalarText(pair.Key)
			flattenInto(values, pair.Value, join(path, key))
		}
		return
	}
	if list, is := node.(*ast.SequenceNode); is {
		for i, item := range list.Values {
			flattenInto(values, item, fmt.Sprintf("%s[%d]", path, i))
		}
		return
	}
	text, _ := scalarText(node)
	values[path] = text
}

var indices = regexp.MustCompile(`\[\d+\]`)

// pattern is a key's path without the places in lists, as walk gives it.
func pattern(key string) string { return indices.ReplaceAllString(key, "[]") }

// secrets are the paths of the keys whose values are kept out of the audit log.
func secrets(file string) map[string]bool {
	root := map[string]reflect.Type{
		CollectorFile: reflect.TypeFor[Collector](), AccountFile: reflect.TypeFor[settings.Account](),
		PeopleFile: reflect.TypeFor[People](), ClassificationFile: reflect.TypeFor[Classification](),
	}[file]
	found := map[string]bool{}
	walk(root, "", func(path string, field reflect.StructField) {
		if field.Tag.Get("secret") == "true" {
			found[path] = true
		}
	})
	return found
}
