// Package classify says what an application or site counts as: the administrator's rules, most specific subject first,
// then the shipped list (product.md 9, "Classification"). It is pure; a report makes its Classes anew, so that a change
// of a rule or a group shows in the next one.
package classify

import (
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/address"
	"github.com/dayline-project/dayline/collector/config"
)

// Classes are the rules, ready to be asked, and the variants that the owners in question need: ask for the variant of
// every owner first, then for the Classifier. Not for several goroutines at once.
//
// Of each subject the levels are looked at from the most specific to the least: the address prefixes, longest first,
// the exact host, its parents up to the registrable domain, the application by its bundle identifier, then by its
// executable's name; all of them in the rules, then all of them in the shipped list. The first level that has a status
// gives the status, the first that has a category the category. A rule's exception is the rule for the members of its
// group; what it lacks it takes from its rule, and what both lack from the next level. So a rule of exceptions alone
// says nothing to everybody else.
type Classes struct {
	rules []config.Rule
	// says is what each rule says to those of no group.
	says []verdict
	// excepted are the rules with exceptions; groups are all that these name, sorted.
	excepted []excepted
	groups   []string

	hosts map[string]host
	urls  map[string]pair
	// exact finds an application by its name, folded by its name in lower case.
	exact, folded map[string]pair

	categories categories
	variants   []variant
	bySet      map[string]int
	byVerdicts map[uint64][]int
	seed       maphash.Seed
}

// pair is a subject's rule and its entry of the shipped list, each by its number + 1; 0 for none.
type pair struct{ rule, shipped int32 }

// host is a host's pair and how many segments the longest path below it has that is a subject.
type host struct {
	pair
	depth int
}

// excepted is a rule with exceptions, each with its group's place in Classes.groups.
type excepted struct {
	rule       int
	exceptions []exception
}

type exception struct {
	group int
	verdict
}

// verdict is what one level says: a status + 1 and the number of a category; 0 where it says nothing.
type verdict struct {
	status   uint8
	category int32
}

// over gives a verdict with what it lacks taken from the next.
func (v verdict) over(next verdict) verdict {
	if v.status == 0 {
		v.status = next.status
	}
	if v.category == 0 {
		v.category = next.category
	}
	return v
}

// whole: nothing below matters.
func (v verdict) whole() bool { return v.status != 0 && v.category != 0 }

// variant is one way in which owners see the rules: whether their device compares applications without case, and what
// each of the excepted rules says to them.
type variant struct {
	caseless bool
	verdicts []verdict
}

// New prepares rules that passed the check of collector/config.
func New(c *config.Classification) *Classes {
	base := shippedSubjects()
	classes := &Classes{
		rules: c.Rules, says: make([]verdict, len(c.Rules)),
		hosts: maps.Clone(base.hosts), urls: maps.Clone(base.urls), exact: maps.Clone(base.exact), folded: maps.Clone(base.folded),
		bySet: map[string]int{}, byVerdicts: map[uint64][]int{}, seed: maphash.MakeSeed(),
	}
	for i := range c.Rules {
		rule := &c.Rules[i]
		classes.says[i] = classes.verdict(rule.Verdict)
		classes.add(Subject{rule.App, rule.Site, rule.URL}, pair{rule: int32(i + 1)})
		for _, exception := range rule.Exceptions {
			classes.groups = append(classes.groups, exception.Group)
		}
	}
	slices.Sort(classes.groups)
	classes.groups = slices.Compact(classes.groups)
	for i := range c.Rules {
		classes.except(i)
	}
	return classes
}

// except prepares a rule's exceptions.
func (c *Classes) except(rule int) {
	if len(c.rules[rule].Exceptions) == 0 {
		return
	}
	e := excepted{rule: rule}
	for _, one := range c.rules[rule].Exceptions {
		group, _ := slices.BinarySearch(c.groups, one.Group)
		e.exceptions = append(e.exceptions, exception{group, c.verdict(one.Verdict).over(c.says[rule])})
	}
	c.excepted = append(c.excepted, e)
}

// shippedSubjects are Classes of the shipped list alone, to begin with.
var shippedSubjects = sync.OnceValue(func() *Classes {
	base := &Classes{hosts: map[string]host{}, urls: map[string]pair{}, exact: map[string]pair{}, folded: map[string]pair{}}
	for i, entry := range Shipped() {
		base.add(entry.Subject, pair{shipped: int32(i + 1)})
	}
	return base
})

func (c *Classes) verdict(v config.Verdict) verdict {
	return verdict{status: statusNumber(v.Status), category: c.categories.number(v.Category)}
}

func statusNumber(word string) uint8 {
	for _, status := range []collector.Status{collector.Undefined, collector.Productive, collector.Unproductive} {
		if word == status.String() {
			return uint8(status) + 1
		}
	}
	return 0
}

// Subject is what a rule is about: one of the three is given.
type Subject struct{ App, Site, URL string }

// add enters a subject; of two that are the same the first counts.
func (c *Classes) add(s Subject, of pair) {
	switch {
	case s.App != "":
		c.exact[s.App] = c.exact[s.App].or(of)
		lower := strings.ToLower(s.App)
		c.folded[lower] = c.folded[lower].or(of)
	case s.Site != "":
		name := address.Host(s.Site)
		known := c.hosts[name]
		known.pair = known.or(of)
		c.hosts[name] = known
	default:
		name, path, _ := address.Parse(s.URL)
		path = strings.TrimRight(path, "/")
		prefix := name + path
		c.urls[prefix] = c.urls[prefix].or(of)
		known := c.hosts[name]
		known.depth = max(known.depth, 1+strings.Count(path, "/"))
		c.hosts[name] = known
	}
}

func (p pair) or(other pair) pair {
	if p.rule == 0 {
		p.rule = other.rule
	}
	if p.shipped == 0 {
		p.shipped = other.shipped
	}
	return p
}

// Variant gives the number of the variant that holds for an owner: who is in these of the groups, on a device that
// compares applications without case (Windows, macOS) or exactly. Owners to whom the rules say the same share one.
func (c *Classes) Variant(inGroup func(name string) bool, caseless bool) int {
	set := make([]byte, len(c.groups)+1)
	for i, group := range c.groups {
		if inGroup(group) {
			set[i] = 1
		}
	}
	if caseless {
		set[len(c.groups)] = 1
	}
	if known, is := c.bySet[string(set)]; is {
		return known
	}
	v := variant{caseless: caseless, verdicts: make([]verdict, len(c.excepted))}
	for i, e := range c.excepted {
		v.verdicts[i] = c.says[e.rule]
		// The first that fits wins.
		if at := slices.IndexFunc(e.exceptions, func(e exception) bool { return set[e.group] == 1 }); at >= 0 {
			v.verdicts[i] = e.exceptions[at].verdict
		}
	}
	number := c.distinct(v)
	c.bySet[string(set)] = number
	return number
}

// distinct gives the number of a variant, a new one where there is none like it.
func (c *Classes) distinct(v variant) int {
	var hash maphash.Hash
	hash.SetSeed(c.seed)
	maphash.WriteComparable(&hash, v.caseless)
	for _, said := range v.verdicts {
		maphash.WriteComparable(&hash, said)
	}
	sum := hash.Sum64()
	for _, number := range c.byVerdicts[sum] {
		if known := c.variants[number]; known.caseless == v.caseless && slices.Equal(known.verdicts, v.verdicts) {
			return number
		}
	}
	c.variants = append(c.variants, v)
	c.byVerdicts[sum] = append(c.byVerdicts[sum], len(c.variants)-1)
	return len(c.variants) - 1
}

// Caseless tells whether a device's system compares applications without case.
func Caseless(os string) bool { return os == "windows" || os == "macos" }

// categories numbers the names of categories from 1; 0 is none.
type categories struct {
	names   []string
	numbers map[string]int32
}

func (c *categories) number(name string) int32 {
	if name == "" {
		return 0
	}
	number, known := c.numbers[name]
	if !known {
		if c.numbers == nil {
			c.numbers = map[string]int32{}
		}
		c.names = append(c.names, name)
		number = int32(len(c.names))
		c.numbers[name] = number
	}
	return number
}

func (c *categories) name(number int32) string {
	if number == 0 {
		return ""
	}
	return c.names[number-1]
}
