package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/shared/token"
)

// journal is a log that can be waited on.
type journal struct {
	mu      sync.Mutex
	text    strings.Builder
	written chan struct{}
}

func newJournal() *journal { return &journal{written: make(chan struct{}, 1)} }

// Write of io.Writer.
func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text.Write(b)
	select {
	case j.written <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// collectorProcess is `serve`, run in this process.
type collectorProcess struct {
	t      *testing.T
	config string
	log    *journal
	ended  chan int
	end    context.CancelFunc
	// secrets of the links made.
	secrets []string
}

// write puts the four files into a folder, with the collector's own as given.
func write(t *testing.T, dir, dataDir, more string) {
	t.Helper()
	if _, err := config.WriteDefaults(dir); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("listen: {agents: \"127.0.0.1:0\", web: \"127.0.0.1:0\"}\npublic_url: https://127.0.0.1:8443\ndata_dir: %s\n"+
		"metrics: {listen: \"127.0.0.1:0\"}\n%s", dataDir, more)
	if err := os.WriteFile(filepath.Join(dir, config.CollectorFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const smallFloor = "storage: {memory: 256MB, floor: 1MB}\n"

func serve(t *testing.T, configDir string) *collectorProcess {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &collectorProcess{t: t, config: configDir, log: newJournal(), ended: make(chan int, 1), end: cancel}
	go func() {
		p.ended <- run(ctx, []string{"--config", configDir, "serve"}, streams{&bytes.Buffer{}, p.log, strings.NewReader("")})
	}()
	t.Cleanup(func() { p.stop() })
	p.await("collector started")
	return p
}

// await waits for words in the log.
func (p *collectorProcess) await(words string) {
	p.t.Helper()
	p.awaitTimes(1, words)
}

func (p *collectorProcess) awaitTimes(n int, words string) {
	p.t.Helper()
	deadline := time.After(20 * time.Second)
	for strings.Count(p.log.String(), words) < n {
		select {
		case <-p.log.written:
		case code := <-p.ended:
			p.ended <- code
			p.t.Fatalf("serve ended with %d before %q:\n%s", code, words, p.log)
		case <-deadline:
			p.t.Fatalf("no %q in\n%s", words, p.log)
		}
	}
}

// stop ends it as a signal does.
func (p *collectorProcess) stop() int {
	p.t.Helper()
	p.end()
	select {
	case code := <-p.ended:
		p.ended <- code
		return code
	case <-time.After(30 * time.Second):
		p.t.Fatal("serve does not end")
		return -1
	}
}

func (p *collectorProcess) address(name string) string {
	p.t.Helper()
	found := regexp.MustCompile(`on=` + name + ` at=(\S+)`).FindStringSubmatch(p.log.String())
	if found == nil {
		p.t.Fatalf("no listener %s in\n%s", name, p.log)
	}
	return found[1]
}

// command runs a subcommand and gives its exit status and what it printed.
func (p *collectorProcess) command(args ...string) (code int, out, words string) {
	return command(p.config, args...)
}

func command(configDir string, args ...string) (code int, out, words string) {
	return typing("", configDir, args...)
}

// typing runs a subcommand that reads what is typed.
func typing(typed, configDir string, args ...string) (code int, out, words string) {
	var o, e bytes.Buffer
	code = run(context.Background(), append([]string{"--config", configDir}, args...), streams{&o, &e, strings.NewReader(typed)})
	return code, o.String(), e.String()
}

// must runs a subcommand that succeeds.
func (p *collectorProcess) must(args ...string) string {
	p.t.Helper()
	code, out, words := p.command(args...)
	if code != 0 {
		p.t.Fatalf("%v: exit status %d: %s", args, code, words)
	}
	return out
}

// enroll makes an agent by a link of the command line.
func (p *collectorProcess) enroll() *apitest.Agent {
	p.t.Helper()
	return p.enrollNamed("127.0.0.1")
}

func (p *collectorProcess) enrollNamed(name string) *apitest.Agent {
	p.t.Helper()
	text := p.must("link", "create", "--os", "linux", "--expires", "24h", "--max", "5", "--string")
	if strings.Count(text, "\n") != 1 {
		p.t.Fatalf("more than the string on standard output: %q", text)
	}
	installer, err := token.Parse(text)
	if err != nil {
		p.t.Fatal(err)
	}
	p.secrets = append(p.secrets, installer.Secret)
	a := p.agent(name, installer.Pin[:])
	if err := a.Enroll(p.t.Context(), installer.Secret); err != nil {
		p.t.Fatal(err)
	}
	p.signIn(a)
	return a
}

func (p *collectorProcess) agent(name string, pin []byte) *apitest.Agent {
	client := apitest.PinnedClient(p.t, name, pin)
	return apitest.NewAgent(p.t, "https://"+p.address("agents"), client)
}

func (p *collectorProcess) signIn(a *apitest.Agent) {
	p.t.Helper()
	if err := a.SignIn(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	if _, err := a.Sync(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// back is the same agent towards another process of the collector.
func (p *collectorProcess) back(a *apitest.Agent) *apitest.Agent {
	p.t.Helper()
	again := p.agent("127.0.0.1", a.Trust.Pins[0])
	again.Key, again.Credential, again.Trust, again.Revision = a.Key, a.Credential, a.Trust, a.Revision
	again.Stream, again.Next, again.Digest = a.Stream, a.Next, a.Digest
	p.signIn(again)
	return again
}

func rows(t *testing.T, text string) []map[string]any {
	t.Helper()
	var list []map[string]any
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	return list
}

func status(t *testing.T, url string) int {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// yesterday and today bracket what tests record, whatever the hour.
func span() []string {
	now := time.Now().UTC()
	return []string{"--from", now.AddDate(0, 0, -1).Format(time.DateOnly), "--to", now.AddDate(0, 0, 1).Format(time.DateOnly)}
}

func TestFromEnrolmentToReport(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	a := p.enroll()
	defer a.HTTP.CloseIdleConnections()
	if _, err := a.Sync(t.Context(), a.Record(5*time.Minute, "=cmd()"), a.Record(4*time.Minute, "red \u202etitle")); err != nil {
		t.Fatal(err)
	}
	activity := rows(t, p.must(append([]string{"report", "activity", "--format", "json"}, span()...)...))
	if len(activity) != 2 || activity[0]["app"] != "editor" || activity[0]["seconds"] != 60.0 ||
		activity[0]["device"] != a.Credential.Device || activity[0]["device_name"] != a.Facts.Name || activity[0]["person_name"] == "" {
		t.Errorf("activity %v", activity)
	}
	for _, name := range []string{"people", "apps", "hours"} {
		if list := rows(t, p.must(append([]string{"report", name, "--format", "json"}, span()...)...)); len(list) == 0 {
			t.Errorf("report %s is empty", name)
		}
	}
	code, out, words := p.command("report", "sites", "--from", "2001-01-01", "--to", "2001-01-02", "--format", "json")
	if code != 0 || out != "[]\n" || !strings.Contains(words, "2001-01-01") {
		t.Errorf("an empty range: %d %q %q", code, out, words)
	}
	table := p.must(append([]string{"report", "activity"}, span()...)...)
	if strings.Contains(table, "\u202e") || !strings.Contains(table, "1 min 00 s") || strings.Contains(table, a.Credential.Device) {
		t.Errorf("table %q", table)
	}
	if csv := p.must(append([]string{"report", "activity", "--format", "csv"}, span()...)...); !strings.Contains(csv, "'=cmd()") {
		t.Errorf("csv %q", csv)
	}
	devices := rows(t, p.must("device", "list", "--format", "json"))
	if len(devices) != 1 || devices[0]["state"] != "healthy" || devices[0]["id"] != a.Credential.Device {
		t.Errorf("devices %v", devices)
	}
	if card := p.must("device", "show", a.Credential.Device); !strings.Contains(card, "\nSTATE              healthy\n") || strings.Contains(card, "ALIAS") {
		t.Errorf("device %q", card)
	}
	if links := rows(t, p.must("link", "list", "--format", "json")); len(links) != 1 || links[0]["devices"] != 1.0 || links[0]["state"] != "valid" {
		t.Errorf("links %v", links)
	}
	var actions []string
	for _, entry := range rows(t, p.must("audit", "list", "--format", "json")) {
		actions = append(actions, entry["action"].(string))
	}
	for _, want := range []string{"config.apply", "link.create", "device.enroll", "activity.view"} {
		if !strings.Contains(strings.Join(actions, " "), want) {
			t.Errorf("the audit log has no %s: %v", want, actions)
		}
	}
	if text := p.must("audit", "verify"); !strings.Contains(text, "verify") {
		t.Errorf("audit verify: %q", text)
	}
	for _, url := range []string{"http://" + p.address("web") + "/livez", "http://" + p.address("web") + "/readyz", "http://" + p.address("metrics") + "/metrics"} {
		if code := status(t, url); code != 200 {
			t.Errorf("%s: %d", url, code)
		}
	}
	if info, err := os.Stat(filepath.Join(data, socketName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket %v, %v", info, err)
	}
	if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data folder %v, %v", info, err)
	}
	if code, _, words := command(dir, "serve"); code != exitFailed || !strings.Contains(words, "another collector is using") {
		t.Errorf("a second process: %d %q", code, words)
	}
	a.HTTP.CloseIdleConnections()
	if code := p.stop(); code != 0 {
		t.Errorf("serve ended with %d:\n%s", code, p.log)
	}
	if code, _, words := p.command("report", "people"); code != exitFailed || !strings.Contains(words, filepath.Join(data, socketName)) {
		t.Errorf("without a collector: %d %q", code, words)
	}
	if log := p.log.String(); strings.Contains(log, "cmd()") || strings.Contains(log, "127.0.0.1:8443/") {
		t.Errorf("a title is in the log:\n%s", log)
	}
	for _, secret := range append(p.secrets, a.Token) {
		if strings.Contains(p.log.String(), secret) {
			t.Errorf("a secret is in the log:\n%s", p.log)
		}
		if file := holding(t, data, secret); file != "" {
			t.Errorf("a secret is in %s", file)
		}
	}

	again := serve(t, dir)
	back := again.back(a)
	defer back.HTTP.CloseIdleConnections()
	if _, err := back.Sync(t.Context(), back.Record(3*time.Minute, "after")); err != nil {
		t.Fatal(err)
	}
	if list := rows(t, again.must(append([]string{"report", "activity", "--format", "json"}, span()...)...)); len(list) != 3 {
		t.Errorf("%d episodes after a restart", len(list))
	}
}

// holding names a file of a folder that holds a text; none is empty.
func holding(t *testing.T, dir, text string) (file string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(name)
		if bytes.Contains(content, []byte(text)) {
			file = name
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestConfigurationHoldsAtOnce(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	a := p.enroll()
	defer a.HTTP.CloseIdleConnections()
	account := filepath.Join(dir, config.AccountFile)
	edit := func(text string) {
		t.Helper()
		if err := os.WriteFile(account, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edit("passive: {start: 3m}\n")
	p.await("configuration applied")
	answer, err := a.Sync(t.Context())
	if err != nil || !strings.Contains(string(answer.GetSettings().GetDocument()), `"3m`) {
		t.Errorf("settings %s, %v", answer.GetSettings().GetDocument(), err)
	}
	// Where the data is holds from the next start; till then the last good set is kept where it was.
	collector := filepath.Join(dir, config.CollectorFile)
	content, err := os.ReadFile(collector)
	if err != nil {
		t.Fatal(err)
	}
	moved := bytes.Replace(content, []byte(data), []byte(data+"-moved"), 1)
	if err := os.WriteFile(collector, moved, 0o600); err != nil {
		t.Fatal(err)
	}
	p.await("keys=[data_dir]")
	if err := os.WriteFile(collector, content, 0o600); err != nil {
		t.Fatal(err)
	}
	p.awaitTimes(3, "configuration applied")
	edit("passive: {start: 99m}\n")
	p.await("configuration refused")
	if log := p.log.String(); strings.Contains(log, "not recorded") {
		t.Errorf("a moved data folder broke the record:\n%s", log)
	}
	if answer, err := a.Sync(t.Context()); err != nil || answer.Settings != nil {
		t.Errorf("an invalid edit changed the settings: %v, %v", answer, err)
	}
	if code, _, words := p.command("config", "check"); code != exitFailed || !strings.Contains(words, "passive.start") {
		t.Errorf("config check: %d %q", code, words)
	}
	// The commands and a restart go by the last good set.
	p.must("device", "list")
	a.HTTP.CloseIdleConnections()
	p.stop()
	again := serve(t, dir)
	again.await("the last good one is in force")
	back := again.back(a)
	defer back.HTTP.CloseIdleConnections()
	if answer, err := back.Sync(t.Context()); err != nil || answer.Settings != nil {
		t.Errorf("a restart with an invalid file changed the settings: %v, %v", answer, err)
	}
}

func TestUsedWrongly(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{}, {"nonsense"}, {"report"}, {"report", "people", "--format", "xml"}, {"link", "create"}, {"link", "create", "--os", "beos"},
		{"link", "create", "--os", "linux", "--expires", "x"}, {"backup"}, {"backup", "verify"}, {"backup", "a", "b"}, {"device", "show"}, {"device", "list", "--flag", "permissions"}, {"device", "list", "--state", "ill"}, {"link", "create", "--os", "linux", "--max", "-1"},
	} {
		if code, out, words := command(dir, args...); code != exitUsage || words == "" || out != "" {
			t.Errorf("%v: %d %q %q", args, code, out, words)
		}
	}
	if code, out, _ := command(dir, "version"); code != 0 || !strings.HasPrefix(out, "dayline-collector ") {
		t.Errorf("version: %d %q", code, out)
	}
	if code, out, _ := command(dir, "--help"); code != 0 || !strings.Contains(out, "serve") {
		t.Errorf("--help: %d %q", code, out)
	}
	if code, _, words := command(filepath.Join(dir, "absent"), "serve"); code != exitFailed || !strings.Contains(words, "config init") {
		t.Errorf("a first start: %d %q", code, words)
	}
	if code, _, _ := command(filepath.Join(dir, "fresh"), "config", "init"); code != 0 {
		t.Error("config init failed")
	}
	if code, _, words := command(filepath.Join(dir, "fresh"), "config", "check"); code != 0 {
		t.Errorf("the files of config init do not hold: %s", words)
	}
}
