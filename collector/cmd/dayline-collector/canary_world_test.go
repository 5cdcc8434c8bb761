package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
	"github.com/dayline-project/dayline/shared/token"
)

// A canary is a word that stands in one place only and says which: "zqtitle-ana-d1" is in the titles of ana's episodes on
// device d1, "zqmail-ana" her e-mail address, "zqhost-d1" the device's name.

// somebody works on a device, as one login. tag is person and device: "ana-d1".
type somebody struct {
	tag     string
	account stream.Login
	// from and length of the first episode, on the day before yesterday.
	from   time.Duration
	length time.Duration
}

func (s *somebody) login() *agentv1.Login {
	return &agentv1.Login{Authority: s.account.Authority, Account: s.account.Account, Name: s.account.Name}
}

func directoryLogin(person string) stream.Login {
	account := "zqlogin-" + person
	return stream.Login{Authority: "example.com", Account: account, Name: `EXAMPLE\` + account}
}

func localLogin(person, device string) stream.Login {
	account := "zqlogin-" + person
	return stream.Login{Account: account, Name: `zqhost-` + device + `\` + account}
}

// everybody: ana is on two devices at once, of which bob shares one with her; dora is on two, of which one is in a group;
// eve and fay stand in no file, fay's login is in a group; gus is in two groups.
var everybody = []somebody{
	{"ana-d1", directoryLogin("ana"), 9 * time.Hour, time.Hour},
	{"ana-d2", localLogin("ana2", "d2"), 9*time.Hour + 30*time.Minute, time.Hour},
	{"bob-d1", directoryLogin("bob"), 9*time.Hour + 15*time.Minute, 40 * time.Minute},
	{"bob-d3", directoryLogin("bob"), 8 * time.Hour, 2 * time.Hour},
	{"cleo-d4", directoryLogin("cleo"), 10 * time.Hour, 90 * time.Minute},
	{"dora-d5", directoryLogin("dora"), 11 * time.Hour, time.Hour},
	{"dora-d6", directoryLogin("dora"), 11*time.Hour + 20*time.Minute, 2 * time.Hour},
	{"eve-d5", directoryLogin("eve"), 7 * time.Hour, 50 * time.Minute},
	{"fay-d7", localLogin("fay", "d7"), 12 * time.Hour, 30 * time.Minute},
	{"gus-d3", directoryLogin("gus"), 13 * time.Hour, 25 * time.Minute},
}

// In people.yaml, in this order: eve and fay are not.
var listedPeople = []string{"ana", "bob", "cleo", "dora", "gus"}

var userRoles = []struct{ user, text string }{
	{"root", "role: admin"},
	{"conny", "role: configurator"},
	{"max", "role: manager, viewable_groups: [zqgroup-alpha]"},
	{"dina", "role: manager, viewable_groups: [zqgroup-desk]"},
	{"bob", "role: manager"},
	{"cleo", "role: viewer, viewable_groups: [zqgroup-alpha]"},
	{"nina", "role: viewer"},
	{"vera", "role: viewer, viewable_groups: all"},
}

var everyGroup = []struct {
	name    string
	members []string
}{
	{"zqgroup-alpha", []string{"a-ana", "a-gus", `'zqhost-d7\zqlogin-fay'`}},
	{"zqgroup-beta", []string{"a-bob", "a-gus", "a-dora"}},
	{"zqgroup-desk", []string{idOf("d5")}},
}

func mail(who string) string { return "zqmail-" + who + "@example.com" }

// idOf a device ends in a canary too: "cad1".
func idOf(device string) string { return "d-000000000000ca" + device }

func personOf(tag string) string { person, _, _ := strings.Cut(tag, "-"); return person }
func deviceOf(tag string) string { _, device, _ := strings.Cut(tag, "-"); return device }

// world is a collector that holds what some of everybody did, and knows of nobody and nothing else.
type world struct {
	*collectorProcess
	// tags of who is in it, their people and devices, and the groups that hold any.
	tags, people, devices, groups []string
	// ids that the collector gave, and whose they are.
	ids map[string]string
	// secrets of tokens, by user.
	secrets map[string]string
}

// section of a file: a list under a key.
func section(key string, items []string) string {
	if len(items) == 0 {
		return key + ": []\n"
	}
	return key + ":\n  - {" + strings.Join(items, "}\n  - {") + "}\n"
}

// files writes people.yaml and classification.yaml, without a word of those who are not of this world.
func (w *world) files(t *testing.T, dir string) {
	t.Helper()
	var users, people, devices, groups, exceptions []string
	for _, who := range listedPeople {
		logins := `'EXAMPLE\zqlogin-` + who + `'`
		if who == "ana" {
			logins += `, 'zqhost-d2\zqlogin-ana2'`
		}
		if slices.Contains(w.people, who) {
			people = append(people, fmt.Sprintf("id: a-%s, name: zqname-%s, email: %s, logins: [%s]", who, who, mail(who), logins))
		}
	}
	for _, device := range w.devices {
		devices = append(devices, fmt.Sprintf("id: %s, alias: zqalias-%s", idOf(device), device))
	}
	for i, g := range everyGroup {
		// A group is there where somebody of this world is in it, whoever may know of it: it says what their time counts as.
		var people, logins, devices []string
		for _, tag := range w.tags {
			for list, member := range map[*[]string]string{&people: "a-" + personOf(tag), &logins: `'zqhost-` + deviceOf(tag) + `\zqlogin-` + personOf(tag) + `'`, &devices: idOf(deviceOf(tag))} {
				if slices.Contains(g.members, member) && !slices.Contains(*list, member) {
					*list = append(*list, member)
				}
			}
		}
		if len(people)+len(logins)+len(devices) == 0 {
			continue
		}
		w.groups = append(w.groups, g.name)
		groups = append(groups, fmt.Sprintf("name: %s, people: [%s], logins: [%s], devices: [%s]", g.name, strings.Join(people, ", "),
			strings.Join(logins, ", "), strings.Join(devices, ", ")))
		exceptions = append(exceptions, fmt.Sprintf("{group: %s, status: %s}", g.name, []string{"productive", "unproductive", "productive"}[i]))
	}
	for _, u := range userRoles {
		role, viewable, _ := strings.Cut(u.text, ", viewable_groups: ")
		if group := strings.Trim(viewable, "[]"); viewable == "all" || slices.Contains(w.groups, group) {
			role = u.text
		}
		users = append(users, "email: "+mail(u.user)+", "+role)
	}
	rules := []string{"app: editor, status: productive, category: Work",
		"site: shared.example, status: undefined, exceptions: [" + strings.Join(exceptions, ", ") + "]"}
	for name, text := range map[string]string{
		config.PeopleFile:         section("users", users) + section("people", people) + section("devices", devices) + section("groups", groups),
		config.ClassificationFile: "categories: [Work]\n" + section("rules", rules),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// newWorld starts a collector that these people, told by their tags, reported to, and nobody else.
func newWorld(t *testing.T, now time.Time, tags []string) *world {
	t.Helper()
	w := &world{tags: tags, ids: map[string]string{}, secrets: map[string]string{}}
	for _, tag := range tags {
		for list, name := range map[*[]string]string{&w.people: personOf(tag), &w.devices: deviceOf(tag)} {
			if !slices.Contains(*list, name) {
				*list = append(*list, name)
			}
		}
	}
	slices.Sort(w.people)
	slices.Sort(w.devices)
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	w.files(t, dir)
	keys := w.register(t, data, now)
	w.collectorProcess = serve(t, dir)
	pin := w.pin()
	for _, device := range w.devices {
		a := w.agent("127.0.0.1", pin)
		a.Key, a.Credential = keys[device].key, keys[device].credential
		if err := a.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.report(a, device, now)
		a.HTTP.CloseIdleConnections()
	}
	for _, u := range userRoles {
		w.secrets[u.user] = w.tokenFor(mail(u.user), true)
	}
	w.secrets["reader"] = w.tokenFor(mail("root"), false)
	var people struct {
		People []struct{ ID, Name string }
	}
	_, text := w.ask(w.secrets["root"], "ListPeople", "{}")
	if err := json.Unmarshal([]byte(text), &people); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, p := range people.People {
		if strings.HasPrefix(p.ID, "p-") { // not of people.yaml
			w.ids[p.ID] = p.Name
		}
	}
	return w
}

type deviceKey struct {
	key        ed25519.PrivateKey
	credential *agentv1.Credential
}

// register makes the devices known, as an enrolment does, under ids of our own.
func (w *world) register(t *testing.T, data string, now time.Time) map[string]deviceKey {
	t.Helper()
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	registry, err := sqlite.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := registry.Secret(t.Context(), "device-key", func() ([]byte, error) { return bytes.Repeat([]byte{7}, ed25519.SeedSize), nil })
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]deviceKey{}
	for _, device := range w.devices {
		key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte(device[1:]), ed25519.SeedSize))
		id, public := idOf(device), key.Public().(ed25519.PublicKey)
		if err := registry.AddDevice(t.Context(), collector.Device{
			ID: id, Name: "zqhost-" + device, OS: "linux", AgentVersion: "1." + device[1:], PublicKey: public, EnrolledAt: now.Add(-48 * time.Hour), TimeZone: "UTC",
		}); err != nil {
			t.Fatal(err)
		}
		// What the agent says of itself is written down now and then; here it stands from the beginning.
		if err := registry.Contacts(t.Context(), []collector.Contact{{Device: id, At: now, Health: w.health(device)}}); err != nil {
			t.Fatal(err)
		}
		keys[device] = deviceKey{key, &agentv1.Credential{Device: id, PublicKey: public, IssuedMs: 1,
			Signature: token.CredentialStatement(id, public, 1).Sign(ed25519.NewKeyFromSeed(seed))}}
	}
	for who, session := range map[string]collector.AccessToken{
		"dora": {Email: mail("dora")},
		"ana":  {Name: `EXAMPLE\zqlogin-ana on zqhost-d1`, Owner: collector.Owner{Device: idOf("d1"), LoginKey: collector.LoginKey(idOf("d1"), directoryLogin("ana"))}},
	} {
		session.ID, session.Role, session.Session, session.CreatedAt, session.ExpiresAt = "t-"+who, collector.Measured, true, time.Now(), time.Now().Add(time.Hour)
		secret := sha256.Sum256([]byte(who))
		if err := registry.AddToken(t.Context(), session, sha256.Sum256(secret[:])); err != nil {
			t.Fatal(err)
		}
		w.secrets[who] = "dayline_" + base64.RawURLEncoding.EncodeToString(secret[:])
	}
	if err := registry.Close(); err != nil {
		t.Fatal(err)
	}
	return keys
}

// health has a limit of each login that uses the device.
func (w *world) health(device string) *agentv1.Health {
	health := &agentv1.Health{BufferedEpisodes: 3, Errors: []string{"zqerror-" + device}, MissingPermissions: []string{"zqpermission-" + device}}
	for _, who := range everybody {
		if deviceOf(who.tag) == device && slices.Contains(w.tags, who.tag) {
			for _, subject := range []string{"desktop", "editor"} { // of which the second counts as a browser
				health.Capture = append(health.Capture, &agentv1.Capture{
					Subject: subject, Level: "application_only", Reason: "zqlimit-" + who.tag, Login: who.login(), FrontSeconds: 60, AddressSeconds: 30,
				})
			}
		}
	}
	return health
}

// report sends what these people did on a device: three episodes each, one that goes on, a pause, and time unseen.
func (w *world) report(a *apitest.Agent, device string, now time.Time) {
	w.t.Helper()
	day := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
	var records []stream.Record
	var open []*agentv1.OpenEpisode
	var spans []*agentv1.Span
	var logins []*agentv1.Login
	for n, who := range everybody {
		if deviceOf(who.tag) != device || !slices.Contains(w.tags, who.tag) {
			continue
		}
		login := who.login()
		logins = append(logins, login)
		start := day.Add(who.from)
		for i, what := range []struct {
			identity episode.Identity
			state    episode.State
			length   time.Duration
		}{
			{episode.Identity{App: "zqapp-" + who.tag, Title: "zqtitle-" + who.tag, Site: "zqsite-" + who.tag + ".example",
				URL: "https://zqsite-" + who.tag + ".example/zqurl-" + who.tag}, episode.Active, who.length},
			{episode.Identity{App: "editor", Title: "zqtitle-" + who.tag + " again"}, episode.Active, 20 * time.Minute},
			{episode.Identity{App: "browser", Title: "shared", Site: "shared.example", URL: "https://shared.example/a"}, episode.Passive, 7 * time.Minute},
		} {
			record := stream.Record{Login: who.account, Session: "zqsession-" + who.tag, Product: "Zqproduct " + what.identity.App}
			if i == 0 {
				record.Bundle = "zqbundle-" + who.tag
			}
			record.Identity, record.State, record.Start, record.For = what.identity, what.state, start, what.length
			if record.EndedBy = episode.ByFocus; what.state == episode.Passive {
				record.EndedBy = episode.ByInput
			}
			records = append(records, record)
			start = start.Add(what.length + time.Duration(6*i)*time.Minute)
		}
		open = append(open, &agentv1.OpenEpisode{Login: login, Session: "zqsession-" + who.tag, State: agentv1.State_STATE_ACTIVE,
			StartMs: now.Add(-5 * time.Minute).UnixMilli(), LengthMs: 240_000, App: "zqapp-" + who.tag, Title: "zqtitle-" + who.tag + " now",
			Bundle: "zqbundle-" + who.tag, IdleMs: 10})
		spans = append(spans, &agentv1.Span{Id: fmt.Appendf(nil, "span%04d", n), Kind: "pause", Reason: "zqreason-" + who.tag, Login: login,
			Session: "zqsession-" + who.tag, StartMs: start.UnixMilli(), EndMs: start.Add(time.Hour).UnixMilli()})
		if personOf(who.tag) == "bob" {
			spans = append(spans, &agentv1.Span{Id: fmt.Appendf(nil, "blind%03d", n), Kind: "blind", Reason: "zqlimit-" + who.tag, Login: login, StartMs: now.Add(-time.Hour).UnixMilli()})
		}
	}
	slices.SortStableFunc(records, func(a, b stream.Record) int { return a.Start.Compare(b.Start) })
	m := a.Request(records...)
	m.Logins, m.Open, m.Spans = logins, open, spans
	answer, err := a.Send(w.t.Context(), m)
	if err != nil || answer.LastSequence != uint64(len(records)) || len(answer.Refusals) > 0 {
		w.t.Fatalf("%s: %v, %v", device, answer, err)
	}
}

// pin is the authority's by which agents know the collector.
func (w *world) pin() []byte {
	installer, err := token.Parse(w.must("link", "create", "--os", "linux", "--string"))
	if err != nil {
		w.t.Fatal(err)
	}
	return installer.Pin[:]
}

// tokenFor makes an API token, through the socket.
func (w *world) tokenFor(email string, write bool) string {
	w.t.Helper()
	admin, err := (&invocation{ctx: w.t.Context(), configDir: w.config}).admin()
	if err != nil {
		w.t.Fatal(err)
	}
	made, err := admin.CreateToken(w.t.Context(), connect.NewRequest(&adminv1.CreateTokenRequest{Email: email, Write: write}))
	if err != nil {
		w.t.Fatal(err)
	}
	return made.Msg.Secret
}

// ask makes a call over the network, as its owner, and gives status and answer.
func (w *world) ask(secret, method, body string) (status int, answer string) {
	w.t.Helper()
	status, text, err := post(w.t.Context(), "http://"+w.address("web"), method, secret, []byte(body))
	if err != nil {
		w.t.Fatal(err)
	}
	return status, string(text)
}

func post(ctx context.Context, url, method, secret string, body []byte) (status int, answer []byte, err error) {
	streaming := slices.Contains([]string{"ReportActivity", "Export", "ExportPerson"}, method)
	kind := "application/json"
	if streaming {
		kind, body = "application/connect+json", append([]byte{0, 0, 0, byte(len(body) >> 8), byte(len(body))}, body...)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/dayline.admin.v1.AdminService/"+method, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Authorization", "Bearer "+secret)
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer got.Body.Close()
	var all bytes.Buffer
	_, err = all.ReadFrom(got.Body)
	if !streaming || got.StatusCode != http.StatusOK {
		return got.StatusCode, all.Bytes(), err
	}
	for all.Len() >= 5 { // each message, the one that ends it too, has a flag and four bytes of length before it
		head := all.Next(5)
		length := int(head[1])<<24 | int(head[2])<<16 | int(head[3])<<8 | int(head[4])
		answer = append(append(answer, all.Next(length)...), '\n')
	}
	return got.StatusCode, answer, err
}
