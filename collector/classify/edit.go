package classify

import (
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector/config"
)

// edits are what makes the file's rules those of the plan. Rules are named as the file spells them, so that an edit that
// somebody made to the file meanwhile moves none of these to another rule.
func (p *plan) edits() (edits []config.Edit, counts Counts) {
	for _, category := range p.categories[p.known:] {
		edits = append(edits, edit("categories"+config.Item(category), ""))
	}
	for _, rule := range p.rules {
		switch {
		case rule.empty() && rule.was == nil:
		case rule.empty():
			counts.Removed++
			edits = append(edits, unset(rule.name()))
		case rule.was == nil:
			counts.Added++
			edits = append(edits, edit(rule.name(), rule.yaml()))
		default:
			changed := rule.changes()
			if len(changed) > 0 {
				counts.Changed++
			}
			edits = append(edits, changed...)
		}
	}
	return edits, counts
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
