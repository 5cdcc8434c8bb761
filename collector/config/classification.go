package config

import (
	"fmt"
	"strings"

	"github.com/dayline-project/dayline/collector/address"
)

// Classification is the content of classification.yaml: what counts as what.
type Classification struct {
	Categories []string `json:"categories"`
	Rules      []Rule   `json:"rules"`
}

// Rule says status and category of one subject: an application, a site or an address prefix.
type Rule struct {
	App  string `json:"app"`
	Site string `json:"site"`
	URL  string `json:"url"`
	Verdict
	// Exceptions in order: the first group that fits wins.
	Exceptions []Exception `json:"exceptions"`
}

// Verdict is productive, unproductive or undefined; a category of the list or "ignore". Empty says nothing.
type Verdict struct {
	Status   string `json:"status"`
	Category string `json:"category"`
}

// Exception holds for a group.
type Exception struct {
	Group string `json:"group"`
	Verdict
}

// Ignore is the category that keeps its subject out of all reports but the activity log.
const Ignore = "ignore"

func (c *Classification) check(d *decoder, known bool, groups []string) {
	categories := unique{}
	for i, category := range c.Categories {
		key := fmt.Sprintf("categories[%d]", i)
		needed(d, key, category)
		categories.check(d, key, category)
		if category == Ignore {
			d.at(key, "ignore is there without being listed")
		}
	}
	subjects := unique{}
	for i := range c.Rules {
		rule, key := &c.Rules[i], fmt.Sprintf("rules[%d]", i)
		rule.checkSubject(d, key, subjects)
		c.checkVerdict(d, key, rule.Verdict)
		if rule.Verdict == (Verdict{}) && len(rule.Exceptions) == 0 {
			d.at(key, "says neither status nor category")
		}
		excepted := unique{}
		for j, exception := range rule.Exceptions {
			at := fmt.Sprintf("%s.exceptions[%d]", key, j)
			excepted.check(d, at+".group", exception.Group)
			if known {
				checkGroup(d, at+".group", exception.Group, groups)
			}
			c.checkVerdict(d, at, exception.Verdict)
			if exception.Verdict == (Verdict{}) {
				d.at(at, "says neither status nor category")
			}
		}
	}
}

// checkSubject wants exactly one subject, not named by another rule.
func (r *Rule) checkSubject(d *decoder, key string, subjects unique) {
	given := 0
	for kind, subject := range map[string]string{"app": r.App, "site": r.Site, "url": r.URL} {
		if subject == "" {
			continue
		}
		given++
		needed(d, key+"."+kind, subject)
	}
	switch {
	case given != 1:
		d.at(key, "names %d of app, site and url; exactly one is wanted", given)
		return
	case r.Site != "" && !address.Valid(address.Host(r.Site)):
		d.at(key+".site", "%q is not a host such as mail.example.com; write url for an address", r.Site)
	case r.URL != "":
		if host, _, ok := address.Parse(r.URL); !ok || !address.Valid(host) {
			d.at(key+".url", "%q is not an http or https address", r.URL)
		}
		if strings.ContainsAny(r.URL, "?#") {
			d.warn(key+".url", "what follows ? or # is not compared: the rule holds for the whole page")
		}
	}
	subjects.exactly(d, key, r.Subject())
}

// Subject tells what the rule is about from other subjects, however it is written: "app Code", "site example.com", "url
// example.com/a". Applications count as they are spelt, since Linux tells them apart.
func (r *Rule) Subject() string {
	switch {
	case r.App != "":
		return "app " + r.App
	case r.Site != "":
		return "site " + address.Host(r.Site)
	}
	host, path, _ := address.Parse(r.URL)
	return "url " + host + strings.TrimRight(path, "/")
}

func (c *Classification) checkVerdict(d *decoder, key string, v Verdict) {
	if v.Status != "" {
		checkWord(d, key+".status", v.Status, "productive", "unproductive", "undefined")
	}
	if v.Category != "" {
		checkWord(d, key+".category", v.Category, append(append([]string{}, c.Categories...), Ignore)...)
	}
}

// exactly refuses a value that was given before, in the same case.
func (u unique) exactly(d *decoder, key, value string) {
	if first, taken := u[value]; taken {
		d.at(key, "stands at %s already", first)
		return
	}
	u[value] = key
}

// warn reports what is likely a slip, and holds all the same.
func (d *decoder) warn(key, reason string, args ...any) {
	if !d.full() {
		d.problems = append(d.problems, Problem{File: d.file, Line: d.line(key), Key: key, Reason: fmt.Sprintf(reason, args...), Warning: true})
	}
}
