package api

import (
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

func content(files map[string][]byte) (list []*adminv1.NamedContent) {
	for name, content := range files {
		list = append(list, &adminv1.NamedContent{Name: name, Content: content})
	}
	return list
}

func TestAnExtensionIsHandedOutAndTakenBack(t *testing.T) {
	o := openOffice(t)
	o.admin.Extension = shelf.OpenExtension(t.TempDir(), shelftest.Believed)
	o.agents.webURL = func() string { return "https://dayline.example.com" }
	admin := o.as(ada)
	show := func() *adminv1.Extension {
		return must(admin.ShowExtension(t.Context(), connect.NewRequest(&adminv1.ShowExtensionRequest{})))(t).Msg
	}
	if now := show(); now.Version != "" || now.Problem != "" || now.Address != "https://dayline.example.com/extension" {
		t.Errorf("at first: %v", now)
	}
	files := shelftest.Packed(t, "1.2.3-beta.1", shelftest.Key())
	add := &adminv1.AddExtensionRequest{Files: content(files)}
	added := must(admin.AddExtension(t.Context(), connect.NewRequest(add)))(t).Msg
	now := show()
	if now.Version != "1.2.3-beta.1" || now.Version != added.Version || now.Issued != "2026-03-02T12:00:00Z" || len(now.Id) != 32 || len(now.Files) != 2 || now.MozillaSigned {
		t.Errorf("handed out: %v", now)
	}
	foreign := &adminv1.AddExtensionRequest{Files: content(shelftest.Packed(t, "1.2.4", shelftest.Other()))}
	twice := &adminv1.AddExtensionRequest{Files: append(content(files), content(files)...)}
	for _, bad := range []*adminv1.AddExtensionRequest{foreign, twice, {}} {
		if _, err := admin.AddExtension(t.Context(), connect.NewRequest(bad)); connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%d files: %v", len(bad.Files), err)
		}
	}
	must(admin.RemoveExtension(t.Context(), connect.NewRequest(&adminv1.RemoveExtensionRequest{})))(t)
	if _, err := admin.RemoveExtension(t.Context(), connect.NewRequest(&adminv1.RemoveExtensionRequest{})); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("removed twice: %v", err)
	}
	if now := show(); now.Version != "" {
		t.Errorf("removed: %v", now)
	}
	var told []string
	for _, e := range must(admin.ListAudit(t.Context(), connect.NewRequest(&adminv1.ListAuditRequest{Action: "extension"})))(t).Msg.Entries {
		told = append(told, e.Actor+" "+e.Action+" "+e.Subject)
	}
	if got := strings.Join(told, ", "); got != ada+" extension.add 1.2.3-beta.1, "+ada+" extension.remove 1.2.3-beta.1" {
		t.Errorf("written down: %s", got)
	}
}

func TestWhatKeepsBrowsersFromTheExtension(t *testing.T) {
	o := openOffice(t)
	o.admin.Extension = shelf.OpenExtension(t.TempDir(), shelftest.Believed)
	for address, want := range map[string]string{
		"http://localhost:8444": "this_computer", "http://dayline.example.com": "not_https", "https://dayline.example.com": "self_signed",
	} {
		o.agents.webURL = func() string { return address }
		now := must(o.as(ada).ShowExtension(t.Context(), connect.NewRequest(&adminv1.ShowExtensionRequest{})))(t).Msg
		if len(now.Warnings) != 1 || now.Warnings[0] != want {
			t.Errorf("%s: %q", address, now.Warnings)
		}
	}
}

func TestPoliciesNameThisCollector(t *testing.T) {
	o := openOffice(t)
	o.agents.webURL = func() string { return "https://dayline.example.com" }
	ask := func(browser, os string) (*connect.Response[adminv1.ShowExtensionPolicyResponse], error) {
		return o.as(ada).ShowExtensionPolicy(t.Context(), connect.NewRequest(&adminv1.ShowExtensionPolicyRequest{Browser: browser, Os: os}))
	}
	policy := must(ask("firefox", "linux"))(t).Msg
	if len(policy.Files) != 1 || !strings.Contains(string(policy.Files[0].Content), `"https://dayline.example.com/extension/dayline-extension.xpi"`) {
		t.Errorf("%v", policy)
	}
	// This test's own build knows no key, and so not what Chrome would call the extension.
	for _, c := range [][2]string{{"chrome", "linux"}, {"netscape", "linux"}, {"firefox", "beos"}, {}} {
		if _, err := ask(c[0], c[1]); connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%q: %v", c, err)
		}
	}
}

// What devices say of their browsers reaches whoever looks after the extension.
func TestHowFarTheExtensionHasCome(t *testing.T) {
	o := openOffice(t)
	o.admin.Extension = shelf.OpenExtension(t.TempDir(), shelftest.Believed)
	o.agents.webURL = func() string { return "https://dayline.example.com" }
	deviceSaying(t, o.house, o.enrolled(), &agentv1.Health{Capture: []*agentv1.Capture{
		{Subject: "chromium", Level: "full", ExtensionVersion: "1.2.3", ExtensionMs: o.now().UnixMilli(), FrontSeconds: 200, AddressSeconds: 150},
	}})
	now := must(o.as(ada).ShowExtension(t.Context(), connect.NewRequest(&adminv1.ShowExtensionRequest{})))(t).Msg
	if len(now.Reach) != 1 || now.Reach[0].App != "chromium" || now.Reach[0].Speaking != 1 || now.Reach[0].AddressShare != 0.75 {
		t.Errorf("%v", now.Reach)
	}
}
