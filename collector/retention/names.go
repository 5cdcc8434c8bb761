package retention

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// erasedName stands where a name was; it is a word in YAML, bare and within quotes.
const erasedName = "(erased)"

// namesOf are the names of the logins and people that tombstones of logins are about: as the registry knows them, and as
// any revision of people.yaml listed them. A device's deletion is about no person.
func (r *Retention) namesOf(ctx context.Context, tombstones []collector.Tombstone) ([]string, error) {
	keys, people := map[string]bool{}, map[string]bool{}
	for _, t := range tombstones {
		keys[t.LoginKey] = t.LoginKey != ""
	}
	logins, err := r.registry.Logins(ctx)
	if err != nil {
		return nil, fmt.Errorf("retention: names: %w", err)
	}
	var names []string
	for _, login := range logins {
		if keys[login.Key] {
			names, people[login.Person] = append(names, login.Name, login.Key), true
		}
	}
	told, err := r.registry.LoginNames(ctx)
	if err != nil {
		return nil, fmt.Errorf("retention: names: %w", err)
	}
	for owner, name := range told {
		if keys[owner.LoginKey] {
			names = append(names, name)
		}
	}
	registered, err := r.registry.People(ctx)
	if err != nil {
		return nil, fmt.Errorf("retention: names: %w", err)
	}
	for _, p := range registered {
		if people[p.ID] {
			names = append(names, p.Name, p.Email)
		}
	}
	return r.listedNames(ctx, names, people)
}

// listedNames adds what people.yaml ever called those of the ids or logins.
func (r *Retention) listedNames(ctx context.Context, names []string, ids map[string]bool) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	revisions, err := r.registry.FileRevisions(ctx, config.PeopleFile, 0)
	if err != nil {
		return nil, fmt.Errorf("retention: names: %w", err)
	}
	for _, revision := range revisions {
		for _, p := range config.ListedPeople(revision.Content) {
			named := slices.ContainsFunc(p.Logins, func(login string) bool {
				return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, login) })
			})
			if ids[p.ID] || named {
				names = append(append(names, p.Name, p.Email), p.Logins...)
			}
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" }), nil
}

// PastNames finds whom past revisions of people.yaml list by an id, name, e-mail or login: the id and all it was called;
// an empty id where nobody.
func (r *Retention) PastNames(ctx context.Context, word string) (id string, names []string, err error) {
	revisions, err := r.registry.FileRevisions(ctx, config.PeopleFile, 0)
	if err != nil {
		return "", nil, fmt.Errorf("retention: names: %w", err)
	}
	for _, revision := range revisions {
		for _, p := range config.ListedPeople(revision.Content) {
			called := append([]string{p.ID, p.Name, p.Email}, p.Logins...)
			if word != "" && slices.ContainsFunc(called, func(name string) bool { return strings.EqualFold(name, word) }) {
				id, names = p.ID, append(names, called[1:]...)
			}
		}
	}
	return id, names, nil
}

// eraseNames takes names out of past revisions of people.yaml, and erases audit entries whose detail has one. A name
// that people.yaml has today stays everywhere: the file is the administrator's to edit.
func (r *Retention) eraseNames(ctx context.Context, names []string) (named bool, err error) {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "" }) // without an e-mail, for one
	slices.Sort(names)
	names = slices.Compact(names)
	now := string(r.set().Content[config.PeopleFile])
	gone := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return redact(now, []string{name}) != now
	})
	named = len(gone) < len(names)
	if len(gone) == 0 {
		return named, nil
	}
	// The audit log first: were this cut off, the revisions still tell which names are left to erase.
	const page = 1000
	var naming []uint64
	for after := uint64(0); ; {
		entries, err := r.registry.AuditEntries(ctx, after, page)
		if err != nil {
			return named, fmt.Errorf("retention: names: %w", err)
		}
		for _, e := range entries {
			if after = e.Sequence; redact(e.Detail, gone) != e.Detail {
				naming = append(naming, e.Sequence)
			}
		}
		if len(entries) < page {
			break
		}
	}
	if err := r.registry.EraseAudit(ctx, naming...); err != nil {
		return named, fmt.Errorf("retention: names: %w", err)
	}
	err = r.registry.EditFileRevisions(ctx, config.PeopleFile, func(content []byte) []byte {
		return []byte(redact(string(content), gone))
	})
	if err != nil {
		return named, fmt.Errorf("retention: names: %w", err)
	}
	return named, nil
}

// redact puts erasedName for each name in a text, as it is or with backslashes or quotes doubled as YAML and JSON have
// them, in any case. A name within a longer word is another name.
func redact(text string, names []string) string {
	written := map[string]bool{}
	for _, name := range names {
		for _, form := range []string{name, strings.ReplaceAll(name, `\`, `\\`), strings.ReplaceAll(name, `'`, `''`)} {
			written[regexp.QuoteMeta(form)] = true
		}
	}
	forms := slices.SortedFunc(maps.Keys(written), func(a, b string) int { return len(b) - len(a) })
	var out strings.Builder
	done := 0
	for _, found := range regexp.MustCompile("(?i)"+strings.Join(forms, "|")).FindAllStringIndex(text, -1) {
		before, _ := utf8.DecodeLastRuneInString(text[:found[0]])
		after, _ := utf8.DecodeRuneInString(text[found[1]:])
		if !partOfName(before) && !partOfName(after) {
			out.WriteString(text[done:found[0]] + erasedName)
			done = found[1]
		}
	}
	return out.String() + text[done:]
}

func partOfName(c rune) bool {
	return c != utf8.RuneError && (unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune(`@-_\`, c))
}
