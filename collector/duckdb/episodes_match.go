package duckdb

import (
	"context"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
)

// numbers is a set of the numbers of a dictionary.
type numbers []uint64

func (n numbers) has(number int32) bool {
	return int(number>>6) < len(n) && n[number>>6]&(1<<(number&63)) != 0
}

func (n *numbers) add(number int32) {
	for len(*n) <= int(number>>6) {
		*n = append(*n, make([]uint64, max(64, len(*n)))...)
	}
	(*n)[number>>6] |= 1 << (number & 63)
}

// list gives the numbers, rising.
func (n numbers) list() []int32 {
	var list []int32
	for i, word := range n {
		for ; word != 0; word &= word - 1 {
			list = append(list, int32(i*64+bits.TrailingZeros64(word)))
		}
	}
	return list
}

// matcher tells which episodes are asked for by what they say. Texts are looked through once, in the dictionaries;
// episodes are then told by number.
type matcher struct {
	only   collector.Only
	search string
	state  uint8
	// classified: asked for by what only counted time has.
	classified bool
	// byActivity: wanted holds the activities asked for, by variant; one alone holds in all.
	byActivity bool
	wanted     []numbers
	// Titles and activities that contain what is searched for.
	titles, activities numbers
}

func newMatcher(ctx context.Context, f *file, q *collector.Query, search string) (*matcher, error) {
	m := &matcher{
		only: q.Only, search: search, state: stateNumber(q.Only.State),
		classified: q.Only.Status != "" || q.Only.Category != "",
	}
	m.byActivity = m.classified || q.Only.App != "" || q.Only.Site != ""
	if m.byActivity {
		if err := m.chooseActivities(ctx, f, q.Classify); err != nil {
			return nil, err
		}
	}
	if search == "" || !utf8.ValidString(search) {
		return m, nil // what is no text is in none
	}
	// lower() maps rune by rune (simple lower case of Unicode), as strings.ToLower does for what is open.
	const contains = `contains(lower(`
	const found = `), lower($1))`
	err := f.chunks.scan(ctx, `SELECT id FROM title WHERE `+contains+`text`+found, func(c chunk) {
		for _, id := range column[int32](c, 0) {
			m.titles.add(id)
		}
	}, search)
	if err != nil {
		return nil, err
	}
	query := `SELECT id FROM activity WHERE ` + contains + strings.Join([]string{"app", "product", "site", "url", "bundle"}, found+` OR `+contains) + found
	return m, f.chunks.scan(ctx, query, func(c chunk) {
		for _, id := range column[int32](c, 0) {
			m.activities.add(id)
		}
	}, search)
}

// chooseActivities finds the activities asked for by application, site and class.
func (m *matcher) chooseActivities(ctx context.Context, f *file, classify collector.Classifier) error {
	m.wanted = []numbers{nil}
	query := `SELECT id, app, site, url, bundle FROM activity WHERE ($1 = '' OR app = $1) AND ($2 = '' OR site = $2)`
	return f.chunks.scan(ctx, query, func(c chunk) {
		for i, id := range column[int32](c, 0) {
			if !m.classified {
				m.wanted[0].add(id)
				continue
			}
			classes := classesOf(classify, collector.Subject{App: c.text(1, i), Bundle: c.text(4, i), Site: c.text(2, i), URL: c.text(3, i)})
			for len(m.wanted) < len(classes) {
				m.wanted = append(m.wanted, append(numbers(nil), m.wanted[0]...))
			}
			for variant := range m.wanted {
				if m.wants(classIn(classes, variant)) {
					m.wanted[variant].add(id)
				}
			}
		}
	}, m.only.App, m.only.Site)
}

// wants tells whether a class is asked for.
func (m *matcher) wants(class collector.Class) bool {
	category := class.Category
	if category == "" {
		category = "-"
	}
	return (m.only.Status == "" || m.only.Status == class.Status.String()) && (m.only.Category == "" || m.only.Category == category)
}

func (m *matcher) matches(state uint8, activity, title int32, variant int) bool {
	if m.state != 0 && state != m.state || m.classified && state == locked {
		return false
	}
	if m.byActivity {
		if variant >= len(m.wanted) {
			variant = 0
		}
		if !m.wanted[variant].has(activity) {
			return false
		}
	}
	return m.search == "" || m.titles.has(title) || m.activities.has(activity)
}

// matchesOpen is matches for an episode that is not stored.
func (m *matcher) matchesOpen(row *collector.OpenRow, classes []collector.Class, variant int) bool {
	if m.only.State != "" && row.State != m.only.State || m.only.App != "" && row.App != m.only.App ||
		m.only.Site != "" && row.Site != m.only.Site {
		return false
	}
	if m.classified && (row.State == episode.Locked || !m.wants(classIn(classes, variant))) {
		return false
	}
	for _, text := range []string{row.Title, row.App, row.Product, row.Site, row.URL, row.Bundle} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(m.search)) {
			return true
		}
	}
	return false
}

// classesOf gives a subject's classes by variant; without a classifier it is undefined.
func classesOf(classify collector.Classifier, subject collector.Subject) []collector.Class {
	if classify == nil {
		return []collector.Class{{}}
	}
	return classify(subject)
}

// classIn gives the class in a variant; one class alone holds in all.
func classIn(classes []collector.Class, variant int) collector.Class {
	if len(classes) == 1 {
		return classes[0]
	}
	return classes[variant]
}
