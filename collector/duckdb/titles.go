package duckdb

import (
	"cmp"
	"context"
	"hash/maphash"
	"math/bits"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// Titles gives the titles with most time first, at most limit. It goes over the episodes twice: for the time on each
// title, and for the people of those with most, since the people of all would not fit into memory.
func (s *Store) Titles(ctx context.Context, q *collector.Query, limit int) (sums []collector.TitleSum, err error) {
	if limit <= 0 {
		return nil, nil
	}
	totals := new(titleTotals)
	how := reckon{planning: planning{titles: true}, prepare: totals.prepare}
	var best []titleGroup
	if err = s.reckonBy(ctx, "titles", q, how, func(r *reckoning, _ *tally) (err error) {
		best, err = totals.best(ctx, r, limit)
		return err
	}); err != nil || len(best) == 0 {
		return nil, err
	}
	groups := map[int32]int32{}
	for n, group := range best {
		for _, title := range group.titles {
			groups[title] = int32(n)
		}
	}
	how.prepare = func(_ context.Context, r *reckoning) error {
		r.titleGroups, r.titleGroupCount = groups, len(best)
		return nil
	}
	err = s.reckonBy(ctx, "people of titles", q, how, func(_ *reckoning, total *tally) error {
		for n, group := range best {
			sum := collector.TitleSum{Title: group.text, Active: millis(group.sum[0]), Passive: millis(group.sum[1])}
			for _, word := range total.titlePeople[n*total.words : (n+1)*total.words] {
				sum.People += bits.OnesCount64(word)
			}
			sums = append(sums, sum)
		}
		return nil
	})
	return sums, err
}

// titleTotals are the times of each title by number, in milliseconds; those of open episodes, whose titles have no
// number, come first.
type titleTotals struct {
	open int32
	sums [][2]atomic.Int64
}

func (t *titleTotals) prepare(ctx context.Context, r *reckoning) error {
	t.open = int32(len(r.query.Open))
	highest := int32(0)
	if err := r.at.scan(ctx, `SELECT max(id) FROM title`, func(c chunk) { highest = column[int32](c, 0)[0] }); err != nil {
		return err
	}
	t.sums = make([][2]atomic.Int64, t.open+highest+1)
	r.titleTotals = t
	return nil
}

// add is called by several threads at once.
func (t *titleTotals) add(title int32, state uint8, length int64) {
	t.sums[title+t.open][state-1].Add(length)
}

func (t *titleTotals) of(title int32) cellSum {
	sum := &t.sums[title+t.open]
	return cellSum{sum[0].Load(), sum[1].Load()}
}

// titleGroup is a title with all numbers it stands under.
type titleGroup struct {
	text   string
	titles []int32
	sum    cellSum
}

func (g *titleGroup) total() time.Duration { return millis(g.sum[0] + g.sum[1]) }

// hashedTitle is a number with its text's hash.
type hashedTitle struct {
	hash  uint64
	title int32
}

// best gives the texts with most time.
func (t *titleTotals) best(ctx context.Context, r *reckoning, limit int) ([]titleGroup, error) {
	hashed, err := t.hash(ctx, r)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(hashed, func(a, b hashedTitle) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.title, b.title)) })
	var best []titleGroup
	least := time.Duration(0)
	for i := 0; i < len(hashed); {
		var group titleGroup
		first := i
		for ; i < len(hashed) && hashed[i].hash == hashed[first].hash; i++ {
			sum := t.of(hashed[i].title)
			group.sum[0] += sum[0]
			group.sum[1] += sum[1]
		}
		if group.total() < least {
			continue
		}
		for _, one := range hashed[first:i] {
			group.titles = append(group.titles, one.title)
		}
		if best = append(best, group); len(best) >= 4*limit {
			best, least = leaveBest(best, limit)
		}
	}
	best, _ = leaveBest(best, limit)
	if err := t.read(ctx, r, best); err != nil {
		return nil, err
	}
	slices.SortFunc(best, func(a, b titleGroup) int {
		return cmp.Or(cmp.Compare(b.total(), a.total()), cmp.Compare(a.text, b.text))
	})
	return best[:min(limit, len(best))], nil
}

// leaveBest leaves those with most time, and those with as much as the last of them.
func leaveBest(groups []titleGroup, limit int) (best []titleGroup, least time.Duration) {
	slices.SortFunc(groups, func(a, b titleGroup) int { return cmp.Compare(b.total(), a.total()) })
	if len(groups) <= limit {
		return groups, 0
	}
	least = groups[limit-1].total()
	count := limit
	for count < len(groups) && groups[count].total() == least {
		count++
	}
	return groups[:count], least
}

// hash gives the titles that have time.
func (t *titleTotals) hash(ctx context.Context, r *reckoning) ([]hashedTitle, error) {
	seed := maphash.MakeSeed()
	var mu sync.Mutex
	var all []hashedTitle
	for i := range r.query.Open {
		if title := -1 - int32(i); t.of(title) != (cellSum{}) {
			all = append(all, hashedTitle{maphash.String(seed, r.query.Open[i].Title), title})
		}
	}
	err := r.folds.fold(ctx, r.at, "title", "id >= 0", "id, text", func(c chunk) {
		var mine []hashedTitle
		for i, id := range column[int32](c, 1) {
			if int(id+t.open) < len(t.sums) && t.of(id) != (cellSum{}) {
				mine = append(mine, hashedTitle{maphash.Bytes(seed, c.bytes(2, i)), id})
			}
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, mine...)
	})
	return all, err
}

// read finds the texts of some titles.
func (t *titleTotals) read(ctx context.Context, r *reckoning, groups []titleGroup) error {
	condition := "id IN (-1"
	byTitle := map[int32]*titleGroup{}
	for i := range groups {
		title := groups[i].titles[0]
		if title < 0 {
			groups[i].text = r.query.Open[-1-title].Title
			continue
		}
		byTitle[title] = &groups[i]
		condition += "," + strconv.Itoa(int(title))
	}
	return r.at.scan(ctx, "SELECT id, text FROM title WHERE "+condition+")", func(c chunk) {
		for i, id := range column[int32](c, 0) {
			byTitle[id].text = c.text(1, i)
		}
	})
}

// title adds a time to the title's, or its person to those of the title.
func (t *tally) title(title, person int32, state uint8, length int64) {
	if t.titleTotals != nil {
		t.titleTotals.add(title, state, length)
		return
	}
	if group, chosen := t.titleGroups[title]; chosen {
		t.titlePeople[int(group)*t.words+int(person)/64] |= 1 << (person % 64)
	}
}
