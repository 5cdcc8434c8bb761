package classify

import (
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector/config"
)

// outcome is what makes the file's rules those of the plan. Rules are named as the file spells them, so that an edit that
// somebody made to the file meanwhile moves none of these to another rule.
func (p *plan) outcome() (o Outcome) {
	for _, category := range p.categories[p.known:] {
		o.Edits = append(o.Edits, edit("categories"+config.Item(category), ""))
	}
	for _, rule := range p.rules {
		o.Differences = append(o.Differences, rule.differences()...)
		switch {
		case rule.empty() && rule.was == nil:
		case rule.empty():
			o.Removed++
			o.Edits = append(o.Edits, unset(rule.name()))
		case rule.was == nil:
			o.Added++
			o.Edits = append(o.Edits, edit(rule.name(), rule.yaml()))
		default:
			changed := rule.changes()
			if len(changed) > 0 {
				o.Changed++
			}
			o.Edits = append(o.Edits, changed...)
		}
	}
	return o
}

// differences are what the rule and its exceptions say that they did not, in the order in which they stand; those that are
// gone last.
func (r *planned) differences() (all []Difference) {
	was := config.Rule{}
	if r.was != nil {
		was = *r.was
	}
	differ := func(group string, now, was config.Verdict) {
		if now != was {
			all = append(all, Difference{Subject{r.App, r.Site, r.URL}, group, now, was})
		}
	}
	differ("", r.Verdict, was.Verdict)
	for _, one := range r.Exceptions {
		differ(one.Group, one.Verdict, exceptionOf(was, one.Group))
	}
	for _, one := range was.Exceptions {
		if exceptionOf(r.Rule, one.Group) == (config.Verdict{}) {
			differ(one.Group, config.Verdict{}, one.Verdict)
		}
	}
	return all
}

// exceptionOf is what a rule's exception for a group says; nothing where it has none.
func exceptionOf(rule config.Rule, group string) config.Verdict {
	for _, one := range rule.Exceptions {
		if one.Group == group {
			return one.Verdict
		}
	}
	return config.Verdict{}
}

func edit(key, value string) config.Edit {
	return config.Edit{File: config.ClassificationFile, Key: key, Value: value}
}

func unset(key string) config.Edit {
	return config.Edit{File: config.ClassificationFile, Key: key, Unset: true}
}

// name is the rule's key in the file.
func (r *planned) name() string {
	return "rules" + config.Item(Subject{r.App, r.Site, r.URL}.String())
}

// changes are the edits of a rule that stays.
func (r *planned) changes() (edits []config.Edit) {
	value := func(key, was, now, yaml string) {
		switch {
		case was == now:
		case now == "":
			edits = append(edits, unset(r.name()+key))
		default:
			edits = append(edits, edit(r.name()+key, yaml))
		}
	}
	value(".status", r.was.Status, r.Status, r.Status)
	value(".category", r.was.Category, r.Category, config.Text(r.Category))
	if !slices.Equal(r.was.Exceptions, r.Exceptions) {
		value(".exceptions", exceptions(r.was.Exceptions), exceptions(r.Exceptions), exceptions(r.Exceptions))
	}
	return edits
}

// yaml is the rule as an edit's value.
func (r *planned) yaml() string {
	var parts []string
	for _, one := range []struct{ kind, name string }{{"app", r.App}, {"site", r.Site}, {"url", r.URL}} {
		if one.name != "" {
			parts = append(parts, one.kind+": "+config.Text(one.name))
		}
	}
	parts = append(parts, pairs(r.Verdict)...)
	if len(r.Exceptions) > 0 {
		parts = append(parts, "exceptions: "+exceptions(r.Exceptions))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func exceptions(all []config.Exception) string {
	if len(all) == 0 {
		return ""
	}
	items := make([]string, len(all))
	for i, one := range all {
		items[i] = "{" + strings.Join(append([]string{"group: " + config.Text(one.Group)}, pairs(one.Verdict)...), ", ") + "}"
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func pairs(v config.Verdict) (parts []string) {
	if v.Status != "" {
		parts = append(parts, "status: "+v.Status)
	}
	if v.Category != "" {
		parts = append(parts, "category: "+config.Text(v.Category))
	}
	return parts
}
