package classify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/address"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	// maxChanges of rules at once: editing thousands takes seconds.
	maxChanges = 5_000
	// maxNameBytes of anything in the files.
	maxNameBytes = 255
)

// Change says of a subject, or of its exception for a group, what it is to count as. An empty status or category leaves
// what is there, "-" takes it away.
type Change struct {
	Subject
	Status, Category, Group string
	// Place it was given at, as people call it: "line 3", "rules[2]".
	Place string
}

// Outcome is what changes come to: the edits of classification.yaml, how many rules these add, change and remove, and
// what each rule and exception says then that it does not say now.
type Outcome struct {
	Edits []config.Edit
	Counts
	Differences []Difference
}

// Counts of rules.
type Counts struct{ Added, Changed, Removed int }

// Difference is what a rule, or its exception for a group, says and what it said; nothing where it is not there.
type Difference struct {
	Subject
	Group    string
	Now, Was config.Verdict
}

// leave takes a status or category away.
const leave = "-"

// Apply works out what changes, one for each subject and group, come to: all or none. With replace they are all that is
// left: rules and exceptions of others go. Exceptions come in the order of the changes where these name all of a rule's.
// A category that is new joins the file's. Whatever is wrong is told at once, as BadRequest of the field.
func Apply(set *config.Set, changes []Change, replace bool, field string) (Outcome, error) {
	var bad faults
	groups := map[string]string{}
	for _, group := range set.People.Groups {
		groups[strings.ToLower(group.Name)] = group.Name
	}
	plan := newPlan(set.Classification, replace)
	for _, change := range changes {
		if change.check(groups, &bad) {
			plan.apply(change, &bad)
		}
	}
	plan.finish(&bad)
	if err := bad.refusal(field); err != nil {
		return Outcome{}, err
	}
	outcome := plan.outcome()
	if n := outcome.Added + outcome.Changed + outcome.Removed; n > maxChanges {
		return Outcome{}, collector.Refuse(collector.TooLarge, field, "%d rules would change; at most %d do at once", n, maxChanges)
	}
	return outcome, nil
}

// check makes a change's words the file's, and tells whether nothing is wrong with it.
func (c *Change) check(groups map[string]string, bad *faults) bool {
	before := len(*bad)
	c.App, c.Site, c.URL = strings.TrimSpace(c.App), strings.TrimSpace(c.Site), strings.TrimSpace(c.URL)
	c.Status, c.Category, c.Group = strings.ToLower(strings.TrimSpace(c.Status)), strings.TrimSpace(c.Category), strings.TrimSpace(c.Group)
	given := 0
	for _, name := range []string{c.App, c.Site, c.URL} {
		if name != "" {
			given++
		}
	}
	switch {
	case given != 1:
		bad.add(c, "", "%d of app, site and url are given; exactly one is wanted", given)
	case c.App != "":
		bad.text(c, "app", c.App)
	case c.Site != "" && !address.Valid(address.Host(c.Site)):
		bad.add(c, "site", "%q is not a host such as mail.example.com", cut(c.Site))
	case c.URL != "":
		host, _, ok := address.Parse(c.URL)
		if !ok || !address.Valid(host) {
			bad.add(c, "url", "%q is not an http or https address", cut(c.URL))
		}
		bad.text(c, "url", c.URL)
	}
	if c.Status != "" && c.Status != leave && statusNumber(c.Status) == 0 {
		bad.add(c, "status", "%q is none of productive, unproductive, undefined and -", cut(c.Status))
	}
	bad.text(c, "category", c.Category)
	if strings.EqualFold(c.Category, config.Ignore) {
		c.Category = config.Ignore
	}
	if name, known := groups[strings.ToLower(c.Group)]; known {
		c.Group = name
	} else if c.Group != "" {
		bad.add(c, "group", "there is no group %q", cut(c.Group))
	}
	return len(*bad) == before
}

// plan is what the rules are to be.
type plan struct {
	replace bool
	// categories are the file's, the first that are known, and the new ones.
	categories []string
	known      int
	// rules are those of the file, in its order, then those added. With replace they begin empty.
	rules []*planned
	byKey map[string]*planned
	// done are the subjects and groups spoken of, and where.
	done map[string]string
}

// planned is a rule on its way; was is nil for a new one.
type planned struct {
	config.Rule
	was   *config.Rule
	place string
	spoke bool
	// groups whose exceptions are spoken of, in order.
	groups []string
}

func newPlan(c *config.Classification, replace bool) *plan {
	p := &plan{replace: replace, categories: slices.Clone(c.Categories), known: len(c.Categories), byKey: map[string]*planned{}, done: map[string]string{}}
	for i := range c.Rules {
		was := &c.Rules[i]
		now := &planned{Rule: *was, was: was}
		now.Exceptions = slices.Clone(was.Exceptions)
		if replace {
			now.Verdict, now.Exceptions = config.Verdict{}, nil
		}
		p.rules = append(p.rules, now)
		p.byKey[was.Subject()] = now
	}
	return p
}

// apply carries one change out.
func (p *plan) apply(c Change, bad *faults) {
	fresh := &planned{Rule: config.Rule{App: c.App, Site: c.Site, URL: c.URL}}
	key := fresh.Subject()
	if before, twice := p.done[key+"\n"+c.Group]; twice {
		bad.add(&c, "", "%s is spoken of at %s already", c.Subject, before)
		return
	}
	p.done[key+"\n"+c.Group] = c.Place
	rule := p.byKey[key]
	if rule == nil {
		if strings.ContainsAny(c.URL, "?#") {
			bad.add(&c, "url", "what follows ? or # is not compared; leave it out")
		}
		rule = fresh
		p.rules = append(p.rules, rule)
		p.byKey[key] = rule
	}
	rule.spoke, rule.place = true, cmp.Or(rule.place, c.Place)
	verdict := &rule.Verdict
	if c.Group != "" {
		rule.groups = append(rule.groups, c.Group)
		at := slices.IndexFunc(rule.Exceptions, func(e config.Exception) bool { return e.Group == c.Group })
		if at < 0 {
			at = len(rule.Exceptions)
			rule.Exceptions = append(rule.Exceptions, config.Exception{Group: c.Group})
		}
		verdict = &rule.Exceptions[at].Verdict
	}
	if c.Category != "" && c.Category != leave {
		c.Category = p.category(c.Category)
	}
	put(&verdict.Status, c.Status)
	put(&verdict.Category, c.Category)
}

func put(into *string, word string) {
	switch word {
	case "":
	case leave:
		*into = ""
	default:
		*into = word
	}
}

// category gives a category as the file spells it, and adds one that is new.
func (p *plan) category(name string) string {
	if name == config.Ignore {
		return name
	}
	at := slices.IndexFunc(p.categories, func(known string) bool { return strings.EqualFold(known, name) })
	if at < 0 {
		at = len(p.categories)
		p.categories = append(p.categories, name)
	}
	return p.categories[at]
}

// finish drops what says nothing any more, and puts exceptions in order.
func (p *plan) finish(bad *faults) {
	for _, rule := range p.rules {
		if len(rule.groups) == len(rule.Exceptions) { // none is spoken of twice
			slices.SortFunc(rule.Exceptions, func(a, b config.Exception) int {
				return slices.Index(rule.groups, a.Group) - slices.Index(rule.groups, b.Group)
			})
		}
		rule.Exceptions = slices.DeleteFunc(rule.Exceptions, func(e config.Exception) bool { return e.Verdict == config.Verdict{} })
		if p.replace && rule.spoke && rule.empty() {
			bad.add(&Change{Place: rule.place}, "", "says neither status nor category")
		}
	}
}

func (r *planned) empty() bool { return r.Verdict == config.Verdict{} && len(r.Exceptions) == 0 }

// faults is all that is wrong with changes.
type faults []fault

type fault struct{ place, column, reason string }

func (f *faults) add(c *Change, column, reason string, args ...any) {
	*f = append(*f, fault{c.Place, column, fmt.Sprintf(reason, args...)})
}

// text refuses what the files do not hold or people could not read.
func (f *faults) text(c *Change, column, text string) {
	if shown := stream.Printable(text); len(text) > maxNameBytes || shown != text {
		f.add(c, column, "%q is longer than %d bytes or has characters that are not shown", cut(shown), maxNameBytes)
	}
}

// cut shortens a text that is quoted in a reason.
func cut(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return text
}

// maxFaults are told of one request.
const maxFaults = 20

// refusal tells what is wrong and where; nil for nothing. Places are lines of a field, or else fields themselves.
func (f faults) refusal(field string) error {
	if len(f) == 0 {
		return nil
	}
	told := make([]string, 0, maxFaults)
	for _, one := range f[:min(len(f), maxFaults)] {
		told = append(told, one.at()+": "+one.reason)
	}
	if more := len(f) - len(told); more > 0 {
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	if field != csvField {
		field = f[0].at()
		told[0] = f[0].reason
	}
	return collector.Refuse(collector.BadRequest, field, "%s", strings.Join(told, "; "))
}

func (f fault) at() string {
	switch {
	case f.column == "":
		return f.place
	case strings.HasSuffix(f.place, "]"):
		return f.place + "." + f.column
	}
	return f.place + ", " + f.column
}
