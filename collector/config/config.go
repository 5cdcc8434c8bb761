// Package config is the four configuration files: it reads and checks them as one set, keeps the last good one, watches
// for edits, and records what changed. The files are the truth; a set with an error changes nothing.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/shared/settings"
)

// The files of a configuration folder.
const (
	CollectorFile      = "collector.yaml"
	AccountFile        = "account.yaml"
	PeopleFile         = "people.yaml"
	ClassificationFile = "classification.yaml"
)

// Files are their names, in the order in which they are checked.
var Files = []string{CollectorFile, AccountFile, PeopleFile, ClassificationFile}

// Set is the four files, checked. It is not changed once made.
type Set struct {
	Collector      *Collector
	Account        *settings.Account
	People         *People
	Classification *Classification
	// Facts are the groups, people and do-not-track list, ready for settings.Resolve.
	Facts *settings.People
	// Content is each file as it was read, by name.
	Content    map[string][]byte
	decoders   map[string]*decoder
	references []reference
	// doubts are warnings about it.
	doubts []Problem
}

// Problem is something wrong with a file.
type Problem struct {
	File string `json:"file"`
	// Line counts from 1; 0 where it is about the whole file.
	Line int `json:"line"`
	// Key is the dotted path: "overrides[0].passive.stop".
	Key    string `json:"key"`
	Reason string `json:"reason"`
	// Warning: the set holds all the same.
	Warning bool `json:"warning"`
}

// String reads `account.yaml:3: passive.start: 15m is not allowed; allowed: 1m–10m`.
func (p Problem) String() string {
	text := p.File
	if p.Line > 0 {
		text += fmt.Sprintf(":%d", p.Line)
	}
	if p.Warning {
		text += ": warning"
	}
	if p.Key != "" {
		text += ": " + p.Key
	}
	return text + ": " + p.Reason
}

// Load reads and checks the files of a folder. The set is nil where a problem is more than a warning.
func Load(dir string) (*Set, []Problem) { return check(readAll(dir)) }

// readAll reads the files of a folder; a problem for each that cannot be read.
func readAll(dir string) (content map[string][]byte, problems []Problem) {
	content = map[string][]byte{}
	for _, name := range Files {
		bytes, err := read(filepath.Join(dir, name))
		if err != nil {
			problems = append(problems, Problem{File: name, Reason: err.Error()})
			continue
		}
		content[name] = bytes
	}
	return content, problems
}

// read gives a file's bytes, one more than allowed at most: the check then refuses it.
func read(name string) ([]byte, error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the file is missing; a missing file is not taken for no rules")
	}
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	return content, nil
}

// Parse checks files that were read, by name. The set is nil where a problem is more than a warning.
func Parse(content map[string][]byte) (*Set, []Problem) {
	var problems []Problem
	for _, name := range Files {
		if content[name] == nil {
			problems = append(problems, Problem{File: name, Reason: "the file is missing"})
		}
	}
	return check(content, problems)
}

// check looks at every file that is there, so that one answer names everything that is wrong; problems are those found
// with reading them.
func check(content map[string][]byte, problems []Problem) (*Set, []Problem) {
	set := &Set{
		Collector: defaultCollector(), Account: settings.Default(), People: &People{}, Classification: &Classification{},
		Content: content,
	}
	decoders := map[string]*decoder{}
	for name, into := range map[string]any{
		CollectorFile: set.Collector, AccountFile: set.Account, PeopleFile: set.People, ClassificationFile: set.Classification,
	} {
		d := &decoder{file: name, lines: map[string]int{}, root: reflect.TypeOf(into).Elem()}
		decoders[name] = d
		if bytes, there := content[name]; there {
			if root := d.parse(bytes); root != nil {
				d.value(root, reflect.ValueOf(into).Elem(), "")
			}
		}
	}
	// What a file says is judged only if it could be read: one misspelt key should not bring ten problems.
	readable := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool {
			_, there := content[name]
			return !there || len(decoders[name].problems) > 0
		})
	}
	known := readable(PeopleFile)
	if readable(CollectorFile) {
		set.Collector.check(decoders[CollectorFile])
	}
	if readable(PeopleFile) {
		set.People.check(decoders[PeopleFile])
	}
	groups := set.People.groupNames()
	if readable(AccountFile) {
		checkAccount(decoders[AccountFile], set.Account, known, groups)
	}
	if readable(ClassificationFile) {
		set.Classification.check(decoders[ClassificationFile], known, groups)
	}
	for _, d := range decoders {
		problems = append(problems, d.problems...)
	}
	slices.SortFunc(problems, func(a, b Problem) int {
		return cmp.Or(slices.Index(Files, a.File)-slices.Index(Files, b.File), a.Line-b.Line, strings.Compare(a.Key, b.Key))
	})
	if slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning }) {
		return nil, problems
	}
	set.Facts = set.People.facts()
	set.decoders = decoders
	set.references = references(set)
	set.doubts = problems
	return set, problems
}
