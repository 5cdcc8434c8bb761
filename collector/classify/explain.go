package classify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/address"
	"github.com/dayline-project/dayline/collector/config"
)

// Explanation says what a subject counts as, and why.
type Explanation struct {
	Class collector.Class
	// StatusSource and CategorySource: "classification.yaml:12 (site example.com, exception Marketing)", "shipped list
	// (app code)" or "default".
	StatusSource, CategorySource string
	// Steps are the levels looked at, the most specific first, and what each said.
	Steps []string
}

// Explain finds a subject's class as a Classifier does, for an owner in these of the groups, and says how. Line gives the
// line of a key of classification.yaml.
func (c *Classes) Explain(s collector.Subject, inGroup func(name string) bool, caseless bool, line func(key string) int) Explanation {
	e := explaining{Explanation: Explanation{StatusSource: "default", CategorySource: "default"}, classes: c}
	var levels []level
	site := ""
	c.addresses(s, func(kind, name string, p pair) {
		if kind == "site" && site == "" {
			site = address.Registrable(name)
		}
		if kind == "url" || len(name) >= len(site) {
			levels = append(levels, level{kind + " " + name, p})
		}
	})
	for _, name := range []string{s.Bundle, s.App} {
		if name == "" {
			continue
		}
		exact, app := c.applications(name)
		if !caseless {
			app = exact
		}
		levels = append(levels, level{"app " + name, app})
	}
	for _, l := range levels {
		e.rule(l, inGroup, line)
	}
	for _, l := range levels {
		e.shipped(l)
	}
	if e.found.status == 0 {
		e.Steps = append(e.Steps, "default: status undefined")
	}
	if e.found.category == 0 {
		e.Steps = append(e.Steps, "default: no category")
	}
	e.Class = c.class(e.found)
	return e.Explanation
}

// level is a subject as it was looked for, and what there is of it.
type level struct {
	label string
	pair
}

type explaining struct {
	Explanation
	classes *Classes
	found   verdict
}

// rule looks at a level's rule.
func (e *explaining) rule(l level, inGroup func(name string) bool, line func(key string) int) {
	if e.found.whole() {
		return
	}
	if l.pair.rule == 0 {
		e.step(l, "no rule")
		return
	}
	at := int(l.pair.rule) - 1
	rule := &e.classes.rules[at]
	subject := Subject{rule.App, rule.Site, rule.URL}
	place := func(key, subject string) string {
		return fmt.Sprintf("%s:%d (%s)", config.ClassificationFile, line(key), subject)
	}
	key := fmt.Sprintf("rules[%d]", at)
	if i := slices.IndexFunc(rule.Exceptions, func(e config.Exception) bool { return inGroup(e.Group) }); i >= 0 {
		exception := rule.Exceptions[i]
		said := e.classes.verdict(exception.Verdict)
		e.say(l, place(fmt.Sprintf("%s.exceptions[%d]", key, i), subject.String()+", exception "+exception.Group), said)
		if said.whole() {
			return
		}
	}
	e.say(l, place(key, subject.String()), e.classes.says[at])
}

// shipped looks at a level's entry of the shipped list.
func (e *explaining) shipped(l level) {
	if e.found.whole() || l.pair.shipped == 0 {
		return
	}
	entry := Shipped()[l.pair.shipped-1]
	e.say(l, "shipped list ("+entry.Subject.String()+")", verdict{category: e.classes.categories.number(entry.Category)})
}

// say takes from a verdict what was not found yet.
func (e *explaining) say(l level, source string, said verdict) {
	var words []string
	if said.status != 0 {
		words = append(words, e.takeStatus(said, source))
	}
	if said.category != 0 {
		words = append(words, e.takeCategory(said, source))
	}
	if words == nil {
		words = []string{"says nothing here"}
	}
	e.step(l, source+": "+strings.Join(words, ", "))
}

func (e *explaining) takeStatus(said verdict, source string) string {
	words := "status " + status(said).String()
	if e.found.status != 0 {
		return words + " (decided above)"
	}
	e.found.status, e.StatusSource = said.status, source
	return words
}

func (e *explaining) takeCategory(said verdict, source string) string {
	words := "category " + e.classes.categories.name(said.category)
	if e.found.category != 0 {
		return words + " (decided above)"
	}
	e.found.category, e.CategorySource = said.category, source
	return words
}

func (e *explaining) step(l level, words string) { e.Steps = append(e.Steps, l.label+": "+words) }

// String reads "site example.com".
func (s Subject) String() string {
	switch {
	case s.App != "":
		return "app " + s.App
	case s.Site != "":
		return "site " + s.Site
	}
	return "url " + s.URL
}
