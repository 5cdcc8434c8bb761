package report

import (
	"math/bits"
	"slices"
)

// crowd is a set of people, by index of Query.People, 64 in a word.
type crowd []uint64

func (c *crowd) add(person int) {
	for len(*c) <= person/64 {
		*c = append(*c, 0)
	}
	(*c)[person/64] |= 1 << (person % 64)
}

func (c *crowd) join(other crowd) {
	for len(*c) < len(other) {
		*c = append(*c, 0)
	}
	for i, word := range other {
		(*c)[i] |= word
	}
}

func (c crowd) has(person int) bool {
	return person/64 < len(c) && c[person/64]&(1<<(person%64)) != 0
}

func (c crowd) size() int { return c.without(nil) }

// without counts those that are not in another.
func (c crowd) without(other crowd) int {
	count := 0
	for i, word := range c {
		if i < len(other) {
			word &^= other[i]
		}
		count += bits.OnesCount64(word)
	}
	return count
}

// few tells whether a total of these people is not to be shown: to viewers, where it is about somebody else and about
// fewer others than privacy.min_people. The viewer's own share does not count, since the viewer can take it off.
func (q *question) few(people crowd) bool {
	others := people.without(q.own)
	return others > 0 && others < q.scope.MinPeople()
}

// part is a row of a report whose parts add up to its total.
type part[R any] struct {
	row    R
	people crowd
}

// enough leaves out the parts of too few people. What is left out, which is the total less what is shown, has to be of
// enough people as well: the last of the parts, which are in order of weight, go with it until it is.
func enough[R any](q *question, parts []part[R]) []R {
	var hidden crowd
	shown := slices.DeleteFunc(parts, func(p part[R]) bool {
		if q.few(p.people) {
			hidden.join(p.people)
			return true
		}
		return false
	})
	for i := len(shown) - 1; i >= 0 && q.few(hidden); i-- {
		if shown[i].people.without(q.own) > 0 {
			hidden.join(shown[i].people)
			shown = slices.Delete(shown, i, i+1)
		}
	}
	rows := make([]R, len(shown))
	for i, p := range shown {
		rows[i] = p.row
	}
	return rows
}
