package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/shared/buildinfo"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// opened are the days that were opened; the codes are their numbers.
type opened struct {
	owners []collector.Owner
	shown  []string
}

// OpenDay of Days.
func (o *opened) OpenDay(_ context.Context, owner collector.Owner, shown string) (string, error) {
	o.owners, o.shown = append(o.owners, owner), append(o.shown, shown)
	return fmt.Sprint(len(o.owners)), nil
}

func openDays(o *Options, page string) *opened {
	days := &opened{}
	o.Days, o.WebURL = days, func() string { return page }
	return days
}

// day asks for a login's day, and gives the code of the refusal.
func day(t *testing.T, a *apitest.Agent, login *agentv1.Login) (url string, code string) {
	t.Helper()
	req := connect.NewRequest(&agentv1.MyDayRequest{Protocol: buildinfo.Protocol, Login: login})
	req.Header().Set("Authorization", "Bearer "+a.Token)
	answer, err := a.Client.MyDay(t.Context(), req)
	if err != nil {
		var refusal *connect.Error
		if !errors.As(err, &refusal) || len(refusal.Details()) == 0 {
			t.Fatal(err)
		}
		value, err := refusal.Details()[0].Value()
		if err != nil {
			t.Fatal(err)
		}
		return "", value.(*agentv1.Problem).Code
	}
	return answer.Msg.Url, ""
}

// A device opens the days of those whose episodes it has sent, and nobody else's.
func TestADeviceOpensTheDaysOfItsOwnLogins(t *testing.T) {
	var days *opened
	h := open(t, t.TempDir(), func(_ *house, o *Options, _ *serverBounds) { days = openDays(o, "https://pages.example.com") })
	one, other := h.enrolled(), h.enrolled()
	ana := &agentv1.Login{Account: "Ana", Name: `anything\at all`}
	if _, code := day(t, one, ana); code != "not_found" {
		t.Errorf("before anything was sent: %q", code)
	}
	corporate := other.Record(time.Hour, "")
	corporate.Login.Authority, corporate.Login.Name = "S-1-5-21", `CORP\ana`
	must(one.Sync(t.Context(), one.Record(time.Hour, "")))(t)
	must(other.Sync(t.Context(), corporate))(t)
	url, code := day(t, one, ana)
	if url != "https://pages.example.com/my-day#code=1" || code != "" {
		t.Errorf("%q, %q", url, code)
	}
	if _, code := day(t, other, &agentv1.Login{Authority: "S-1-5-21", Account: "ana"}); code != "" {
		t.Errorf("a directory account: %q", code)
	}
	first, second := one.Credential.Device, other.Credential.Device
	want := opened{
		owners: []collector.Owner{{Device: first, LoginKey: first + `\ana`}, {Device: second, LoginKey: `s-1-5-21\ana`}},
		shown:  []string{`DESK\ana on desk`, `CORP\ana on desk`},
	}
	if fmt.Sprint(*days) != fmt.Sprint(want) {
		t.Errorf("opened %v, not %v", *days, want)
	}
	for name, login := range map[string]*agentv1.Login{
		"a local account of another device": {Account: "ana"},
		"the same, named by its device":     {Authority: first, Account: "ana"},
		"somebody who never was":            {Account: "eve"},
	} {
		if _, code := day(t, other, login); code != "not_found" {
			t.Errorf("%s: %q", name, code)
		}
	}
	if _, code := day(t, one, &agentv1.Login{Authority: "S-1-5-21", Account: "ana"}); code != "not_found" {
		t.Errorf("a directory account that used another device: %q", code)
	}
	if _, code := day(t, one, nil); code != "bad_request" {
		t.Errorf("nobody: %q", code)
	}
	stranger := apitest.NewAgent(t, h.url(), h.client())
	if _, code := day(t, stranger, ana); code != "signed_out" {
		t.Errorf("who is not signed in: %q", code)
	}

	entries := must(h.registry.AuditEntries(t.Context(), 0, 1000))(t)
	written := 0
	for _, e := range entries {
		if e.Action == "my_day.open" {
			written++
			if e.Subject == "" || e.Subject == first || e.Actor != "device "+first && e.Actor != "device "+second {
				t.Errorf("written down: %+v", e)
			}
		}
	}
	if written != 2 {
		t.Errorf("%d of 2 are in the audit log", written)
	}

	for range daysPerLogin {
		_, code = day(t, one, ana)
	}
	if code != "too_many" {
		t.Errorf("again and again: %q", code)
	}
	if _, code := day(t, other, &agentv1.Login{Authority: "S-1-5-21", Account: "ana"}); code != "" {
		t.Errorf("another, meanwhile: %q", code)
	}
	if err := h.registry.RevokeDevice(t.Context(), first, h.now()); err != nil {
		t.Fatal(err)
	}
	must(h.agents.devices.refresh(t.Context(), first))(t)
	if _, code := day(t, one, ana); code != "revoked" {
		t.Errorf("revoked: %q", code)
	}
}

// Pages that only the collector's own computer reaches are no address for another.
func TestPagesOnOneComputerAreForItsOwnPeople(t *testing.T) {
	for _, c := range []struct {
		page, proxy, code string
	}{
		{"http://127.0.0.1:8444", "", ""},
		{"http://127.0.0.1:8444", "127.0.0.1", "conflict"},
		{"http://localhost:8444", "127.0.0.1", "conflict"},
		{"http://[::1]:8444", "127.0.0.1", "conflict"},
		{"https://pages.example.com", "127.0.0.1", ""},
	} {
		h := open(t, t.TempDir(), func(_ *house, o *Options, _ *serverBounds) {
			openDays(o, c.page)
			if c.proxy != "" { // what comes through it is from elsewhere
				o.TrustedProxies = []string{c.proxy}
			}
		})
		a := h.enrolled()
		must(a.Sync(t.Context(), a.Record(time.Hour, "")))(t)
		if _, code := day(t, a, &agentv1.Login{Account: "ana"}); code != c.code {
			t.Errorf("%+v: %q", c, code)
		}
		h.stop()
	}
}

func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// A code that nobody came with yet ends with what it lets see: with the device, and with the login's history.
func TestACodeEndsWithWhatItOpens(t *testing.T) {
	o := openOffice(t)
	opens := func(a *apitest.Agent) bool {
		id := a.Credential.Device
		code := must(o.admin.Access.OpenDay(t.Context(), collector.Owner{Device: id, LoginKey: id + `\ana`}, `DESK\ana on desk`))(t)
		status, _ := o.post(o.web.URL, adminv1connect.AdminServiceOpenMyDayProcedure, fmt.Sprintf(`{"code":%q}`, code), nil)
		if status != http.StatusOK && status != http.StatusUnauthorized {
			t.Errorf("%d", status)
		}
		return status == http.StatusOK
	}
	one, other := o.enrolled(), o.enrolled()
	for _, a := range []*apitest.Agent{one, other} {
		must(a.Sync(t.Context(), a.Record(time.Hour, "")))(t)
		if !opens(a) {
			t.Fatal("the day is not opened")
		}
	}
	must(o.asBySocket("").RevokeDevice(t.Context(), connect.NewRequest(&adminv1.DeviceRequest{Id: one.Credential.Device})))(t)
	if opens(one) {
		t.Error("a revoked device's code lets in")
	}
	o.check(o.registry.ForgetLogins(t.Context(), []string{other.Credential.Device + `\ana`}))
	if opens(other) {
		t.Error("a forgotten login's code lets in")
	}
}
