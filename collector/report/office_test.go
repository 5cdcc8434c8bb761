package report

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	"github.com/dayline-project/dayline/collector/duckdb"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	zone     = 3600
	mondayNo = 20514 // 2026-03-02 is 20,514 days after 1970-01-01
)

var now = time.Date(2026, 3, 3, 12, 0, 0, 0, time.FixedZone("", zone))

const classification = `
categories: [Documents, Development, Social]
rules:
  - {app: winword, status: productive, category: Documents}
  - {app: code, status: productive, category: Development}
  - {app: lock, category: ignore}
  - site: facebook.com
    status: unproductive
    category: Social
    exceptions: [{group: Marketing, status: productive}]
`

const people = `
users:
  - {email: admin@example.com, role: admin}
  - {email: max@example.com, role: manager, viewable_groups: [Support]}
  - {email: vera@example.com, role: viewer, viewable_groups: all}
people:
  - {id: p-ana, name: Ana Lima, email: ana@example.com, logins: ['EXAMPLE\ana', 'EXAMPLE\lima']}
  - {id: p-bo, name: Bo Berg, email: bo@example.com, logins: ['EXAMPLE\bo']}
  - {id: p-cy, name: Cy, logins: ['EXAMPLE\cy']}
devices:
  - {id: d-0000000000000001, alias: Ana's desk}
groups:
  - {name: Support, people: [p-ana]}
  - {name: Marketing, people: [p-bo]}
  - {name: Everybody, people: [p-ana, p-bo], devices: [d-0000000000000004]}
  - {name: Nobody}
`

const account = `
schedules: {office: {mon-fri: ["09:00-12:00", "13:00-17:00"]}}
schedule: {default: always, groups: [{group: Contractors, use: office}]}
`

const (
	desk, laptop, boDesk, cyDesk = "d-0000000000000001", "d-0000000000000002", "d-0000000000000003", "d-0000000000000004"
)

// office is the collector's stores with the days above in them.
type office struct {
	*Reports
	registry *sqlite.Registry
	store    *duckdb.Store
	set      *config.Set
	going    going
}

type going []collector.OpenRow

func (g *going) Open(time.Time) []collector.OpenRow { return *g }

var administrator = collector.Viewer{User: "admin@example.com", Role: collector.Admin, Everyone: true}

// openOffice opens it; edits replace parts of the files.
func openOffice(t *testing.T) *office {
	t.Helper()
	dir := t.TempDir()
	o := &office{}
	var err error
	if o.registry, err = sqlite.Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if o.store, err = duckdb.Open(t.Context(), dir, duckdb.Options{Threads: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(o.store.Close(), o.registry.Close()); err != nil {
			t.Error(err)
		}
	})
	o.configure(t, account, people+"  - {name: Contractors, people: [p-cy]}\n", classification)
	o.Reports = New(Options{Directory: o.who(), Registry: o.registry, Store: o.store, Going: &o.going, Set: o.current})
	o.now = func() time.Time { return now }
	o.enrol(t, desk, "DESK", "windows")
	o.enrol(t, laptop, "LAPTOP", "windows")
	o.enrol(t, boDesk, "BO", "linux")
	o.enrol(t, cyDesk, "CY", "linux")
	o.fill(t)
	return o
}

func (o *office) current() *config.Set { return o.set }

func (o *office) who() *directory.Source {
	return &directory.Source{Registry: o.registry, Set: o.current}
}

func (o *office) configure(t testing.TB, account, people, classification string) {
	t.Helper()
	collectorFile, err := config.Default(config.CollectorFile)
	if err != nil {
		t.Fatal(err)
	}
	set, problems := config.Parse(map[string][]byte{
		config.CollectorFile: collectorFile, config.AccountFile: []byte(account), config.PeopleFile: []byte(people),
		config.ClassificationFile: []byte(classification),
	})
	if set == nil {
		t.Fatal(problems)
	}
	o.set = set
}

func (o *office) enrol(t *testing.T, id, name, os string) {
	t.Helper()
	key := fmt.Sprintf("%32s", id)
	if err := o.registry.AddDevice(t.Context(), collector.Device{
		ID: id, Name: name, OS: os, TimeZone: "Europe/Berlin", PublicKey: []byte(key), EnrolledAt: now.AddDate(0, -1, 0),
	}); err != nil {
		t.Fatal(err)
	}
}

func (o *office) heard(t *testing.T, device string, at time.Time) {
	t.Helper()
	if err := o.registry.Contacts(t.Context(), []collector.Contact{{Device: device, At: at}}); err != nil {
		t.Fatal(err)
	}
}

// clock reads "Mon 09:00" of the days around the office's Tuesday.
func clock(text string) time.Time {
	days := map[string]int{"Fri": -4, "Sat": -3, "Sun": -2, "Mon": -1, "Tue": 0, "Wed": 1}
	var hour, minute int
	if _, err := fmt.Sscanf(text[4:], "%d:%d", &hour, &minute); err != nil {
		panic(err)
	}
	return time.Date(2026, 3, 3+days[text[:3]], hour, minute, 0, 0, now.Location())
}

func loginNamed(name string) stream.Login {
	return stream.Login{Authority: "example", Account: name, Name: `EXAMPLE\` + name}
}

// products of those applications that tell theirs.
var products = map[string]string{"code": "Code"}

// does makes an episode: "Mon 09:00" for so many minutes in an application, on a site or under a title.
func does(login, at string, minutes int, state episode.State, app, site, title string) collector.Row {
	start := clock(at)
	row := collector.Row{
		LoginKey: collector.LoginKey("", loginNamed(login)), Day: collector.LocalDay(start),
		Record: stream.Record{Login: loginNamed(login), Session: "s-" + login, Product: products[app], Episode: episode.Episode{
			State: state, Start: start, For: time.Duration(minutes) * time.Minute, EndedBy: episode.ByFocus,
			Identity: episode.Identity{App: app, Site: site, Title: title},
		}},
	}
	if state == episode.Locked {
		row.EndedBy, row.Reason = episode.ByUnlock, episode.ReasonLock
	}
	return row
}

func (o *office) upload(t *testing.T, device string, rows ...collector.Row) {
	t.Helper()
	var logins []stream.Login
	for i := range rows {
		rows[i].Sequence = uint64(i + 1)
		logins = append(logins, rows[i].Login)
	}
	if _, err := o.registry.LoginPeople(t.Context(), device, logins); err != nil {
		t.Fatal(err)
	}
	var id stream.ID
	copy(id[:], device[2:])
	copy(id[8:], rows[0].Login.Account)
	if err := o.store.Append(t.Context(), []collector.Upload{{
		StreamKey: collector.StreamKey{Device: device, Stream: id}, First: 1, Last: uint64(len(rows)),
		DigestAfter: stream.Digest{1}, Rows: rows,
	}}); err != nil {
		t.Fatal(err)
	}
}

// spanned tells of a span; without an end it goes on.
func (o *office) spanned(t *testing.T, device, login, kind, from, to string) {
	t.Helper()
	span := &agentv1.Span{
		Id: []byte(fmt.Sprintf("%.8s", kind+from[:1]+from[4:]+login)), Kind: kind, Session: "s-" + login, StartMs: clock(from).UnixMilli(), OffsetMinutes: 60,
		Login: &agentv1.Login{Authority: "example", Account: login, Name: `EXAMPLE\` + login},
	}
	if to != "" {
		span.EndMs = clock(to).UnixMilli()
	}
	if err := o.registry.PutSpans(t.Context(), device, []*agentv1.Span{span}); err != nil {
		t.Fatal(err)
	}
}

func (o *office) fill(t *testing.T) {
	t.Helper()
	scheduled := func(row collector.Row) collector.Row { row.EndedBy = episode.BySchedule; return row }
	o.upload(t, desk,
		does("ana", "Mon 08:00", 30, episode.Active, "winword", "", "Plan"),
		does("ana", "Mon 08:30", 10, episode.Passive, "winword", "", "Plan"),
		does("ana", "Mon 09:00", 30, episode.Active, "browser", "facebook.com", "Feed"),
		does("ana", "Mon 09:30", 30, episode.Locked, "", "", ""),
		does("ana", "Mon 11:00", 10, episode.Active, "lock", "", ""),
		does("ana", "Mon 11:10", 30, episode.Active, "zeta", "", "Zeta"),
		does("ana", "Mon 23:50", 20, episode.Active, "winword", "", "Report"))
	o.upload(t, laptop,
		does("lima", "Mon 08:20", 20, episode.Passive, "code", "", "main.go"),
		does("lima", "Mon 09:10", 30, episode.Active, "code", "", "main.go"))
	o.upload(t, boDesk,
		does("bo", "Mon 09:00", 60, episode.Active, "browser", "facebook.com", "Feed"),
		does("bo", "Mon 10:00", 5, episode.Passive, "browser", "facebook.com", "Feed"),
		does("bo", "Mon 10:08", 30, episode.Active, "zeta", "", "Zeta"))
	o.upload(t, cyDesk,
		scheduled(does("cy", "Fri 11:30", 30, episode.Active, "code", "", "main.go")),
		does("cy", "Fri 13:00", 30, episode.Active, "code", "", "main.go"),
		does("cy", "Mon 09:00", 45, episode.Locked, "", "", ""))
	open := does("ana", "Tue 11:50", 10, episode.Active, "winword", "", "Report")
	open.EndedBy = ""
	o.going = going{{Device: desk, Row: open}}
	o.spanned(t, desk, "ana", "session", "Mon 07:55", "")
	o.spanned(t, laptop, "lima", "session", "Mon 08:15", "Mon 09:45")
	o.spanned(t, boDesk, "bo", "session", "Mon 08:58", "")
	o.spanned(t, boDesk, "bo", "pause", "Tue 08:10", "")
	o.spanned(t, cyDesk, "cy", "session", "Mon 08:50", "")
	for _, device := range []string{desk, laptop, boDesk} {
		o.heard(t, device, now.Add(-10*time.Second))
	}
	o.heard(t, cyDesk, clock("Mon 17:00"))
}
