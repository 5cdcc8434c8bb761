package config

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/settings"
)

// A key names a value of a file: `passive.start`, `overrides[0].settle`. Items of lists are named by their place or, and
// that is better, by what names them: `groups[Support].people`, `users[ada@example.com].role`, `people[p-7f3a].name`,
// `rules[site example.com].status`, `schedule.groups[Contractors].use`, `do_not_track[CORP\ana]`, and single values by
// themselves: `groups[Support].people[p-7f3a]`. A name of digits only, or with a bracket, stands in double quotes, and so
// does a key with a dot: `schedules."a.b"`.

// step is one part of a key: a key of a mapping or, with item, an item of a list by name, or by index where that is 0 or
// more.
type step struct {
	item  bool
	name  string
	index int
}

// Item is the part of a key that names an item of a list: `[Support]`.
func Item(name string) string {
	if name == "" || isDigits(name) || strings.ContainsAny(name, "[]\"\n") {
		return "[" + strconv.Quote(name) + "]"
	}
	return "[" + name + "]"
}

// keyStep is a key as a part of a longer one.
func keyStep(key string) string {
	if key == "" || strings.ContainsAny(key, ".[\"\n") {
		return strconv.Quote(key)
	}
	return key
}

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// parseKey gives the steps of a key.
func parseKey(key string) ([]step, error) {
	var steps []step
	bad := func() ([]step, error) {
		return nil, collector.Refuse(collector.BadRequest, "key", "%q is not a key such as passive.start or groups[Support].people", key)
	}
	for rest := key; rest != ""; {
		one := step{index: -1}
		var found bool
		switch {
		case rest[0] == '[':
			one.item = true
			if one, rest, found = parseItem(rest[1:]); !found {
				return bad()
			}
		default:
			if len(steps) > 0 {
				if rest, found = strings.CutPrefix(rest, "."); !found {
					return bad()
				}
			}
			if one.name, rest, found = parseName(rest, ".["); !found || one.name == "" {
				return bad()
			}
		}
		steps = append(steps, one)
	}
	if len(steps) == 0 || steps[0].item {
		return bad()
	}
	return steps, nil
}

// parseItem reads `Support]` and gives what follows it.
func parseItem(text string) (one step, rest string, found bool) {
	quoted := strings.HasPrefix(text, `"`)
	name, rest, found := parseName(text, "]")
	if !found || !strings.HasPrefix(rest, "]") || name == "" && !quoted {
		return step{}, "", false
	}
	one = step{item: true, name: name, index: -1}
	if !quoted && isDigits(name) {
		index, err := strconv.Atoi(name)
		if err != nil {
			return step{}, "", false
		}
		one.index = index
	}
	return one, rest[1:], true
}

// parseName reads a name up to one of the ends, or one in double quotes.
func parseName(text, ends string) (name, rest string, found bool) {
	if strings.HasPrefix(text, `"`) {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", "", false
		}
		name, err = strconv.Unquote(quoted)
		return name, text[len(quoted):], err == nil
	}
	end := strings.IndexAny(text, ends)
	if end < 0 {
		return text, "", ends != "]"
	}
	return text[:end], text[end:], true
}

// nameKeys are the keys whose value names an item of a list of mappings, by the list's pattern.
var nameKeys = map[string]string{
	"users": "email", "people": "id", "devices": "id", "groups": "name", "schedule.groups": "group", "rules[].exceptions": "group",
}

// Lists whose items are named by more than one key.
const (
	rulesPattern      = "rules"
	doNotTrackPattern = "do_not_track"
)

// subjectKeys name a rule.
var subjectKeys = []string{"app", "site", "url"}

// nameOf is an item's name in its list; empty where it has none.
func nameOf(pattern string, item *node) string {
	if item.kind == scalar {
		return item.text
	}
	switch pattern {
	case rulesPattern:
		for _, kind := range subjectKeys {
			if subject := item.textAt(kind); subject != "" {
				return kind + " " + subject
			}
		}
		return ""
	case doNotTrackPattern:
		return cmp.Or(item.textAt("domain"), "*") + `\` + cmp.Or(item.textAt("user"), "*")
	}
	return item.textAt(nameKeys[pattern])
}

// named tells whether an item has a name; the case counts for single values, and for applications, which Linux tells
// apart by it.
func named(pattern string, item *node, name string) bool {
	if item.kind == scalar {
		return item.text == name
	}
	if pattern == rulesPattern { // thousands of them are looked through: without making a text of each
		kind, subject, _ := strings.Cut(name, " ")
		if kind == "app" {
			return subject != "" && item.textAt(kind) == subject
		}
		return subject != "" && strings.EqualFold(item.textAt(kind), subject)
	}
	own := nameOf(pattern, item)
	return own != "" && strings.EqualFold(own, name)
}

// putName gives a new item its name, at the front; false where it has another one, or the name does not fit.
func putName(pattern string, item *node, name string) bool {
	if item.kind == scalar {
		return item.text == name
	}
	parts := [][2]string{{nameKeys[pattern], name}}
	switch pattern {
	case rulesPattern:
		kind, subject, _ := strings.Cut(name, " ")
		parts = [][2]string{{kind, subject}}
	case doNotTrackPattern:
		domain, user, _ := strings.Cut(name, `\`)
		parts = [][2]string{{"domain", domain}, {"user", user}}
	}
	for _, part := range parts {
		if part[0] == "" || part[1] == "" {
			return false
		}
		if own := item.find(part[0]); own == nil {
			item.children = append([]*child{{key: part[0], value: text(part[1])}}, item.children...)
		} else if own.value.text != part[1] {
			return false
		}
	}
	return true
}

// FileOf is the file whose key it is; account.yaml where several have it.
func FileOf(key string) (string, error) {
	steps, err := parseKey(key)
	if err != nil {
		return "", err
	}
	for _, file := range []string{AccountFile, PeopleFile, ClassificationFile, CollectorFile} {
		known := false
		fields(fileTypes[file], func(key string, _ reflect.StructField) { known = known || key == steps[0].name })
		if known {
			return file, nil
		}
	}
	best, least := "", -1
	for _, file := range Files {
		fields(fileTypes[file], func(known string, _ reflect.StructField) {
			if d := distance(steps[0].name, known); least < 0 || d < least {
				best, least = known, d
			}
		})
	}
	return "", collector.Refuse(collector.BadRequest, "key", "no file has a key %q; the nearest is %s", steps[0].name, best)
}

// fileTypes are what the files decode into.
var fileTypes = map[string]reflect.Type{
	CollectorFile: reflect.TypeFor[Collector](), AccountFile: reflect.TypeFor[settings.Account](),
	PeopleFile: reflect.TypeFor[People](), ClassificationFile: reflect.TypeFor[Classification](),
}

// at is a path below another: of a key, or of an item by its place.
func at(path string, index int) string { return fmt.Sprintf("%s[%d]", path, index) }
