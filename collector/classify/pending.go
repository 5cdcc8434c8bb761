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
	// Names of an application, as most of its time had them.
	collector.Names
	For    time.Duration
	People int
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
			by[subject] = &tally{PendingSubject: PendingSubject{Subject: subject}, names: map[collector.Names]time.Duration{}}
		}
		by[subject].add(sum)
	}
	shipped := New(&config.Classification{})
	shipped.Variant(func(string) bool { return false }, true)
	classify := shipped.Classifier()
	var list []PendingSubject
	for subject, one := range by {
		if one.For > pendingOver {
			one.count()
			one.Category = classify(collector.Subject{App: subject.App, Bundle: one.Bundle, Site: subject.Site})[0].Category
			list = append(list, one.PendingSubject)
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
	people []uint64
	names  map[collector.Names]time.Duration
}

func (t *tally) add(sum *collector.SubjectSum) {
	t.For += sum.Active + sum.Passive
	if t.App != "" {
		t.names[sum.Names] += sum.Active + sum.Passive
	}
	t.people = append(t.people, make([]uint64, max(0, len(sum.People)-len(t.people)))...)
	for i, word := range sum.People {
		t.people[i] |= word
	}
}

// count counts the people, and finds the names of most time.
func (t *tally) count() {
	for _, word := range t.people {
		t.People += bits.OnesCount64(word)
	}
	for _, one := range slices.SortedFunc(maps.Keys(t.names), collector.Names.Compare) {
		if t.names[one] > t.names[t.Names] {
			t.Names = one
		}
	}
}
