package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/dayline-project/dayline/collector"
)

// titlesAtOnce are looked up in one piece.
const titlesAtOnce = 100_000

// Titles gives the titles with most time first, at most limit.
func (s *Store) Titles(ctx context.Context, q *collector.Query, limit int) (sums []collector.TitleSum, err error) {
	how := reckon{planning: planning{titles: true}}
	err = s.reckonBy(ctx, "titles", q, how, func(r *reckoning, total *tally) error {
		texts, err := r.titleTexts(ctx, total)
		if err == nil {
			sums = titleSums(total, texts, limit)
		}
		return err
	})
	return sums, err
}

// titleTexts gives the titles by number. One text may stand under several.
func (r *reckoning) titleTexts(ctx context.Context, total *tally) (map[int32]string, error) {
	texts := map[int32]string{}
	var numbers span
	for key := range total.titles {
		if key.title < 0 {
			texts[key.title] = r.query.Open[-key.title-1].Title
			continue
		}
		texts[key.title] = ""
		if key.title > 0 {
			numbers.cover(key.title)
		}
	}
	for from := numbers.lo; from > 0 && from <= numbers.hi; from += titlesAtOnce {
		query := fmt.Sprintf(`SELECT id, text FROM title WHERE id BETWEEN %d AND %d`, from, min(from+titlesAtOnce-1, numbers.hi))
		if err := r.at.scan(ctx, query, func(c chunk) {
			for i, id := range column[int32](c, 0) {
				if _, wanted := texts[id]; wanted {
					texts[id] = c.text(1, i)
				}
			}
		}); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func titleSums(total *tally, texts map[int32]string, limit int) []collector.TitleSum {
	type whose struct {
		text   string
		person int32
	}
	numbers := map[string]int{}
	counted := map[whose]bool{}
	var all []collector.TitleSum
	for key, sum := range total.titles {
		text := texts[key.title]
		n, known := numbers[text]
		if !known {
			n = len(all)
			numbers[text] = n
			all = append(all, collector.TitleSum{Title: text})
		}
		all[n].Active += millis(sum[0])
		all[n].Passive += millis(sum[1])
		if !counted[whose{text, key.person}] {
			counted[whose{text, key.person}] = true
			all[n].People++
		}
	}
	slices.SortFunc(all, func(a, b collector.TitleSum) int {
		return cmp.Or(cmp.Compare(b.Active+b.Passive, a.Active+a.Passive), cmp.Compare(a.Title, b.Title))
	})
	return slices.Clip(all[:min(limit, len(all))])
}
