package classify

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/publicsuffix"
	"pgregory.net/rapid"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// naive classifies as the text says: every rule is looked at, those that fit are put in order, and each is asked for
// what is still missing.
func naive(rules []config.Rule, s collector.Subject, inGroup func(string) bool, caseless bool) collector.Class {
	type fit struct {
		order  [2]int
		status string
		kind   string
	}
	var fits []fit
	add := func(order [2]int, v config.Verdict) { fits = append(fits, fit{order, v.Status, v.Category}) }
	for level, name := range []string{s.App, s.Bundle} {
		s.App = name
		for i := range rules {
			rule := &rules[i]
			order, fitting := specificity(Subject{rule.App, rule.Site, rule.URL}, s, level, caseless)
			if !fitting || rule.App != "" && i != application(rules, name) {
				continue
			}
			for _, exception := range rule.Exceptions {
				if inGroup(exception.Group) {
					add(order, exception.Verdict)
					break
				}
			}
			add(order, rule.Verdict)
		}
		for _, entry := range Shipped() {
			if order, fitting := specificity(entry.Subject, s, level, caseless); fitting {
				add([2]int{order[0] - 100, order[1]}, config.Verdict{Category: entry.Category})
			}
		}
	}
	slices.SortStableFunc(fits, func(a, b fit) int { return cmp.Or(b.order[0]-a.order[0], b.order[1]-a.order[1]) })
	var class collector.Class
	status := ""
	for _, f := range fits {
		status, class.Category = cmp.Or(status, f.status), cmp.Or(class.Category, f.kind)
	}
	switch status {
	case "productive":
		class.Status = collector.Productive
	case "unproductive":
		class.Status = collector.Unproductive
	}
	class.Ignored = class.Category == "ignore"
	return class
}

// application finds the rule of an application that is compared without case: the one spelt exactly so, else the first.
func application(rules []config.Rule, app string) int {
	if i := slices.IndexFunc(rules, func(r config.Rule) bool { return r.App == app }); i >= 0 {
		return i
	}
	return slices.IndexFunc(rules, func(r config.Rule) bool { return strings.EqualFold(r.App, app) })
}

// specificity of a subject that fits what was recorded: addresses by length, exact host, parents by length, application;
// that by its bundle is of a higher level.
func specificity(rule Subject, s collector.Subject, level int, caseless bool) (order [2]int, fits bool) {
	switch {
	case rule.App != "":
		return [2]int{0, level}, rule.App == s.App || caseless && strings.EqualFold(rule.App, s.App)
	case rule.Site != "" && rule.Site == s.Site:
		return [2]int{2, 0}, true
	case rule.Site != "":
		if _, err := netip.ParseAddr(s.Site); err == nil {
			return order, false
		}
		domain, err := publicsuffix.EffectiveTLDPlusOne(s.Site)
		return [2]int{1, len(rule.Site)}, err == nil && strings.HasSuffix(s.Site, "."+rule.Site) && strings.HasSuffix(rule.Site, domain)
	}
	host, segments := halves(rule.URL)
	if host != s.Site {
		return order, false
	}
	_, have := halves(s.URL)
	for len(segments) > 0 && segments[len(segments)-1] == "" {
		segments = segments[:len(segments)-1]
	}
	return [2]int{3, len(segments)}, len(segments) <= len(have) && slices.Equal(segments, have[:len(segments)])
}

func halves(url string) (host string, segments []string) {
	_, rest, _ := strings.Cut(url, "://")
	rest, _, _ = strings.Cut(rest, "?")
	rest = strings.TrimPrefix(rest, "www.")
	host, path, found := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, ":")
	if found {
		segments = strings.Split(path, "/")
	}
	return host, segments
}

var (
	someHosts = rapid.SampledFrom([]string{
		"a.com", "b.a.com", "c.b.a.com", "ba.com", "com", "github.io", "me.github.io", "x.me.github.io", "co.uk", "x.co.uk", "y.x.co.uk",
		"1.2.3.4", "2.3.4", "lan", "wiki.lan", "youtube.com", "m.youtube.com", "docs.google.com", "s3.amazonaws.com", "amazonaws.com", "b.s3.amazonaws.com",
	})
	someApps    = rapid.SampledFrom([]string{"code", "Code", "CODE", "chrome.exe", "Chrome.exe", "own", "Own", "x", "org.own", "org.Own"})
	someBundles = rapid.SampledFrom([]string{"", "org.own", "org.Own", "ORG.OWN", "code", "org.other"})
	someGroups  = rapid.SampledFrom([]string{"A", "B", "C"})
	someWords   = rapid.SampledFrom([]string{"", "", "p", "q", "pp", "document"})
	someURLs    = rapid.Custom(func(t *rapid.T) string {
		url := rapid.SampledFrom([]string{"http://", "https://", "https://www."}).Draw(t, "scheme") + someHosts.Draw(t, "host") +
			rapid.SampledFrom([]string{"", ":8080"}).Draw(t, "port")
		for range rapid.IntRange(0, 4).Draw(t, "segments") {
			url += "/" + someWords.Draw(t, "segment")
		}
		return url + rapid.SampledFrom([]string{"", "?q=/p/q"}).Draw(t, "query")
	})
	someVerdict = rapid.Custom(func(t *rapid.T) config.Verdict {
		return config.Verdict{
			Status:   rapid.SampledFrom([]string{"", "productive", "unproductive", "undefined"}).Draw(t, "status"),
			Category: rapid.SampledFrom([]string{"", "Own", "Work", "ignore"}).Draw(t, "category"),
		}
	})
	someRule = rapid.Custom(func(t *rapid.T) config.Rule {
		rule := config.Rule{Verdict: someVerdict.Draw(t, "verdict")}
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			rule.App = someApps.Draw(t, "app")
		case 1:
			rule.Site = someHosts.Draw(t, "site")
		default:
			rule.URL = someURLs.Draw(t, "url")
		}
		for range rapid.IntRange(0, 2).Draw(t, "exceptions") {
			rule.Exceptions = append(rule.Exceptions, config.Exception{Group: someGroups.Draw(t, "group"), Verdict: someVerdict.Draw(t, "exception")})
		}
		return rule
	})
	someSubject = rapid.Custom(func(t *rapid.T) collector.Subject {
		s := collector.Subject{App: someApps.Draw(t, "app"), Bundle: someBundles.Draw(t, "bundle")}
		if rapid.Bool().Draw(t, "browsing") {
			s.URL = someURLs.Draw(t, "url")
			s.Site, _ = halves(s.URL)
			if rapid.Bool().Draw(t, "host only") {
				s.URL = ""
			}
		}
		return s
	})
)

// Whatever the rules are, the classifier says of every subject and owner what reading them one by one says, and so does
// the explanation.
func TestClassifierSaysWhatTheTextSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SliceOfN(someRule, 0, 12).Draw(t, "rules")
		seen := map[string]bool{}
		rules = slices.DeleteFunc(rules, func(r config.Rule) bool {
			host, segments := halves(r.URL)
			key := strings.Join([]string{r.App, r.Site, host, strings.TrimRight(strings.Join(segments, "/"), "/")}, " ")
			defer func() { seen[key] = true }()
			return seen[key]
		})
		classes := New(&config.Classification{Rules: rules})
		type owner struct {
			groups   []string
			caseless bool
			variant  int
		}
		var owners []owner
		for range rapid.IntRange(1, 5).Draw(t, "owners") {
			o := owner{groups: rapid.SliceOfN(someGroups, 0, 3).Draw(t, "groups"), caseless: rapid.Bool().Draw(t, "caseless")}
			o.variant = classes.Variant(in(o.groups...), o.caseless)
			owners = append(owners, o)
		}
		classify := classes.Classifier()
		for _, s := range rapid.SliceOfN(someSubject, 1, 10).Draw(t, "subjects") {
			got := classify(s)
			for _, o := range owners {
				want := naive(rules, s, in(o.groups...), o.caseless)
				class := got[0]
				if len(got) > 1 {
					class = got[o.variant]
				}
				if class != want {
					t.Fatalf("%+v of %v, caseless %v: %+v; the text says %+v", s, o.groups, o.caseless, class, want)
				}
				if told := classes.Explain(s, in(o.groups...), o.caseless, func(string) int { return 0 }); told.Class != want {
					t.Fatalf("%+v of %v, caseless %v is explained as %+v; the text says %+v", s, o.groups, o.caseless, told, want)
				}
			}
		}
	})
}

func FuzzClassify(f *testing.F) {
	classes := New(parsed(f, example, "Marketing", "Sales").Classification)
	classes.Variant(in("Sales"), true)
	classes.Variant(in(), false)
	classify := classes.Classifier()
	f.Add("chrome.exe", "", "example.com", "https://example.com/games/%2f//")
	f.Add("", "", "", "http://[::1]/")
	f.Add("x", "com.example.X", "..example.com.", "https:////")
	f.Fuzz(func(t *testing.T, app, bundle, site, url string) {
		s := collector.Subject{App: app, Bundle: bundle, Site: site, URL: url}
		got := classify(s)
		if told := classes.Explain(s, in(), false, func(string) int { return 0 }); told.Class != got[min(1, len(got)-1)] {
			t.Errorf("%+v is %+v and explained as %+v", s, got, told.Class)
		}
	})
}
