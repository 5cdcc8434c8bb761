package main

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/collector/config"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// traces are what one login did, each text of it a canary.
type traces struct{ title, url, reason, permission, bundle string }

func canary(who string) traces {
	return traces{"title-canary-of-" + who, "https://site-canary.example/path-canary-of-" + who, "reason-canary-of-" + who, "permission-canary-of-" + who, "bundle-canary-of-" + who}
}

func (c traces) all() []string {
	return []string{c.title, strings.TrimPrefix(c.url, "https://"), c.reason, c.permission, c.bundle}
}

// send tells of one login's episode and span, and of what the device says of its health.
func send(t *testing.T, a *apitest.Agent, login stream.Login, c traces, ago time.Duration) {
	t.Helper()
	record := a.Record(ago, c.title)
	record.Login, record.URL, record.Site, record.Bundle = login, c.url, "site-canary.example", c.bundle
	m := a.Request(record)
	at := time.Now().Add(-ago)
	id := fmt.Sprintf("%08x", at.UnixMilli()&0xffffffff)
	who := &agentv1.Login{Authority: login.Authority, Account: login.Account, Name: login.Name}
	m.Spans = []*agentv1.Span{{Id: []byte(id), Kind: "pause", Reason: c.reason, Login: who, StartMs: at.UnixMilli(), EndMs: at.Add(time.Second).UnixMilli()}}
	if c.permission != "" {
		m.Health = &agentv1.Health{Capture: []*agentv1.Capture{{Subject: "firefox", Level: "none", Reason: c.permission, Login: who}}}
	}
	if _, err := a.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	a.Digest = a.Digest.Next(stream.AppendRecord(nil, &record))
	a.Next++
}

// settingsWithAddresses lets whole addresses through.
func settingsWithAddresses(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, config.AccountFile), []byte("privacy: {urls: full}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// found are the texts that are in some file of a folder.
func found(t *testing.T, dir string, texts ...string) (list []string) {
	t.Helper()
	for _, text := range texts {
		if file := holding(t, dir, text); file != "" {
			list = append(list, text+" in "+filepath.Base(file))
		}
	}
	return list
}

// titles of all people's activity, by title.
func titles(t *testing.T, p *collectorProcess, more ...string) (list []string) {
	t.Helper()
	for _, row := range rows(t, p.must(append(append([]string{"report", "activity", "--format", "json"}, span()...), more...)...)) {
		list = append(list, row["title"].(string))
	}
	slices.Sort(list)
	return list
}

// office is a collector with ana, who is one person on two devices, and bo, who shares one of them.
type office struct {
	*collectorProcess
	dir, data string
	a, b      *apitest.Agent
}

var (
	anaHere, anaThere, bosOwn = canary("ana-here"), canary("ana-there"), canary("bo")
	bo                        = stream.Login{Account: "bo", Name: `DESK\bo-canary`}
	directoryAna              = stream.Login{Authority: "S-1-5-21-7", Account: "1001", Name: `CORP\ana-canary`}
)

const anasNames = "Ana Canary"

func shared(t *testing.T) *office {
	t.Helper()
	o := &office{dir: t.TempDir(), data: filepath.Join(t.TempDir(), "data")}
	write(t, o.dir, o.data, smallFloor)
	settingsWithAddresses(t, o.dir)
	o.collectorProcess = serve(t, o.dir)
	o.a, o.b = o.enroll(), o.enroll()
	send(t, o.a, apitest.Login, anaHere, 30*time.Minute)
	send(t, o.b, bo, bosOwn, 50*time.Minute)
	send(t, o.b, directoryAna, anaThere, 40*time.Minute)
	o.must("person", "set", `CORP\ana-canary`, "--name", anasNames, "--email", "ana-canary@example.com", "--add-login", o.a.Credential.Device+`\ana`)
	return o
}

func (o *office) end() int {
	o.a.HTTP.CloseIdleConnections()
	o.b.HTTP.CloseIdleConnections()
	return o.stop()
}

// settled waits until what the devices said of their health is in the registry.
func (o *office) settled() {
	o.until(func() bool {
		text := o.must("device", "list", "--format", "json")
		return strings.Contains(text, anaHere.permission) && strings.Contains(text, anaThere.permission)
	})
}

func (o *office) until(holds func() bool) {
	o.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			o.t.Fatal("it never held")
		}
	}
}

// away takes ana's entry out of people.yaml.
func (o *office) away() {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, config.PeopleFile), []byte("people: []\n"), 0o600); err != nil {
		o.t.Fatal(err)
	}
	o.until(func() bool { return !strings.Contains(o.must("person", "list", "--format", "json"), anasNames) })
}

func TestAPersonLeavesNoByte(t *testing.T) {
	o := shared(t)
	hers := slices.Concat(anaHere.all(), anaThere.all())
	named := []string{anasNames, "ana-canary@example.com", directoryAna.Name}
	before := filepath.Join(t.TempDir(), "backup")
	o.settled()
	o.must("backup", before)
	if list := found(t, before, append(hers, named...)...); len(list) != len(hers)+len(named) {
		t.Fatalf("the search finds no more than %v", list)
	}
	if got := titles(t, o.collectorProcess, "--person", anasNames); !slices.Equal(got, []string{anaHere.title, anaThere.title}) {
		t.Fatalf("hers: %v", got)
	}

	code, _, words := o.command("person", "delete", anasNames)
	if code != 0 || !strings.Contains(words, "2 episodes") || !strings.Contains(words, "people.yaml still names") {
		t.Fatalf("person delete: %d %s", code, words)
	}
	if list := found(t, o.data, hers...); len(list) > 0 {
		t.Errorf("left: %v", list)
	}
	if got := titles(t, o.collectorProcess); !slices.Equal(got, []string{bosOwn.title}) {
		t.Errorf("what is left is %v", got)
	}
	if list := found(t, o.data, bosOwn.reason, bo.Name); len(list) != 2 {
		t.Errorf("bo has no more than %v", list)
	}
	// Late arrivals are covered, and bring no name back.
	o.away()
	send(t, o.b, directoryAna, traces{title: anaThere.title, url: anaThere.url, reason: anaThere.reason}, 35*time.Minute)
	o.must("person", "delete", anasNames)
	if list := found(t, o.data, append(hers, named...)...); len(list) > 0 {
		t.Errorf("left: %v", list)
	}
	// What comes after is new data, of another person.
	send(t, o.b, directoryAna, traces{title: "new data"}, 0)
	if got := titles(t, o.collectorProcess); !slices.Equal(got, []string{"new data", bosOwn.title}) {
		t.Errorf("afterwards: %v", got)
	}
	if text := o.must("audit", "verify"); !strings.Contains(text, "verify") {
		t.Error(text)
	}
	if entries := rows(t, o.must("audit", "list", "--action", "person.delete", "--format", "json")); len(entries) != 4 {
		t.Errorf("%v", entries)
	}
	o.end()

	// A backup of before knows nothing of it; the former data folder does.
	elsewhere, fresh := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, elsewhere, fresh, smallFloor)
	code, _, words = command(elsewhere, "restore", before, "--erasures", o.data)
	if code != 0 || !strings.Contains(words, "2 episodes that had been deleted") {
		t.Fatalf("restore: %d %s", code, words)
	}
	if list := found(t, fresh, append(hers, named...)...); len(list) > 0 {
		t.Errorf("restored: %v", list)
	}
	again := serve(t, elsewhere)
	if got := titles(t, again); !slices.Equal(got, []string{bosOwn.title}) {
		t.Errorf("restored: %v", got)
	}
	if text := again.must("audit", "verify"); !strings.Contains(text, "verify") {
		t.Error(text)
	}
	again.stop()
}

func TestADeviceLeavesNoByteAndALoginNeither(t *testing.T) {
	o := shared(t)
	o.settled()
	code, _, words := o.command("person", "delete", "--login", bo.Name, "--later")
	if code != 0 || !strings.Contains(words, "1 episodes") {
		t.Fatalf("login: %d %s", code, words)
	}
	if got := titles(t, o.collectorProcess); !slices.Equal(got, []string{anaHere.title, anaThere.title}) {
		t.Errorf("without bo: %v", got)
	}
	if text, _ := storageWordsOf(t, o); !strings.Contains(text, "still has to leave the file") {
		t.Errorf("nothing tells that bytes are left: %s", text)
	}
	o.must("storage", "compact")
	if list := found(t, o.data, append(bosOwn.all(), bo.Name)...); len(list) > 0 {
		t.Errorf("bo: %v", list)
	}
	if _, words := storageWordsOf(t, o); strings.Contains(words, "still has to leave") {
		t.Error(words)
	}

	o.must("device", "delete", o.a.Credential.Device)
	if list := found(t, o.data, anaHere.all()...); len(list) > 0 {
		t.Errorf("device: %v", list)
	}
	if got := titles(t, o.collectorProcess); !slices.Equal(got, []string{anaThere.title}) {
		t.Errorf("without the device: %v", got)
	}
	if list := found(t, o.data, anaThere.reason, anaThere.permission, anasNames); len(list) != 3 {
		t.Errorf("of what was not deleted, %v is left", list)
	}
	// The device stays, and is asked to say anew how it does.
	if devices := rows(t, o.must("device", "list", "--format", "json")); len(devices) != 2 {
		t.Errorf("%v", devices)
	}
	answer, err := o.a.Sync(t.Context())
	if err != nil || !slices.ContainsFunc(answer.Directives, func(d *agentv1.Directive) bool { return d.GetResync() }) {
		t.Errorf("%v, %v", answer.GetDirectives(), err)
	}
	o.end()
}

// storageWordsOf gives the words of `storage`, results and warnings together.
func storageWordsOf(t *testing.T, o *office) (all, words string) {
	t.Helper()
	code, out, words := o.command("storage")
	if code != 0 {
		t.Fatalf("storage: %d %s", code, words)
	}
	return out + words, words
}

func TestUnreadableFilesGoWithAnErasure(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "episodes.duckdb"), []byte("unreadable canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := serve(t, dir)
	if file := holding(t, data, "unreadable canary"); file == "" {
		t.Fatal("nothing was set aside")
	}
	a := p.enroll()
	p.must("device", "delete", a.Credential.Device)
	if file := holding(t, data, "unreadable canary"); file != "" {
		t.Errorf("%s is left", file)
	}
	if entries := rows(t, p.must("audit", "list", "--action", "storage.remove", "--format", "json")); len(entries) != 1 {
		t.Errorf("%v", entries)
	}
	a.HTTP.CloseIdleConnections()
}

func TestTitlesAndAddressesAreStripped(t *testing.T) {
	o := shared(t)
	tomorrow := time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	if code, _, words := o.command("privacy", "strip", "--before", "soon"); code != exitUsage || !strings.Contains(words, "--before") {
		t.Errorf("a day that is none: %d %s", code, words)
	}
	if code, _, words := o.command("privacy", "strip", "--before", tomorrow, "--titles"); code != 0 || !strings.Contains(words, "3 episodes") {
		t.Fatalf("strip: %d %s", code, words)
	}
	if list := found(t, o.data, anaHere.title, anaThere.title, bosOwn.title); len(list) > 0 {
		t.Errorf("titles: %v", list)
	}
	sites := rows(t, o.must(append([]string{"report", "sites", "--format", "json"}, span()...)...))
	if len(sites) != 1 || sites[0]["site"] != "site-canary.example" {
		t.Errorf("sites: %v", sites)
	}
	o.must("privacy", "strip", "--before", tomorrow)
	if list := found(t, o.data, "path-canary", "site-canary"); len(list) > 0 {
		t.Errorf("addresses: %v", list)
	}
	if got := titles(t, o.collectorProcess); !slices.Equal(got, []string{"", "", ""}) {
		t.Errorf("episodes: %q", got)
	}
	entries := rows(t, o.must("audit", "list", "--action", "privacy", "--format", "json"))
	if len(entries) != 4 || !strings.Contains(entries[0]["detail"].(string), `"titles":true`) || !strings.Contains(entries[0]["detail"].(string), `"addresses":false`) {
		t.Errorf("%v", entries)
	}
	o.end()
}

func TestARestoreDoesNotBringBackUnnoticedWhatWasDeleted(t *testing.T) {
	o := shared(t)
	backups := t.TempDir()
	before, after := filepath.Join(backups, "1"), filepath.Join(backups, "2")
	o.must("backup", before)
	o.must("device", "delete", o.a.Credential.Device)
	o.must("backup", after)

	elsewhere, fresh := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, elsewhere, fresh, smallFloor)
	code, _, words := command(elsewhere, "restore", before, "--erasures", o.data)
	if code != exitFailed || !strings.Contains(words, "a collector is running") {
		t.Errorf("from a running collector: %d %s", code, words)
	}
	o.end()
	code, _, words = command(elsewhere, "restore", before)
	if code != exitFailed || !strings.Contains(words, "1 deletions") || !strings.Contains(words, after) {
		t.Errorf("beside a newer backup: %d %s", code, words)
	}
	if _, err := os.Stat(fresh); !os.IsNotExist(err) {
		t.Errorf("a restore that was refused left something: %v", err)
	}
	if code, _, words := command(elsewhere, "restore", before, "--erasures", t.TempDir()); code != exitUsage || !strings.Contains(words, "neither a backup") {
		t.Errorf("from nothing: %d %s", code, words)
	}
	if code, _, words := command(elsewhere, "restore", before, "--erasures", after); code != 0 || !strings.Contains(words, "1 episodes that had been deleted") {
		t.Fatalf("with the newer: %d %s", code, words)
	}
	if list := found(t, fresh, anaHere.all()...); len(list) > 0 {
		t.Errorf("restored: %v", list)
	}
	if list := found(t, fresh, anaThere.reason); len(list) != 1 {
		t.Error("what was not deleted is gone")
	}

	// The newer needs no word of the older; and who says so may bring all back.
	for _, c := range []struct {
		args []string
		want int
	}{{[]string{after}, 0}, {[]string{before, "--erasures", "none"}, 1}} {
		other, there := t.TempDir(), filepath.Join(t.TempDir(), "data")
		write(t, other, there, smallFloor)
		if code, _, words := command(other, append([]string{"restore"}, c.args...)...); code != 0 {
			t.Fatalf("%v: %d %s", c.args, code, words)
		}
		if list := found(t, there, anaHere.reason); len(list) != c.want {
			t.Errorf("%v: %v", c.args, list)
		}
	}
}

func TestEverythingOfOnePerson(t *testing.T) {
	o := shared(t)
	titles(t, o.collectorProcess) // somebody looks at everyone
	file := filepath.Join(t.TempDir(), "ana.zip")
	o.must("person", "export", anasNames, file)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	content := map[string]string{}
	for _, entry := range archive.File {
		r, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		content[entry.Name] = string(text)
	}
	if !strings.Contains(content["README.txt"], "all that Dayline has stored") {
		t.Errorf("README: %s", content["README.txt"])
	}
	for part, want := range map[string]struct {
		rows  int
		texts []string
	}{
		"person":   {1, []string{anasNames, "ana-canary@example.com", `ana-canary`}},
		"logins":   {2, []string{o.a.Credential.Device, o.b.Credential.Device}},
		"episodes": {2, []string{anaHere.title, anaThere.title, "path-canary-of-ana-here"}},
		"days":     {-1, []string{anasNames}},
		"spans":    {2, []string{anaHere.reason, anaThere.reason}},
		"devices":  {2, []string{o.a.Credential.Device, o.b.Credential.Device}},
		"settings": {-1, []string{"privacy.urls", "account.yaml"}},
		"views":    {2, []string{"administrator (local)", "activity.view"}},
	} {
		var list []map[string]any
		if err := json.Unmarshal([]byte(content[part+".json"]), &list); err != nil {
			t.Errorf("%s.json: %v in %q", part, err, content[part+".json"])
		}
		table, err := csv.NewReader(strings.NewReader(content[part+".csv"])).ReadAll()
		if err != nil || len(table) != len(list)+1 || len(list) != want.rows && want.rows >= 0 || len(list) == 0 {
			t.Errorf("%s: %d rows as JSON, %d lines as CSV, %v", part, len(list), len(table), err)
		}
		for _, text := range want.texts {
			if inJSON, _ := json.Marshal(text); !strings.Contains(content[part+".json"], string(bytes.Trim(inJSON, `"`))) || !strings.Contains(content[part+".csv"], text) {
				t.Errorf("%s has no %s:\n%s", part, text, content[part+".csv"])
			}
		}
	}
	for name, text := range content {
		for _, other := range append(bosOwn.all()[:3:3], bo.Name, "bo-canary") {
			if strings.Contains(text, other) {
				t.Errorf("%s has %s, which is somebody else's", name, other)
			}
		}
	}
	if entries := rows(t, o.must("audit", "list", "--subject", anasNames, "--action", "activity.view", "--format", "json")); len(entries) != 2 {
		t.Errorf("who looked at her: %v", entries)
	}
	if code, _, words := o.command("person", "export", "nobody", file); code == 0 || !strings.Contains(words, "there is no person") {
		t.Errorf("nobody: %d %s", code, words)
	}
	o.end()
}
