package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
	"github.com/dayline-project/dayline/shared/stream"
)

const password = "correct horse battery"

// The e-mails of users, by role; mia is a manager of Support, and vic a viewer of it.
const (
	ada, cleo, mia, vic = "ada@example.com", "cleo@example.com", "mia@example.com", "vic@example.com"
)

// office is a collector with people, groups and users of every role, and its doors: the local socket's and the web's.
type office struct {
	*house
	dir   string
	set   atomic.Pointer[config.Set]
	admin *Admin
	web   *httptest.Server
	local *httptest.Server
	// people by the account of their login.
	people map[string]string
}

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{house: open(t, t.TempDir()), dir: t.TempDir(), people: map[string]string{}}
	for _, account := range []string{"ana", "bob", "eve"} {
		login := stream.Login{Authority: "S-1-5", Account: account, Name: `CORP\` + account}
		known, err := o.registry.LoginPeople(t.Context(), "d-1", []stream.Login{login})
		o.check(err)
		o.people[account] = known[collector.LoginKey("d-1", login)].Person
	}
	for name, text := range map[string]string{
		config.CollectorFile: "metrics: {}\n", config.AccountFile: "privacy: {min_people: 3}\n", config.ClassificationFile: "rules: []\n",
		config.PeopleFile: fmt.Sprintf(`users:
  - {email: ada@example.com, role: admin}
  - {email: cleo@example.com, role: configurator}
  - {email: mia@example.com, role: manager, viewable_groups: [Support]}
  - {email: vic@example.com, role: viewer, viewable_groups: [Support]}
people:
  - {id: %s, name: Ana, logins: ['CORP\ana']}
groups:
  - {name: Support, people: [%[1]s]}
  - {name: Secret, people: [%s]}
`, o.people["ana"], o.people["eve"]),
	} {
		o.check(os.WriteFile(filepath.Join(o.dir, name), []byte(text), 0o600))
	}
	set, problems := config.Load(o.dir)
	if set == nil {
		t.Fatal(problems)
	}
	o.set.Store(set)
	log := slog.New(slog.DiscardHandler)
	entrance := access.New(o.registry, o.set.Load, access.Cost{MemoryKiB: 64, Passes: 1}, o.now)
	watcher := &config.Watcher{
		Dir: o.dir, Running: set, Log: log,
		Applied: func(ctx context.Context, set *config.Set) {
			o.set.Store(set)
			o.check(entrance.Reconcile(ctx))
		},
		Record: func(ctx context.Context, set *config.Set, actor string) error {
			return config.Record(ctx, o.registry, set, actor, o.now())
		},
	}
	o.admin = &Admin{
		Agents: o.agents, Registry: o.registry, Store: o.store, Enrolment: o.keeper.Enrolment, Door: o.door, Releases: o.shelf, Rollouts: o.rollouts, Now: o.now, Log: log,
		Access: entrance, Directory: &directory.Source{Registry: o.registry, Set: o.set.Load}, Config: o.set.Load,
		Editor: &config.Editor{Watcher: watcher, May: access.MayApply, Past: o.registry},
	}
	o.web, o.local = httptest.NewServer(o.admin.WebHandler()), httptest.NewServer(o.admin.Handler())
	t.Cleanup(o.web.Close)
	t.Cleanup(o.local.Close)
	return o
}

func (o *office) check(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// bearer puts headers on every call.
type bearer map[string]string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range b {
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// token of a user; it writes too.
func (o *office) token(email string, write bool) string {
	o.t.Helper()
	administrator := collector.Viewer{User: collector.LocalAdministrator, Role: collector.Admin}
	secret, _, err := o.admin.Access.CreateToken(o.t.Context(), administrator, email, "", 0, write)
	o.check(err)
	return secret
}

// as is the contract over the network, with a token of a user's.
func (o *office) as(email string) adminv1connect.AdminServiceClient {
	headers := bearer{"Authorization": "Bearer " + o.token(email, true), AsHeader: ada}
	return adminv1connect.NewAdminServiceClient(&http.Client{Transport: headers}, o.web.URL)
}

// asBySocket is the contract on the local socket, as a user.
func (o *office) asBySocket(email string) adminv1connect.AdminServiceClient {
	headers := bearer{}
	if email != "" {
		headers[AsHeader] = email
	}
	return adminv1connect.NewAdminServiceClient(&http.Client{Transport: headers}, o.local.URL)
}

// state is everything that a call may change: the files, and what is written down.
func (o *office) state() string {
	o.t.Helper()
	entries, err := o.registry.AuditEntries(o.t.Context(), 0, 10000)
	o.check(err)
	credentials, err := o.registry.Credentials(o.t.Context())
	o.check(err)
	text := fmt.Sprint(entries, credentials)
	for _, name := range config.Files {
		content, err := os.ReadFile(filepath.Join(o.dir, name))
		o.check(err)
		text += string(content)
	}
	return text
}
