package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/listing/listingtest"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// names of things, for questions.
type names struct{ person, name, login, device, deviceName, group, app, site, user string }

func wordsOf(tag, group, user string) names {
	person, device := personOf(tag), deviceOf(tag)
	return names{"a-" + person, "zqname-" + person, `EXAMPLE\\zqlogin-` + person, idOf(device), "zqalias-" + device, "zqgroup-" + group,
		"zqapp-" + tag, "zqsite-" + tag + ".example", mail(user)}
}

// caller is a user, what its scope holds, and what it must not learn of.
type caller struct {
	user string
	// tags whose data it sees; own of them are its own; groups it knows by name.
	tags, own, groups []string
	// everyone: there is nothing outside. single: it sees single activities. logins: it sees what logins are called.
	everyone, single, logins bool
	// login, where its agent opened its session, is the only one that it sees.
	login string
	// outside are words of what it does not see.
	outside names
	// may are the calls that change something and that it may make: they are not made.
	may []string
}

func callers(everyone []string) []caller {
	alpha, beta, desk := "zqgroup-alpha", "zqgroup-beta", "zqgroup-desk"
	groups := []string{alpha, beta, desk}
	inAlpha := []string{"ana-d1", "ana-d2", "fay-d7", "gus-d3"}
	return []caller{
		{user: "reader", tags: everyone, groups: groups, everyone: true, single: true, logins: true},
		{user: "conny", tags: everyone, groups: groups, everyone: true, single: true, logins: true, may: []string{"Classify"}},
		{user: "max", tags: inAlpha, groups: []string{alpha}, single: true, outside: wordsOf("bob-d6", "beta", "root")},
		{user: "dina", tags: []string{"dora-d5", "eve-d5"}, groups: []string{desk}, single: true, outside: wordsOf("ana-d6", "alpha", "root")},
		{user: "bob", tags: []string{"bob-d1", "bob-d3"}, own: []string{"bob-d1", "bob-d3"}, single: true, outside: wordsOf("gus-d2", "beta", "root")},
		{user: "cleo", tags: append(inAlpha, "cleo-d4"), own: []string{"cleo-d4"}, groups: []string{alpha}, outside: wordsOf("bob-d6", "beta", "root")},
		{user: "nina", outside: wordsOf("ana-d1", "alpha", "root")},
		{user: "vera", tags: everyone, groups: groups, everyone: true},
		// No users: one by e-mail address, one by the agent of a device that she shares, with more logins than that.
		{user: "dora", tags: []string{"dora-d5", "dora-d6"}, own: []string{"dora-d5", "dora-d6"}, outside: wordsOf("eve-d5", "desk", "root")},
		{user: "ana", tags: []string{"ana-d1"}, own: []string{"ana-d1"}, login: "ana", outside: wordsOf("bob-d1", "alpha", "root")},
	}
}

// mayKnow tells whether a caller may be told a canary.
func (c *caller) mayKnow(canary string) bool {
	kind, of, _ := strings.Cut(canary, "-")
	if id, is := strings.CutPrefix(canary, "0000ca"); is {
		kind, of = "id", id
	}
	person := func(tag string) bool { return personOf(tag) == of }
	device := func(tag string) bool { return deviceOf(tag) == of }
	switch kind {
	case "zqname":
		return slices.ContainsFunc(c.tags, person)
	case "zqmail":
		return slices.ContainsFunc(c.tags, person) || of == c.user || c.logins // who may sign in
	case "zqlogin":
		if c.login != "" {
			return of == c.login
		}
		if !slices.Contains(listedPeople, strings.TrimRight(of, "2")) {
			return slices.ContainsFunc(c.tags, person) // it is what the person is called
		}
		return c.logins || slices.ContainsFunc(c.own, person)
	case "zqhost", "zqalias", "id", "zqerror", "zqpermission":
		return slices.ContainsFunc(c.tags, device)
	case "zqgroup":
		return slices.Contains(c.groups, canary)
	case "zqapp", "zqsite", "zqlimit", "zqproduct", "zqbundle":
		return slices.Contains(c.tags, of)
	}
	return slices.Contains(c.own, of) || c.single && slices.Contains(c.tags, of)
}

// canaries are names, and ids of devices with some of the zeros before them: without these a hash has one in it now and then.
var canaries = regexp.MustCompile(`zq[a-z]+-[a-z0-9]+(-d[0-9])?|0000cad[0-9]`)

// unstable is what differs from one collector to another with the same data.
var unstable = regexp.MustCompile(`"(last_contact|last_used|created|expires|token|secret|next_cursor)":"[^"]+"|"id":"t-[0-9a-f]*"`)

// views are who looked at somebody, in ShowMyData.
var views = regexp.MustCompile(`"views":\[[^\]]*\]`)

// clockTime is a moment of the collector's own.
var clockTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

// plain is an answer as text: details of refusals and files are read, and people called by name who have no id of ours.
func (w *world) plain(t *testing.T, method, body, answer string) string {
	t.Helper()
	if method == "Export" || method == "ExportPerson" {
		answer = exported(t, body, answer)
	}
	var refusal struct {
		Details []struct{ Value string }
		Error   struct{ Details []struct{ Value string } }
	}
	last := answer[strings.LastIndexByte(strings.TrimSpace(answer), '\n')+1:]
	if json.Unmarshal([]byte(last), &refusal) == nil {
		for _, d := range append(refusal.Details, refusal.Error.Details...) {
			detail, err := base64.RawStdEncoding.DecodeString(d.Value)
			if err != nil {
				t.Fatal(err)
			}
			answer = strings.ReplaceAll(answer, d.Value, string(detail))
		}
	}
	for id, name := range w.ids {
		answer = strings.ReplaceAll(answer, id, "id of "+name)
	}
	if method == "ShowMyData" { // who looked is another each time, and the person's to know
		answer = views.ReplaceAllString(answer, "")
	}
	return unstable.ReplaceAllString(answer, "")
}

// exported gives a file's rows, and the message that ends the stream.
func exported(t *testing.T, body, answer string) string {
	t.Helper()
	var file []byte
	var rest strings.Builder
	for line := range strings.Lines(answer) {
		var chunk struct{ Data []byte }
		if err := json.Unmarshal([]byte(line), &chunk); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if chunk.Data == nil {
			rest.WriteString(line)
		}
		file = append(file, chunk.Data...)
	}
	if len(file) == 0 {
		return rest.String()
	}
	var ask struct{ Format string }
	if err := json.Unmarshal([]byte(body), &ask); err != nil {
		t.Fatal(err)
	}
	if ask.Format == "" {
		return rest.String() + unzipped(t, file)
	}
	table, err := listingtest.Read(ask.Format, file)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range table.Rows {
		for _, column := range slices.Sorted(maps.Keys(row)) {
			fmt.Fprintf(&rest, "%q:%q ", column, row[column])
		}
		rest.WriteByte('\n')
	}
	return rest.String()
}

// unzipped gives the files of an archive, one after the other.
func unzipped(t *testing.T, archive []byte) string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, entry := range r.File {
		if strings.HasPrefix(entry.Name, "views.") {
			continue // who looked is another each time, and the person's to know
		}
		file, err := r.Open(entry.Name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&all, entry.Name)
		if _, err := io.Copy(&all, file); err != nil {
			t.Fatal(err)
		}
	}
	return clockTime.ReplaceAllString(all.String(), "")
}

// No call and no file, asked by anybody in any way, reveals a row, a name, a total or the being there of anything outside
// the caller's scope: each answer is that of a collector which never had what is outside, and a question that names what
// is outside is answered like one that names what never was (product.md 6).
func TestNobodyLearnsOfWhatIsOutside(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Minute)
	var tags []string
	for _, who := range everybody {
		tags = append(tags, who.tag)
	}
	whole := newWorld(t, now, tags)
	calls := callsOf(now)
	methods := adminv1.File_dayline_admin_v1_admin_proto.Services().Get(0).Methods()
	for i := range methods.Len() {
		if name := string(methods.Get(i).Name()); calls[name] == nil {
			t.Errorf("%s has no row here: say how it is asked", name)
		}
	}
	for _, c := range callers(tags) {
		t.Run(c.user, func(t *testing.T) {
			var alone *world
			if !c.everyone {
				alone = newWorld(t, now, c.tags)
			}
			seen := map[string]bool{}
			for _, method := range slices.Sorted(maps.Keys(calls)) {
				if !slices.Contains(c.may, method) {
					c.try(t, whole, alone, method, calls[method], seen)
				}
			}
			c.sawItsOwn(t, seen)
		})
	}
	for _, method := range slices.Sorted(maps.Keys(calls)) {
		if _, answer := whole.ask("dayline_nobody", method, "{}"); !access.Open("/"+adminv1connect.AdminServiceName+"/"+method) && !strings.Contains(answer, `"code":"unauthenticated"`) {
			t.Errorf("%s answered a stranger: %s", method, answer)
		}
	}
}

// try asks a call about what is inside and what is outside. A collector that never had what is outside answers the same.
func (c *caller) try(t *testing.T, whole, alone *world, method string, call func(names) []string, seen map[string]bool) {
	t.Helper()
	inside := names{user: mail("root")}
	if len(c.tags) > 0 {
		inside = wordsOf(c.tags[0], "", "root")
	}
	if inside.group = ""; len(c.groups) > 0 {
		inside.group = c.groups[0]
	}
	bodies := call(inside)
	if !c.everyone {
		bodies = append(bodies, call(c.outside)...)
	}
	slices.Sort(bodies)
	for _, body := range slices.Compact(bodies) {
		answer := c.ask(t, whole, method, body)
		if alone != nil {
			if want := c.ask(t, alone, method, body); answer != want {
				t.Errorf("%s %s\nanswers        … %s\nwhere never was … %s", method, body, apart(answer, want), apart(want, answer))
			}
		}
		if slices.Contains(changes, method) && !strings.Contains(answer, "permission_denied") && !strings.Contains(answer, "not_found") {
			t.Errorf("%s %s was not refused: %s", method, body, answer)
		}
		said := replaced(answer, canaries.FindAllString(body, -1))
		for _, at := range canaries.FindAllStringIndex(said, -1) {
			canary := said[at[0]:at[1]]
			if !seen[canary] && !c.mayKnow(canary) {
				t.Errorf("%s %s tells %s: … %.200s", method, body, canary, said[max(0, at[0]-100):])
			}
			seen[canary] = true
		}
	}
}

// apart is where a text begins to be another than the other.
func apart(text, other string) string {
	n := 0
	for n < min(len(text), len(other)) && text[n] == other[n] {
		n++
	}
	return fmt.Sprintf("%.400q", text[max(0, n-100):])
}

func (c *caller) ask(t *testing.T, w *world, method, body string) string {
	t.Helper()
	status, answer := w.ask(w.secrets[c.user], method, body)
	return fmt.Sprintln(status, w.plain(t, method, body, answer))
}

// replaced takes the asker's own words out of an answer.
func replaced(answer string, own []string) string {
	for _, word := range own {
		if word != "" {
			answer = strings.ReplaceAll(answer, word, "…")
		}
	}
	return answer
}

// sawItsOwn holds the test to its word: whoever sees nothing learns of nothing.
func (c *caller) sawItsOwn(t *testing.T, seen map[string]bool) {
	t.Helper()
	for _, tag := range c.tags {
		want := []string{"zqapp-" + tag, "zqsite-" + tag}
		if c.single || slices.Contains(c.own, tag) {
			want = append(want, "zqtitle-"+tag, "zqurl-"+tag)
		}
		if slices.Contains(listedPeople, personOf(tag)) {
			want = append(want, "zqname-"+personOf(tag), "zqalias-"+deviceOf(tag))
		}
		for _, canary := range want {
			if !seen[canary] {
				t.Errorf("%s never saw %s", c.user, canary)
			}
		}
	}
}
