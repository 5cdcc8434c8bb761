package classify

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

const before = `# What counts as what.
categories: [Mail, Work]
rules:
  - site: Example.com        # ours
    status: productive
  - app: Slack
    category: Work
  - site: social.net
    status: unproductive     # mostly
    exceptions:
      - {group: Marketing, status: productive}
      - {group: Sales, status: undefined, category: Work}
  - {url: "https://www.example.com/games/", status: unproductive}
`

// edited gives the file after changes, checked.
func edited(t testing.TB, set *config.Set, changes []Change, replace bool) (*config.Set, Counts) {
	t.Helper()
	outcome, err := Apply(set, changes, replace, "rules")
	if err != nil {
		t.Fatal(err)
	}
	content, err := config.Apply(set.Content, outcome.Edits)
	if err != nil {
		t.Fatal(err)
	}
	after, problems := config.Parse(content)
	if after == nil {
		t.Fatalf("%v\n%s", problems, content[config.ClassificationFile])
	}
	return after, outcome.Counts
}

func TestChangesKeepWhatTheyDoNotMean(t *testing.T) {
	set := parsed(t, before, "Marketing", "Sales")
	after, counts := edited(t, set, []Change{
		{Subject: Subject{Site: "www.example.com"}, Category: "mail"},
		{Subject: Subject{App: "slack"}, Status: "Productive", Category: "Chat, voice"},
		{Subject: Subject{Site: "social.net"}, Group: "sales", Status: "-"},
		{Subject: Subject{Site: "social.net"}, Group: "Marketing", Status: "-"},
		{Subject: Subject{URL: "http://example.com/games"}, Status: "-"},
	}, false)
	want := `# What counts as what.
categories: [Mail, Work, 'Chat, voice']
rules:
  - site: Example.com        # ours
    status: productive
    category: Mail
  - app: Slack
    category: Work
  - site: social.net
    status: unproductive     # mostly
    exceptions:
      - {group: Sales, category: Work}
  - {app: slack, status: productive, category: 'Chat, voice'}
`
	if got := string(after.Content[config.ClassificationFile]); got != want {
		t.Errorf("the file is\n%s", got)
	}
	if counts != (Counts{Added: 1, Changed: 2, Removed: 1}) {
		t.Errorf("counted %+v", counts)
	}
}

func TestAnOutcomeTellsWhatEachRuleSaidAndSays(t *testing.T) {
	social := func(group, status, category string) Change {
		return Change{Subject: Subject{Site: "www.social.net"}, Group: group, Status: status, Category: category}
	}
	outcome, err := Apply(parsed(t, before, "Marketing", "Sales", "Support"), []Change{
		social("Support", "", "mail"), social("Sales", "-", "-"), social("Marketing", "undefined", ""),
		{Subject: Subject{App: "slack"}, Status: "productive"},
		{Subject: Subject{Site: "example.com"}, Status: "productive"},
	}, false, "rules")
	if err != nil {
		t.Fatal(err)
	}
	site, says := Subject{Site: "social.net"}, func(status, category string) config.Verdict {
		return config.Verdict{Status: status, Category: category}
	}
	want := []Difference{
		{site, "Support", says("", "Mail"), says("", "")},
		{site, "Marketing", says("undefined", ""), says("productive", "")},
		{site, "Sales", says("", ""), says("undefined", "Work")},
		{Subject{App: "slack"}, "", says("productive", ""), says("", "")},
	}
	if !reflect.DeepEqual(outcome.Differences, want) {
		t.Errorf("%+v", outcome.Differences)
	}
}

func TestExceptionsComeInTheOrderOfChangesThatNameAll(t *testing.T) {
	set := parsed(t, before, "Marketing", "Sales")
	order := func(groups ...string) string {
		var changes []Change
		for _, group := range groups {
			changes = append(changes, Change{Subject: Subject{Site: "social.net"}, Group: group})
		}
		after, _ := edited(t, set, changes, false)
		var got []string
		for _, one := range after.Classification.Rules[2].Exceptions {
			got = append(got, one.Group)
		}
		return strings.Join(got, ", ")
	}
	if got := order("Sales", "Marketing"); got != "Sales, Marketing" {
		t.Error(got)
	}
	if got := order("Sales"); got != "Marketing, Sales" {
		t.Errorf("where one of two is named: %s", got)
	}
}

func TestReplaceLeavesWhatIsGiven(t *testing.T) {
	set := parsed(t, before, "Marketing", "Sales")
	after, counts := edited(t, set, []Change{
		{Subject: Subject{Site: "social.net"}, Status: "unproductive"},
		{Subject: Subject{Site: "social.net"}, Group: "Sales", Status: "undefined", Category: "Work"},
		{Subject: Subject{Site: "social.net"}, Group: "Marketing", Status: "productive"},
		{Subject: Subject{Site: "new.org"}, Group: "Sales", Category: "ignore"},
	}, true)
	if counts != (Counts{Added: 1, Changed: 1, Removed: 3}) {
		t.Errorf("counted %+v", counts)
	}
	want := []config.Rule{
		{Site: "social.net", Verdict: config.Verdict{Status: "unproductive"}, Exceptions: []config.Exception{
			{Group: "Sales", Verdict: config.Verdict{Status: "undefined", Category: "Work"}},
			{Group: "Marketing", Verdict: config.Verdict{Status: "productive"}},
		}},
		{Site: "new.org", Exceptions: []config.Exception{{Group: "Sales", Verdict: config.Verdict{Category: "ignore"}}}},
	}
	if got := after.Classification.Rules; !reflect.DeepEqual(got, want) {
		t.Errorf("the rules are %+v", got)
	}
	if text := string(after.Content[config.ClassificationFile]); !strings.Contains(text, "# mostly") {
		t.Errorf("a comment is gone:\n%s", text)
	}
	if after, counts = edited(t, after, nil, true); len(after.Classification.Rules) != 0 || counts.Removed != 2 {
		t.Errorf("of no rules %d are left", len(after.Classification.Rules))
	}
}

// Whatever the rules are, what was exported and is imported again instead of them changes nothing; and imported into
// other rules it makes them the same.
func TestExportThenReplaceIsTheIdentity(t *testing.T) {
	words := rapid.SampledFrom([]string{"Work", "=SUM(A1)", "'quoted'", "a, b", "c;d", `say "so"`, "- x", "@home", "Ärger", "ignore", "+1"})
	verdict := rapid.Custom(func(t *rapid.T) config.Verdict {
		return config.Verdict{
			Status:   rapid.SampledFrom([]string{"", "productive", "unproductive", "undefined"}).Draw(t, "status"),
			Category: rapid.OneOf(rapid.Just(""), words).Draw(t, "category"),
		}
	})
	groups := []string{"Marketing", "Sales", "=Group", "'A', B"}
	rule := rapid.Custom(func(t *rapid.T) config.Rule {
		r := config.Rule{Verdict: verdict.Draw(t, "verdict")}
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			r.App = rapid.SampledFrom([]string{"code", "Code", "-x", "'y", "''z", "=1+1", "Name with, comma", "a;b.exe", "8"}).Draw(t, "app")
		case 1:
			r.Site = rapid.SampledFrom([]string{"a.com", "b.a.com", "münchen.de", "::1"}).Draw(t, "site")
		default:
			r.URL = rapid.SampledFrom([]string{"https://a.com/p", "https://www.b.com:80/q,r/", "https://c.com/ß;x"}).Draw(t, "url")
		}
		for _, group := range rapid.SliceOfNDistinct(rapid.SampledFrom(groups), 0, 3, rapid.ID[string]).Draw(t, "exceptions") {
			if v := verdict.Draw(t, "exception"); v != (config.Verdict{}) {
				r.Exceptions = append(r.Exceptions, config.Exception{Group: group, Verdict: v})
			}
		}
		if r.Verdict == (config.Verdict{}) && len(r.Exceptions) == 0 {
			r.Status = "undefined"
		}
		return r
	})
	rules := rapid.SliceOfNDistinct(rule, 0, 6, func(r config.Rule) string { return r.Subject() })
	empty := parsed(t, "rules: []\n")
	content := "people: []\ngroups:\n"
	for _, group := range groups {
		content += "  - name: " + config.Text(group) + "\n"
	}
	empty.Content[config.PeopleFile] = []byte(content)
	empty, problems := config.Parse(empty.Content)
	if empty == nil {
		t.Fatal(problems)
	}
	rapid.Check(t, func(r *rapid.T) {
		want := rules.Draw(r, "rules")
		changes, err := ReadCSV(spoilt(r, WriteCSV(want)))
		if err != nil {
			r.Fatal(err)
		}
		set, _ := edited(t, empty, changes, true)
		if got := set.Classification.Rules; len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			r.Fatalf("%+v came back as %+v", want, got)
		}
		if outcome, err := Apply(set, changes, true, "csv"); err != nil || !reflect.DeepEqual(outcome, Outcome{}) {
			r.Fatalf("what is there already makes %+v, %v", outcome, err)
		}
		other, _ := edited(t, empty, changesOf(rules.Draw(r, "other rules")), true)
		set, _ = edited(t, other, changes, true)
		if got := bySubject(set.Classification.Rules); !reflect.DeepEqual(got, bySubject(want)) {
			r.Fatalf("%+v into %+v gave %+v", want, other.Classification.Rules, got)
		}
	})
}

// spoilt is a CSV file as some spreadsheet writes it.
func spoilt(t *rapid.T, text string) string {
	if rapid.Bool().Draw(t, "byte order mark") {
		text = "\ufeff" + text
	}
	if rapid.Bool().Draw(t, "CRLF") {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if rapid.Bool().Draw(t, "empty lines") {
		text += ",,,,,\n\n"
	}
	return text
}

func changesOf(rules []config.Rule) []Change {
	changes, err := ReadCSV(WriteCSV(rules))
	if err != nil {
		panic(err)
	}
	return changes
}

func bySubject(rules []config.Rule) map[string]config.Rule {
	all := map[string]config.Rule{}
	for _, rule := range rules {
		kept := rule
		kept.App, kept.Site, kept.URL = "", "", ""
		all[rule.Subject()] = kept
	}
	return all
}

func TestReadCSVTakesWhatSpreadsheetsWrite(t *testing.T) {
	want := []Change{
		{Subject: Subject{App: "a,b.exe"}, Status: "productive", Category: `say "so"`, Place: "line 2"},
		{Subject: Subject{Site: "x.org"}, Category: "=1", Group: "Sales", Place: "line 4"},
	}
	for name, text := range map[string]string{
		"commas":           "app,site,url,status,category,group\n\"a,b.exe\",,,productive,\"say \"\"so\"\"\",\n\n,x.org,,,'=1,Sales\n",
		"semicolons":       "\ufeffapp;site;url;status;category;group\r\na,b.exe;;;productive;\"say \"\"so\"\"\";\r\n;;;;;\r\n;x.org;;;'=1;Sales\r\n",
		"tabs":             "app\tsite\turl\tstatus\tcategory\tgroup\na,b.exe\t\t\tproductive\t\"say \"\"so\"\"\"\n\n\tx.org\t\t\t'=1\tSales",
		"another order":    "Group,Category,Status,Site,App\n,\"say \"\"so\"\"\",productive,,\"a,b.exe\"\n\nSales,'=1,,x.org,\n",
		"the pending list": "app,site,product,total_seconds,people,category,status,group\n\"a,b.exe\",,P,3.5,2,\"say \"\"so\"\"\",productive,\n\n,x.org,,9,1,=1,,Sales\n",
	} {
		got, err := ReadCSV(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestReadCSVNamesEveryBadLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "csv: the file is empty; its first line names the columns: app,site,url,status,category,group",
		"app,status,colour\nx,productive,red": `csv: line 1: there is no column "colour"; the columns are app, site, url, status, category, group`,
		"app,app,status\n":                    `csv: line 1: the column "app" stands there twice`,
		"word,productive\n":                   "line 1: the first line names the columns: app, site or url, and status or category",
		"app,status\n\"x,productive\n":        `csv: line 2: character 15: extraneous or missing " in quoted-field`,
		"app,status\nx,productive,1\n":        "csv: line 2: cell 3 stands under no column",
		"app,status\nx,\xff\n":                "csv: the file is not UTF-8 text; save it as CSV UTF-8",
	} {
		if _, err := ReadCSV(text); err == nil || !strings.Contains(err.Error(), want) || collector.CodeOf(err) != collector.BadRequest {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
	if _, err := ReadCSV("app,status\n" + strings.Repeat("x", MaxCSVBytes)); collector.CodeOf(err) != collector.TooLarge {
		t.Errorf("a huge file: %v", err)
	}
	changes, err := ReadCSV("app,site,url,status,category,group\nx,y.org,,productive,,\n,,,productive,,\n,not a host,,productive,,\n" +
		",,ftp://a,productive,,\nx,,,good,,\nx,,,productive,,Nobody\nok,,,productive,,\nok,,,undefined,,\na\u202eb,,,productive,,\n,,https://x.org/a?b,productive,,\n")
	if err != nil {
		t.Fatal(err)
	}
	set := parsed(t, before, "Marketing", "Sales")
	_, err = Apply(set, changes, false, "csv")
	want := "csv: line 2: 2 of app, site and url are given; exactly one is wanted" +
		"; line 3: 0 of app, site and url are given; exactly one is wanted" +
		`; line 4, site: "not a host" is not a host such as mail.example.com` +
		`; line 5, url: "ftp://a" is not an http or https address` +
		`; line 6, status: "good" is none of productive, unproductive, undefined and -` +
		`; line 7, group: there is no group "Nobody"` +
		"; line 9: app ok is spoken of at line 8 already" +
		`; line 10, app: "ab" is longer than 255 bytes or has characters that are not shown` +
		"; line 11, url: what follows ? or # is not compared; leave it out"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}

func TestShippedListExportsAsItCouldBeImported(t *testing.T) {
	changes, err := ReadCSV(WriteShipped())
	if err != nil || len(changes) != len(Shipped()) {
		t.Fatalf("%d of %d, %v", len(changes), len(Shipped()), err)
	}
	set, counts := edited(t, parsed(t, "rules: []\n"), changes, false)
	if counts.Added != len(changes) || len(set.Classification.Rules) != len(changes) {
		t.Errorf("%+v", counts)
	}
	for _, change := range changes {
		if change.Status != "undefined" || change.Category == "" {
			t.Errorf("%+v judges", change)
		}
	}
}

func TestTooManyChangesAtOnceAreRefused(t *testing.T) {
	set := parsed(t, "rules: []\n")
	changes := make([]Change, maxChanges+1)
	for i := range changes {
		changes[i] = Change{Subject: Subject{App: fmt.Sprint("app ", i)}, Status: "productive"}
	}
	if _, err := Apply(set, changes, false, "rules"); collector.CodeOf(err) != collector.TooLarge {
		t.Errorf("%d rules at once: %v", len(changes), err)
	}
}

// Whatever a file holds, it is read or refused, and what is made of it the rules' own check takes.
func FuzzReadCSV(f *testing.F) {
	set := parsed(f, before, "Marketing", "Sales")
	f.Add("\ufeffapp;status\r\n\"a\"\"b\";Productive\r\n")
	f.Add("site,url,category,group\nx.org,,'=1,sales\n,https://a/%zz,ignore,\n")
	f.Fuzz(func(t *testing.T, text string) {
		changes, err := ReadCSV(text)
		if err != nil {
			return
		}
		for _, replace := range []bool{false, true} {
			if outcome, err := Apply(set, changes, replace, csvField); err == nil {
				content, err := config.Apply(set.Content, outcome.Edits)
				if err != nil {
					t.Fatal(err)
				}
				if after, problems := config.Parse(content); after == nil {
					t.Fatalf("%q made %v", text, problems)
				}
			}
		}
	})
}
