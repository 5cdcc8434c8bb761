package classify

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// pendingOver is the time that something without a status has to take to be asked about (product.md 9).
const pendingOver = 5 * time.Minute

// PendingSubject is an application or a site without a status from an administrator.
type PendingSubject struct {
	// Subject has App or Site.
	Subject
	Product string
	For     time.Duration
	People  int
	// Category that the shipped list gives it; empty for none.
	Category string
}

// ListPending turns sums by Classes.Pending into the list to be classified, most time first. Time on a site is the
// site's and not its browser's, since a rule for the browser would speak for every site.
func ListPending(sums []collector.SubjectSum) []PendingSubject {
	by := map[Subject]*tally{}
	for i := range sums {
		sum := &sums[i]
		subject := Subject{Site: sum.Site}
		if sum.Site == "" {
			subject = Subject{App: sum.App}
		}
		if sum.Class.Ignored || subject == (Subject{}) {
			continue
		}
		if by[subject] == nil {
			by[subject] = &tally{PendingSubject: PendingSubject{Subject: subject}, products: map[string]time.Duration{}}
		}
		by[subject].add(sum)
	}
	shipped := New(&config.Classification{})
	shipped.Variant(func(string) bool { return false }, true)
	classify := shipped.Classifier()
	var list []PendingSubject
	for subject, one := range by {
		if one.For > pendingOver {
			one.Category = classify(collector.Subject{App: subject.App, Site: subject.Site})[0].Category
			list = append(list, one.counted())
		}
	}
	slices.SortFunc(list, func(a, b PendingSubject) int {
		// Sites before applications, where they take the same time.
		return cmp.Or(cmp.Compare(b.For, a.For), strings.Compare(a.App, b.App), strings.Compare(a.Site, b.Site))
	})
	return list
}

// tally adds a subject's time up.
type tally struct {
	PendingSubject
	people   []uint64
	products map[string]time.Duration
}

func (t *tally) add(sum *collector.SubjectSum) {
	t.For += sum.Active + sum.Passive
	if t.App != "" {
		t.products[sum.Product] += sum.Active + sum.Passive
	}
	t.people = append(t.people, make([]uint64, max(0, len(sum.People)-len(t.people)))...)
	for i, word := range sum.People {
		t.people[i] |= word
	}
}

// counted gives the number of people, and the product of most time.
func (t *tally) counted() PendingSubject {
	for _, word := range t.people {
		t.People += bits.OnesCount64(word)
	}
	for _, product := range slices.Sorted(maps.Keys(t.products)) {
		if t.products[product] > t.products[t.Product] {
			t.Product = product
		}
	}
	return t.PendingSubject
}
