package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// subject is the time spent on an application or a site, in all of its classes and under all of its names.
type subject struct {
	tally
	name    string
	names   map[collector.Names]time.Duration
	classes map[collector.Class]time.Duration
}

// subjectsBy adds subjects up by a name, most time first.
func subjectsBy(sums []collector.SubjectSum, name func(*collector.SubjectSum) string) []*subject {
	by := map[string]*subject{}
	for i := range sums {
		sum := &sums[i]
		key := name(sum)
		if by[key] == nil {
			by[key] = &subject{name: key, names: map[collector.Names]time.Duration{}, classes: map[collector.Class]time.Duration{}}
		}
		one := by[key]
		one.addSubject(sum)
		one.names[sum.Names] += sum.Active + sum.Passive
		one.classes[sum.Class] += sum.Active + sum.Passive
	}
	all := make([]*subject, 0, len(by))
	for _, one := range by {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b *subject) int {
		return cmp.Or(cmp.Compare(b.times.Total(), a.times.Total()), strings.Compare(a.name, b.name))
	})
	return all
}

// most gives the key of most time; of several, the first by the order given.
func most[K comparable](times map[K]time.Duration, order func(a, b K) int) (best K) {
	var longest time.Duration = -1
	for key, length := range times {
		if length > longest || length == longest && order(key, best) < 0 {
			best, longest = key, length
		}
	}
	return best
}

// rank is the order in which statuses win a tie: productive, undefined, unproductive (product.md 9.7).
func rank(s collector.Status) int {
	switch s {
	case collector.Productive:
		return 0
	case collector.Undefined:
		return 1
	}
	return 2
}

func (s *subject) class() collector.Class {
	return most(s.classes, func(a, b collector.Class) int {
		return cmp.Or(rank(a.Status)-rank(b.Status), strings.Compare(a.Category, b.Category))
	})
}

func (s *subject) named() collector.Names { return most(s.names, collector.Names.Compare) }

// apps gives time by application, most first.
func (q *question) apps(sums []collector.SubjectSum, total float64) []*adminv1.AppsRow {
	var parts []part[*adminv1.AppsRow]
	for _, one := range subjectsBy(sums, func(s *collector.SubjectSum) string { return s.App }) {
		class, named := one.class(), one.named()
		parts = append(parts, part[*adminv1.AppsRow]{&adminv1.AppsRow{
			App: one.name, Product: named.Product, Bundle: named.Bundle,
			ActiveSeconds: one.times.Active().Seconds(), PassiveSeconds: one.times.Passive().Seconds(), TotalSeconds: one.times.Total().Seconds(),
			Share: share(one.times.Total().Seconds(), total), People: int32(one.people.size()),
			Status: class.Status.String(), Category: class.Category,
		}, one.people})
	}
	return enough(q, parts)
}

// sites gives time by site, most first. What has no site is the remainder and is not shown.
func (q *question) sites(sums []collector.SubjectSum, total float64) []*adminv1.SitesRow {
	var parts []part[*adminv1.SitesRow]
	for _, one := range subjectsBy(sums, func(s *collector.SubjectSum) string { return s.Site }) {
		if one.name == "" {
			continue
		}
		class := one.class()
		parts = append(parts, part[*adminv1.SitesRow]{&adminv1.SitesRow{
			Site:          one.name,
			ActiveSeconds: one.times.Active().Seconds(), PassiveSeconds: one.times.Passive().Seconds(), TotalSeconds: one.times.Total().Seconds(),
			Share: share(one.times.Total().Seconds(), total), People: int32(one.people.size()),
			Status: class.Status.String(), Category: class.Category,
		}, one.people})
	}
	return enough(q, parts)
}

// categories gives time by category, most first.
func (q *question) categories(sums []collector.SubjectSum, total float64) []*adminv1.CategoriesRow {
	var parts []part[*adminv1.CategoriesRow]
	for _, one := range subjectsBy(sums, func(s *collector.SubjectSum) string { return s.Class.Category }) {
		parts = append(parts, part[*adminv1.CategoriesRow]{&adminv1.CategoriesRow{
			Category:      one.name,
			ActiveSeconds: one.times.Active().Seconds(), PassiveSeconds: one.times.Passive().Seconds(), TotalSeconds: one.times.Total().Seconds(),
			Share: share(one.times.Total().Seconds(), total), People: int32(one.people.size()), Times: one.message(q),
		}, one.people})
	}
	return enough(q, parts)
}
