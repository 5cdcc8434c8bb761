package classify

import (
	"fmt"
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// company is 2,000 rules, one in ten with exceptions, and 12,000 subjects, half of them sites with addresses.
func company() (*config.Classification, []collector.Subject) {
	c := &config.Classification{Categories: []string{"Work"}}
	statuses := []string{"productive", "unproductive", "undefined", ""}
	for i := range 2000 {
		rule := config.Rule{Verdict: config.Verdict{Status: statuses[i%4], Category: "Work"}}
		switch i % 4 {
		case 0:
			rule.App = fmt.Sprintf("App%d.exe", i)
		case 1:
			rule.URL = fmt.Sprintf("https://www.host%d.example.com/team/%d", i%500, i)
		default:
			rule.Site = fmt.Sprintf("host%d.example.com", i)
		}
		if i%10 == 0 {
			for g := range 3 {
				rule.Exceptions = append(rule.Exceptions, config.Exception{
					Group: fmt.Sprint("Group ", (i/10+13*g)%40), Verdict: config.Verdict{Status: "productive"},
				})
			}
		}
		c.Rules = append(c.Rules, rule)
	}
	var subjects []collector.Subject
	for i := range 12000 {
		s := collector.Subject{App: fmt.Sprintf("app%d.exe", i%3000)}
		if i%2 == 0 {
			s.App, s.Site = "chrome.exe", fmt.Sprintf("a.host%d.example.com", i%4000)
			s.URL = fmt.Sprintf("https://%s/team/%d/page?x=%d", s.Site, i, i)
		}
		subjects = append(subjects, s)
	}
	return c, subjects
}

// BenchmarkReport is what each report pays: rules prepared, a variant for each of 550 owners, each in two of 40 groups,
// and the class of 12,000 subjects.
func BenchmarkReport(b *testing.B) {
	rules, subjects := company()
	b.ReportAllocs()
	variants := 0
	for b.Loop() {
		classes := New(rules)
		for owner := range 550 {
			first, second := fmt.Sprint("Group ", owner%40), fmt.Sprint("Group ", owner*7%40)
			classes.Variant(func(group string) bool { return group == first || group == second }, owner%3 > 0)
		}
		classify := classes.Classifier()
		for _, s := range subjects {
			classify(s)
		}
		variants = len(classes.variants)
	}
	b.ReportMetric(float64(variants), "variants")
}

func BenchmarkNew(b *testing.B) {
	rules, _ := company()
	b.ReportAllocs()
	for b.Loop() {
		New(rules)
	}
}

func BenchmarkClassify(b *testing.B) {
	rules, subjects := company()
	classes := New(rules)
	b.ReportAllocs()
	for b.Loop() {
		classify := classes.Classifier()
		for _, s := range subjects {
			classify(s)
		}
	}
}
