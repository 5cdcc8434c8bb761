package classify

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// content is a classification.yaml; parsed checks it with the other files as they are at first, and these groups.
func parsed(t testing.TB, content string, groups ...string) *config.Set {
	t.Helper()
	files := map[string][]byte{}
	dir := t.TempDir()
	if _, err := config.WriteDefaults(dir); err != nil {
		t.Fatal(err)
	}
	set, problems := config.Load(dir)
	if set == nil {
		t.Fatal(problems)
	}
	for name, bytes := range set.Content {
		files[name] = bytes
	}
	files[config.ClassificationFile] = []byte(content)
	people := "people: []\ngroups:\n"
	for _, group := range groups {
		people += "  - name: " + group + "\n"
	}
	if len(groups) == 0 {
		people = "people: []\n"
	}
	files[config.PeopleFile] = []byte(people)
	if set, problems = config.Parse(files); set == nil {
		t.Fatal(problems)
	}
	return set
}

func in(groups ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(groups, name) }
}

// of classifies one subject for one owner.
func of(c *Classes, s collector.Subject, inGroup func(string) bool, caseless bool) collector.Class {
	variant := c.Variant(inGroup, caseless)
	classes := c.Classifier()(s)
	return classes[min(variant, len(classes)-1)]
}

const example = `
categories: [Mail, Work, Fun, Own]
rules:
  - {site: example.com, status: productive, category: Work}
  - {site: news.example.com, status: unproductive}
  - {site: www.deep.news.example.com, category: Fun}
  - {url: "https://example.com/games", status: unproductive, category: Fun}
  - {url: "http://www.example.com:8080/games/serious/", status: productive}
  - {url: "https://host.only/", category: Own}
  - {site: plain.org, status: undefined}
  - {site: github.io, status: unproductive}
  - {site: co.uk, status: unproductive}
  - {site: amazonaws.com, status: unproductive}
  - {site: 10.0.0.1, status: productive}
  - {site: 0.0.1, status: unproductive}
  - {site: münchen.de, category: Own}
  - {site: lock.example.net, category: ignore}
  - {app: chrome.exe, status: unproductive, category: Own}
  - {app: code, status: productive}
  - {app: LockApp.exe, category: ignore}
  - site: social.net
    status: unproductive
    exceptions:
      - {group: Marketing, status: productive}
      - {group: Sales, status: undefined, category: Work}
  - site: only.net
    exceptions:
      - {group: Marketing, status: productive}
  - site: secret.net
    category: Fun
    exceptions:
      - {group: Sales, category: ignore}
`

// Each line can be checked by hand against the rules above and the shipped list: github.com and code are Development,
// chrome.exe Browsers, youtube.com Video.
func TestTheMostSpecificRuleWins(t *testing.T) {
	classes := New(parsed(t, example, "Marketing", "Sales").Classification)
	const caseless, exactly = true, false
	for i, one := range []struct {
		app, site, url string
		groups         []string
		caseless       bool
		want           string
	}{
		// Hosts and parents.
		{app: "x", site: "example.com", want: "productive Work"},
		{app: "x", site: "a.b.example.com", want: "productive Work"},
		{app: "x", site: "myexample.com", want: "undefined "},
		{app: "x", site: "news.example.com", want: "unproductive Work"},
		{app: "x", site: "a.deep.news.example.com", want: "unproductive Fun"},
		{app: "x", site: "EXAMPLE.com.", want: "productive Work"},
		{app: "x", site: "www.example.com", want: "productive Work"},
		{app: "x", site: "xn--mnchen-3ya.de", want: "undefined Own"},
		{app: "x", site: "a.MÜNCHEN.de", want: "undefined Own"},
		// A rule for what others register below speaks for that host alone.
		{app: "x", site: "github.io", want: "unproductive "},
		{app: "x", site: "a.github.io", want: "undefined "},
		{app: "x", site: "example.co.uk", want: "undefined "},
		{app: "x", site: "bucket.s3.amazonaws.com", want: "undefined "},
		{app: "x", site: "pay.amazonaws.com", want: "unproductive "},
		// An IP address has no parents.
		{app: "x", site: "10.0.0.1", want: "productive "},
		{app: "x", site: "20.0.0.1", want: "undefined "},
		// Addresses: whole segments, the longest prefix first, without scheme, port and www.
		{app: "x", site: "example.com", url: "https://example.com/games", want: "unproductive Fun"},
		{app: "x", site: "example.com", url: "http://example.com:81/games/?x#y", want: "unproductive Fun"},
		{app: "x", site: "example.com", url: "https://example.com/games/chess", want: "unproductive Fun"},
		{app: "x", site: "example.com", url: "https://example.com/gamesters", want: "productive Work"},
		{app: "x", site: "example.com", url: "https://example.com/Games", want: "productive Work"},
		{app: "x", site: "example.com", url: "https://www.example.com/g%61mes", want: "unproductive Fun"},
		{app: "x", site: "example.com", url: "https://example.com/games%2Fchess", want: "productive Work"},
		{app: "x", site: "example.com", url: "https://example.com/games/serious", want: "productive Fun"},
		{app: "x", site: "example.com", url: "https://example.com/games/serious/1/2/3", want: "productive Fun"},
		{app: "x", site: "a.example.com", url: "https://a.example.com/games", want: "productive Work"},
		{app: "x", site: "host.only", want: "undefined Own"},
		{app: "x", site: "host.only", url: "https://host.only/a/b", want: "undefined Own"},
		{app: "x", site: "a.host.only", want: "undefined "},
		// Then the browser's own rule, status and category each for itself; then the shipped list in the same order.
		{app: "chrome.exe", site: "unknown.org", want: "unproductive Own"},
		{app: "chrome.exe", site: "example.com", want: "productive Work"},
		{app: "chrome.exe", site: "news.example.com", want: "unproductive Work"},
		{app: "chrome.exe", site: "youtube.com", want: "unproductive Own"},
		{app: "msedge.exe", site: "youtube.com", want: "undefined Video"},
		{app: "msedge.exe", site: "m.youtube.com", want: "undefined Video"},
		{app: "msedge.exe", site: "unknown.org", want: "undefined Browsers"},
		{app: "msedge.exe", site: "news.example.com", want: "unproductive Work"},
		{app: "chrome.exe", want: "unproductive Own"},
		{app: "msedge.exe", want: "undefined Browsers"},
		// An own undefined stops the search for a status.
		{app: "chrome.exe", site: "plain.org", want: "undefined Own"},
		// Applications: exactly on Linux, without case elsewhere.
		{app: "code", caseless: exactly, want: "productive Development"},
		{app: "Code", caseless: exactly, want: "undefined "},
		{app: "Code", caseless: caseless, want: "productive Development"},
		{app: "CHROME.EXE", caseless: caseless, want: "unproductive Own"},
		// What is kept out.
		{app: "LockApp.exe", want: "undefined ignore!"},
		{app: "chrome.exe", site: "lock.example.net", want: "unproductive ignore!"},
		// Exceptions.
		{app: "x", site: "social.net", want: "unproductive "},
		{app: "x", site: "social.net", groups: []string{"Marketing"}, want: "productive "},
		{app: "x", site: "social.net", groups: []string{"Sales"}, want: "undefined Work"},
		{app: "x", site: "social.net", groups: []string{"Sales", "Marketing"}, want: "productive "},
		{app: "x", site: "only.net", want: "undefined "},
		{app: "x", site: "only.net", groups: []string{"Marketing"}, want: "productive "},
		{app: "chrome.exe", site: "only.net", want: "unproductive Own"},
		{app: "chrome.exe", site: "only.net", groups: []string{"Marketing"}, want: "productive Own"},
		{app: "x", site: "secret.net", want: "undefined Fun"},
		{app: "x", site: "secret.net", groups: []string{"Sales"}, want: "undefined ignore!"},
		{},
	} {
		if one.want == "" {
			one.want = "undefined "
		}
		subject := collector.Subject{App: one.app, Site: one.site, URL: one.url}
		class := of(classes, subject, in(one.groups...), one.caseless)
		got := class.Status.String() + " " + class.Category
		if class.Ignored {
			got += "!"
		}
		if got != one.want {
			t.Errorf("%d: %+v of %v is %q; want %q", i, subject, one.groups, got, one.want)
		}
		if told := classes.Explain(subject, in(one.groups...), one.caseless, func(string) int { return 0 }); told.Class != class {
			t.Errorf("%d: %+v of %v is %+v and explained as %+v", i, subject, one.groups, class, told)
		}
	}
}

func TestPeopleToWhomTheRulesSayTheSameShareAVariant(t *testing.T) {
	classes := New(parsed(t, example, "Marketing", "Sales", "Other").Classification)
	seen := map[int]bool{}
	for _, groups := range [][]string{{}, {"Other"}, {"Marketing"}, {"Marketing", "Other"}, {"Sales"}, {"Other", "Sales"}} {
		seen[classes.Variant(in(groups...), true)] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d variants; want those of nobody, Marketing and Sales", len(seen))
	}
	if classes.Variant(in("Sales"), true) == classes.Variant(in("Sales"), false) {
		t.Error("a device that compares without case and one that does not share a variant")
	}
	classify := classes.Classifier()
	if got := classify(collector.Subject{App: "x", Site: "example.com"}); len(got) != 1 {
		t.Errorf("a class that holds for everybody comes %d times", len(got))
	}
	if got := classify(collector.Subject{App: "x", Site: "social.net"}); len(got) != 4 {
		t.Errorf("%d classes; want one for each variant", len(got))
	}
}

func TestOfApplicationsSpeltAlikeTheExactOneCounts(t *testing.T) {
	classes := New(&config.Classification{Rules: []config.Rule{
		{App: "Slack", Verdict: config.Verdict{Status: "productive"}},
		{App: "slack", Verdict: config.Verdict{Status: "unproductive"}},
	}})
	for app, want := range map[string]collector.Status{"Slack": collector.Productive, "slack": collector.Unproductive, "SLACK": collector.Productive} {
		if got := of(classes, collector.Subject{App: app}, in(), true); got.Status != want {
			t.Errorf("%s is %v", app, got.Status)
		}
	}
	if got := of(classes, collector.Subject{App: "SLACK"}, in(), false); got.Status != collector.Undefined {
		t.Errorf("on Linux SLACK is %v", got.Status)
	}
}

func TestAProgramOnAMacIsFoundByItsBundleToo(t *testing.T) {
	const content = `categories: [Fun]
rules:
  - app: Electron
    status: unproductive
    category: Fun
  - app: Org.Example.Notes
    status: productive
`
	classes := New(parsed(t, content).Classification)
	for bundle, want := range map[string]collector.Class{
		"org.example.notes": {Status: collector.Productive, Category: "Fun"}, "org.example.chat": {Status: collector.Unproductive, Category: "Fun"},
	} {
		if got := of(classes, collector.Subject{App: "Electron", Bundle: bundle}, in(), true); got != want {
			t.Errorf("%s is %+v", bundle, got)
		}
	}
	told := classes.Explain(collector.Subject{App: "Electron", Bundle: "org.example.notes"}, in(), true, func(string) int { return 5 })
	want := []string{
		"app org.example.notes: classification.yaml:5 (app Org.Example.Notes): status productive",
		"app Electron: classification.yaml:5 (app Electron): status unproductive (decided above), category Fun",
	}
	if !slices.Equal(told.Steps, want) {
		t.Errorf("steps:\n%s", strings.Join(told.Steps, "\n"))
	}
}

func TestExplain(t *testing.T) {
	const content = `categories: [Fun]
rules:
  - site: social.net
    status: unproductive
    exceptions:
      - {group: Marketing, status: productive}
  - app: chrome.exe
    status: unproductive
    category: Fun
`
	classes := New(parsed(t, content, "Marketing").Classification)
	lines := map[string]int{"rules[0]": 3, "rules[0].exceptions[0]": 6, "rules[1]": 7}
	line := func(key string) int { return lines[key] }
	told := classes.Explain(collector.Subject{App: "chrome.exe", Site: "a.social.net"}, in("Marketing"), true, line)
	if told.StatusSource != "classification.yaml:6 (site social.net, exception Marketing)" || told.CategorySource != "classification.yaml:7 (app chrome.exe)" {
		t.Errorf("status from %q, category from %q", told.StatusSource, told.CategorySource)
	}
	want := []string{
		"site a.social.net: no rule",
		"site social.net: classification.yaml:6 (site social.net, exception Marketing): status productive",
		"site social.net: classification.yaml:3 (site social.net): status unproductive (decided above)",
		"app chrome.exe: classification.yaml:7 (app chrome.exe): status unproductive (decided above), category Fun",
	}
	if !slices.Equal(told.Steps, want) {
		t.Errorf("steps:\n%s", strings.Join(told.Steps, "\n"))
	}
	told = classes.Explain(collector.Subject{App: "code"}, in(), false, line)
	if told.StatusSource != "default" || told.CategorySource != "shipped list (app code)" {
		t.Errorf("status from %q, category from %q", told.StatusSource, told.CategorySource)
	}
}

func TestPendingLeavesOutWhatAnAdministratorDecided(t *testing.T) {
	classes := New(parsed(t, example, "Marketing", "Sales").Classification)
	marketing, others := classes.Variant(in("Marketing"), true), classes.Variant(in(), true)
	pending := classes.Pending()
	for subject, want := range map[collector.Subject]string{
		{App: "x", Site: "example.com"}:       "ignored ignored",
		{App: "x", Site: "plain.org"}:         "ignored ignored",
		{App: "x", Site: "xn--mnchen-3ya.de"}: "Own Own",
		{App: "msedge.exe", Site: "only.net"}: "ignored Browsers",
		{App: "LockApp.exe"}:                  "ignored ignored",
		{App: "msedge.exe"}:                   "Browsers Browsers",
	} {
		got := pending(subject)
		words := func(variant int) string {
			class := got[min(variant, len(got)-1)]
			if class.Ignored {
				return "ignored"
			}
			return class.Category
		}
		if told := fmt.Sprint(words(marketing), " ", words(others)); told != want {
			t.Errorf("%+v is %s; want %s", subject, told, want)
		}
	}
}
