package classify

import (
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/address"
	"github.com/dayline-project/dayline/collector/config"
)

// Classifier gives the class of each subject in the variants asked for so far. A report calls it once for each activity
// ever seen, so it compares no rules: it looks up at most a handful of names, and what it found together once it finds
// again by number. It keeps what it gives, and is not for several goroutines at once.
func (c *Classes) Classifier() collector.Classifier { return c.table(c.class) }

// Pending is a Classifier of what has no status from an administrator: all else is ignored.
func (c *Classes) Pending() collector.Classifier {
	return c.table(func(v verdict) collector.Class {
		class := c.class(v)
		return collector.Class{Category: class.Category, Ignored: class.Ignored || v.status != 0}
	})
}

func (c *Classes) class(v verdict) collector.Class {
	category := c.categories.name(v.category)
	return collector.Class{Status: status(v), Category: category, Ignored: category == config.Ignore}
}

func status(v verdict) collector.Status { return collector.Status(max(v.status, 1) - 1) }

// table holds layers: what a rule, an entry of the shipped list, or several of them one over another say in each
// variant. Layer 0 says nothing.
type table struct {
	*Classes
	// rows give a layer's verdict in each variant; one alone holds in all of them.
	rows [][]verdict
	// whole layers say both in every variant.
	whole []bool
	// kinds gives the layer of each entry of the shipped list.
	kinds []int32
	// over and mixed give the layer made of two.
	over, mixed map[[2]int32]int32
	// classes of each layer, once they were asked for; say makes them of verdicts.
	classes [][]collector.Class
	say     func(verdict) collector.Class
	// someCaseless and someExact tell whether there are such variants.
	someCaseless, someExact bool
	// ruled and listed are lent to one subject after another.
	ruled, listed []int32
}

func (c *Classes) table(say func(verdict) collector.Class) collector.Classifier {
	if len(c.variants) == 0 {
		c.Variant(func(string) bool { return false }, false)
	}
	t := &table{Classes: c, over: map[[2]int32]int32{}, mixed: map[[2]int32]int32{}, say: say}
	for _, v := range c.variants {
		t.someCaseless = t.someCaseless || v.caseless
		t.someExact = t.someExact || !v.caseless
	}
	t.layer([]verdict{{}})
	for i := range c.says {
		t.layer(c.says[i : i+1])
	}
	for i, e := range c.excepted {
		row := make([]verdict, 0, len(c.variants))
		for _, v := range c.variants {
			row = append(row, v.verdicts[i])
		}
		t.rows[e.rule+1], t.whole[e.rule+1] = row, whole(row)
	}
	layers := map[string]int32{}
	for _, entry := range Shipped() {
		if layers[entry.Category] == 0 {
			layers[entry.Category] = t.layer([]verdict{{category: c.categories.number(entry.Category)}})
		}
		t.kinds = append(t.kinds, layers[entry.Category])
	}
	return t.classify
}

// layer adds a layer.
func (t *table) layer(row []verdict) int32 {
	if alike(row) {
		row = row[:1]
	}
	t.rows, t.whole, t.classes = append(t.rows, row), append(t.whole, whole(row)), append(t.classes, nil)
	return int32(len(t.rows) - 1)
}

func alike[V comparable](row []V) bool {
	return !slices.ContainsFunc(row, func(v V) bool { return v != row[0] })
}

func whole(row []verdict) bool {
	return !slices.ContainsFunc(row, func(v verdict) bool { return !v.whole() })
}

// classify puts the levels of a subject one over another, the least specific first.
func (t *table) classify(s collector.Subject) []collector.Class {
	rules, shipped := t.ruled[:0], t.listed[:0]
	t.addresses(s, func(_, _ string, p pair) {
		if p.rule != 0 {
			rules = append(rules, p.rule)
		}
		if kind := t.kind(p); kind != 0 {
			shipped = append(shipped, kind)
		}
	})
	for _, name := range [...]string{s.Bundle, s.App} {
		exact, folded := t.applications(name)
		rules = append(rules, t.mix(exact.rule, folded.rule))
		shipped = append(shipped, t.mix(t.kind(exact), t.kind(folded)))
	}
	t.ruled, t.listed = rules, shipped
	layer := int32(0)
	for _, levels := range [...][]int32{shipped, rules} {
		for _, level := range slices.Backward(levels) {
			layer = t.put(level, layer)
		}
	}
	if t.classes[layer] == nil {
		t.classes[layer] = t.classesOf(t.rows[layer])
	}
	return t.classes[layer]
}

// kind is the layer of a subject's entry in the shipped list.
func (t *table) kind(p pair) int32 {
	if p.shipped == 0 {
		return 0
	}
	return t.kinds[p.shipped-1]
}

// put gives the layer of one over another.
func (t *table) put(top, below int32) int32 {
	if below == 0 || t.whole[top] {
		return top
	}
	if top == 0 {
		return below
	}
	return t.join(t.over, top, below, func(_ variant, top, below verdict) verdict { return top.over(below) })
}

// mix gives the layer that is one where applications are compared exactly and the other where they are not.
func (t *table) mix(exact, folded int32) int32 {
	switch {
	case exact == folded || !t.someCaseless:
		return exact
	case !t.someExact:
		return folded
	}
	return t.join(t.mixed, exact, folded, func(v variant, exact, folded verdict) verdict {
		if v.caseless {
			return folded
		}
		return exact
	})
}

// join makes a layer of two, once.
func (t *table) join(known map[[2]int32]int32, a, b int32, of func(v variant, a, b verdict) verdict) int32 {
	key := [2]int32{a, b}
	if layer, is := known[key]; is {
		return layer
	}
	row := make([]verdict, len(t.variants))
	for i, v := range t.variants {
		row[i] = of(v, t.said(a, i), t.said(b, i))
	}
	known[key] = t.layer(row)
	return known[key]
}

// said is what a layer says in a variant.
func (t *table) said(layer int32, variant int) verdict {
	if row := t.rows[layer]; len(row) > 1 {
		return row[variant]
	}
	return t.rows[layer][0]
}

func (t *table) classesOf(row []verdict) []collector.Class {
	classes := make([]collector.Class, len(row))
	for i, v := range row {
		classes[i] = t.say(v)
	}
	if alike(classes) {
		classes = classes[:1]
	}
	return classes
}

// addresses calls yield with each level of a subject's address, most specific first: kind "url" or "site", name in the
// form in which it is compared. Prefixes longer than the longest that is a subject are left out; parents above the
// registrable domain, that nothing says anything about, are not.
func (c *Classes) addresses(s collector.Subject, yield func(kind, name string, p pair)) {
	if s.Site == "" && s.URL == "" {
		return
	}
	site := address.Host(s.Site)
	if site == "" {
		if site, _, _ = address.Parse(s.URL); site == "" {
			return
		}
	}
	own := c.hosts[site]
	if own.depth > 0 {
		c.prefixes(site, s.URL, own.depth-1, yield)
	}
	yield("site", site, own.pair)
	registrable := ""
	for rest := site; ; {
		_, parent, found := strings.Cut(rest, ".")
		if !found {
			return
		}
		rest = parent
		entry := c.hosts[parent]
		if entry.pair != (pair{}) { // what belongs to whom takes long to find, and rarely matters
			if registrable == "" {
				registrable = address.Registrable(site)
			}
			if len(parent) < len(registrable) {
				return
			}
		}
		yield("site", parent, entry.pair)
	}
}

// prefixes are the first segments of an address's path, at most so many, then fewer and fewer, and the host alone.
func (c *Classes) prefixes(site, raw string, segments int, yield func(kind, name string, p pair)) {
	_, path, _ := address.Parse(raw)
	end := len(path)
	for i := range len(path) {
		if path[i] == '/' {
			if segments--; segments < 0 {
				end = i
				break
			}
		}
	}
	for name := site + path[:end]; ; name = name[:strings.LastIndexByte(name, '/')] {
		yield("url", name, c.urls[name])
		if len(name) == len(site) {
			return
		}
	}
}

// applications gives the pairs of an application, by its executable's name or its bundle identifier, where names are
// compared exactly and where they are not: there too the rule spelt exactly so comes first.
func (c *Classes) applications(name string) (exact, folded pair) {
	if name == "" {
		return
	}
	exact = c.exact[name]
	return exact, exact.or(c.folded[strings.ToLower(name)])
}
