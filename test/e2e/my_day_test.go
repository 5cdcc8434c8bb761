package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
)

// bearer brings a session's token.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// A person opens its day through the agent, without an account: it sees what that login did on that device and nothing
// else, not even what the same person did on another; the address lets one in, once.
func TestMyDay(t *testing.T) {
	t.Parallel()
	here := site.New(t, rig.Options{Account: "settle: 0s\nagents: {sync_every: 1s}\n"})
	here.Enroll(t, nil)
	elsewhere := rig.NewAgent(here.Bin, filepath.Join(here.Dir, "other"), nil)
	mustDo(t, elsewhere.Enroll(t.Context(), must(here.Collector.Link(t.Context()))(t)))
	t.Cleanup(func() { mustDo(t, elsewhere.Stop()) })
	began := time.Now().Add(-time.Minute).Truncate(time.Millisecond)
	for title, agent := range map[string]*rig.Agent{"Mine": here.Agent, "Elsewhere": elsewhere} {
		mustDo(t, agent.StartService())
		var helper *rig.Helper
		site.Eventually(t, time.Minute, "the service collects", func() (err error) {
			helper, err = agent.Helper(t.Context())
			return err
		})
		t.Cleanup(helper.Close)
		mustDo(t, helper.Store(episode.Episode{
			State: episode.Active, Start: began, For: 40 * time.Second, EndedBy: episode.ByFocus,
			Identity: episode.Identity{App: "card", Title: title},
		}))
	}
	mine, other := rowOf(t, here, "Mine"), rowOf(t, here, "Elsewhere")
	mustDo(t, rig.WriteFile(filepath.Join(here.Collector.Config, "people.yaml"), fmt.Sprintf(
		"users: [{email: ada@example.com, role: admin}, {email: max@example.com, role: manager, viewable_groups: all}, {email: ana@example.com, role: viewer}]\npeople: [{id: p-ana, name: Ana, email: ana@example.com, logins: ['%s\\%s', '%s\\%[2]s']}]\n",
		mine.Device, account(mine.Login), other.Device)))
	site.Eventually(t, time.Minute, "both logins are one person's", func() error {
		rows, err := here.Collector.Closed(t.Context(), "--person", "p-ana")
		if err == nil && len(rows) != 2 {
			err = rig.ErrNoRows
		}
		return err
	})
	must(here.Collector.Activity(t.Context(), "--person", "p-ana", "--as", "max@example.com"))(t)

	printed := string(must(here.Agent.Run(t.Context(), "my-day", "--print", "--state", here.Agent.State))(t))
	page, code, _ := strings.Cut(strings.TrimSpace(printed), "/my-day#code=")
	if !strings.HasPrefix(page, "http://localhost:") || code == "" {
		t.Fatalf("printed %q", printed)
	}
	stranger := adminv1connect.NewAdminServiceClient(http.DefaultClient, page)
	opened := must(stranger.OpenMyDay(t.Context(), connect.NewRequest(&adminv1.OpenMyDayRequest{Code: code})))(t)
	if _, err := stranger.OpenMyDay(t.Context(), connect.NewRequest(&adminv1.OpenMyDayRequest{Code: code})); err == nil {
		t.Error("a code lets in twice")
	}
	day := adminv1connect.NewAdminServiceClient(&http.Client{Transport: bearer(opened.Msg.Token)}, page)

	who := must(day.WhoAmI(t.Context(), connect.NewRequest(&adminv1.WhoAmIRequest{})))(t).Msg
	if who.Role != "person" || !strings.Contains(who.User, mine.Login) {
		t.Errorf("it is %v", who)
	}
	range7 := &adminv1.ReportRequest{Range: "last_7_days"}
	rows := must(day.ListActivity(t.Context(), connect.NewRequest(&adminv1.ListActivityRequest{Ask: range7})))(t).Msg.Rows
	if len(rows) != 1 || rows[0].Title != "Mine" || rows[0].Device != mine.Device {
		t.Errorf("it sees %v", rows)
	}
	totals := must(day.ReportDashboard(t.Context(), connect.NewRequest(range7)))(t).Msg
	if got := totals.Times.GetTotal(); got != 40 {
		t.Errorf("its total is %v s", got)
	}
	for what, ask := range map[string]*adminv1.ReportRequest{
		"another device": {Range: "last_7_days", Device: other.Device},
		"another person": {Range: "last_7_days", Person: "p-bob"},
	} {
		if answer, err := day.ListActivity(t.Context(), connect.NewRequest(&adminv1.ListActivityRequest{Ask: ask})); connect.CodeOf(err) != connect.CodeNotFound {
			t.Errorf("%s: %v, %v", what, answer, err)
		}
	}
	if _, err := day.ListPeople(t.Context(), connect.NewRequest(&adminv1.ListPeopleRequest{})); connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Errorf("it lists people: %v", err)
	}
	seesItsData(t, day, mine, other)
	takesItAlong(t, day, who.Person, other)
	seesAllOfItself(t, here, page)
	opensItsBrowser(t, here)
	toldOfPeople(t, here, page)
}

// opensItsBrowser wants the desktop's browser sent on to the page, which trades the code and shows the day: see my-day.ts.
func opensItsBrowser(t *testing.T, here *site.Site) {
	t.Helper()
	app := filepath.Join(must(rig.Root())(t), "collector", "web", "app")
	program := must(exec.LookPath("chromium"))(t)
	home, said := filepath.Join(here.Dir, "home"), filepath.Join(here.Dir, "browser.log")
	for name, text := range map[string]string{
		"mimeapps.list":                "[Default Applications]\nx-scheme-handler/http=browser.desktop\n",
		"applications/browser.desktop": "[Desktop Entry]\nType=Application\nName=Browser\nExec=" + filepath.Join(home, "browser") + " %u\n",
		"browser":                      fmt.Sprintf("#!/bin/sh\ncd %q && node --import tsx test/my-day.ts %q \"$1\" > %[3]q.part 2>&1 && echo well >> %[3]q.part\nmv %[3]q.part %[3]q\n", app, program, said),
	} {
		file := filepath.Join(home, name)
		mustDo(t, os.MkdirAll(filepath.Dir(file), 0o700))
		mustDo(t, os.WriteFile(file, []byte(text), 0o700))
	}
	desktop := rig.NewAgent(here.Bin, here.Dir, append(os.Environ(), "DISPLAY=:none", "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home))
	must(desktop.Run(t.Context(), "my-day", "--state", here.Agent.State))(t)
	var text []byte
	site.Eventually(t, time.Minute, "the browser has done its part", func() (err error) {
		text, err = os.ReadFile(said)
		return err
	})
	if string(text) != "well\n" {
		t.Errorf("the browser: %s", text)
	}
}

// seesItsData wants what is collected of the login on the device, by which settings, and who looked.
func seesItsData(t *testing.T, day adminv1connect.AdminServiceClient, mine, other rig.Row) {
	t.Helper()
	data := must(day.ShowMyData(t.Context(), connect.NewRequest(&adminv1.ShowMyDataRequest{})))(t).Msg
	if data.Person != nil || len(data.Logins) != 1 || data.Logins[0].Device != mine.Device || data.Since == "" || data.MoreViews {
		t.Errorf("its data: %v", data)
	}
	if !slices.ContainsFunc(data.Settings, func(s *adminv1.PersonSetting) bool {
		return s.Key == "agents.sync_every" && s.Value == "1s" && s.Source == "account.yaml:2"
	}) {
		t.Errorf("its settings: %v", data.Settings)
	}
	if slices.ContainsFunc(data.Settings, func(s *adminv1.PersonSetting) bool { return s.Device == other.Device }) {
		t.Error("it is told of another device's settings")
	}
	var by []string
	for _, view := range data.Views {
		by = append(by, strings.Fields(view.Actor)[0]+" "+view.Action)
	}
	if len(by) < 2 || by[0] != "max@example.com activity.view" || by[len(by)-1] != "administrator activity.view" {
		t.Errorf("who looked: %v", by)
	}
}

// seesAllOfItself wants whoever signs in with the person's e-mail told of both devices, and a user who is no such person of
// nothing.
func seesAllOfItself(t *testing.T, here *site.Site, page string) {
	t.Helper()
	for email, logins := range map[string]int{"ana@example.com": 2, "max@example.com": 0} {
		token := strings.TrimSpace(string(must(here.Collector.Run(t.Context(), "token", "create", "--user", email))(t)))
		user := adminv1connect.NewAdminServiceClient(&http.Client{Transport: bearer(token)}, page)
		data := must(user.ShowMyData(t.Context(), connect.NewRequest(&adminv1.ShowMyDataRequest{})))(t).Msg
		if len(data.Logins) != logins || (logins == 0) != (len(data.Settings)+len(data.Views) == 0) || data.Person.GetEmail() != map[bool]string{true: email}[logins > 0] {
			t.Errorf("%s: %v", email, data)
		}
	}
}

// takesItAlong wants all of it in the file of the person, and nothing of another device.
func takesItAlong(t *testing.T, day adminv1connect.AdminServiceClient, person string, other rig.Row) {
	t.Helper()
	stream := must(day.ExportPerson(t.Context(), connect.NewRequest(&adminv1.ExportPersonRequest{Person: person})))(t)
	defer stream.Close()
	var packed bytes.Buffer
	for stream.Receive() {
		packed.Write(stream.Msg().Data)
	}
	mustDo(t, stream.Err())
	files := must(zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len())))(t)
	var all strings.Builder
	for _, file := range files.File {
		opened := must(file.Open())(t)
		must(io.Copy(&all, opened))(t)
		mustDo(t, opened.Close())
	}
	if text := all.String(); !strings.Contains(text, "Mine") || strings.Contains(text, "Elsewhere") || strings.Contains(text, other.Device) ||
		strings.Contains(text, "ana@example.com") { // as much as a device that calls a login by somebody's name may learn
		t.Errorf("the file of %d parts: %s", len(files.File), text)
	}
}

// toldOfPeople wants the command to say plainly why there is nothing to open.
func toldOfPeople(t *testing.T, here *site.Site, page string) {
	t.Helper()
	fresh := rig.NewAgent(here.Bin, filepath.Join(here.Dir, "fresh"), nil)
	mustDo(t, fresh.Enroll(t.Context(), must(here.Collector.Link(t.Context()))(t)))
	mustDo(t, fresh.StartService())
	t.Cleanup(func() { mustDo(t, fresh.Stop()) })
	ask := func() string {
		_, err := fresh.Run(context.WithoutCancel(t.Context()), "my-day", "--state", fresh.State)
		if err == nil {
			return ""
		}
		return err.Error()
	}
	site.Eventually(t, time.Minute, "the service answers", func() error {
		if said := ask(); !strings.Contains(said, "nothing of you has reached the collector") {
			return fmt.Errorf("%s", said)
		}
		return nil
	})
	mustDo(t, here.Collector.Stop())
	if said := ask(); !strings.Contains(said, "does not answer") {
		t.Errorf("without a collector at %s: %s", page, said)
	}
	here.StartCollector(t)
}

func account(login string) string {
	_, name, _ := strings.Cut(login, `\`)
	return name
}
