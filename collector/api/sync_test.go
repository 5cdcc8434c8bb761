package api

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/settings"
)

func deviceRequest(a *apitest.Agent) *connect.Request[adminv1.DeviceRequest] {
	return connect.NewRequest(&adminv1.DeviceRequest{Id: a.Credential.Device})
}

func dirOf(file string) string { return filepath.Dir(file) }

func TestSettingsTravelWhenTheyChange(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	before := a.Revision
	if answer, err := a.Sync(t.Context()); err != nil || answer.Settings != nil {
		t.Fatalf("unchanged settings were sent again: %v", err)
	}
	h.rules.change(func(account *settings.Account) { *account.Passive.Start = episode.Duration(3 * time.Minute) })
	answer, err := a.Sync(t.Context())
	if err != nil || answer.Settings == nil || answer.Settings.Revision == before {
		t.Fatalf("changed settings were not sent: %v", err)
	}
	var document settings.Device
	if err := json.Unmarshal(answer.Settings.Document, &document); err != nil {
		t.Fatal(err)
	}
	if document.Device != a.Credential.Device || !document.Logins[`\ana`].Tracked {
		t.Errorf("document %s", answer.Settings.Document)
	}
	for _, revision := range []string{before, answer.Settings.Revision} {
		if _, err := h.registry.Document(t.Context(), revision); err != nil {
			t.Errorf("the registry lacks %s: %v", revision, err)
		}
	}
	// An agent that lost them says so by naming none.
	a.Revision = ""
	if again, err := a.Sync(t.Context()); err != nil || again.Settings.GetRevision() != answer.Settings.Revision {
		t.Errorf("lost settings were not sent again: %v", err)
	}
}

func TestADeviceDoesNotFillTheRegistryWithSettings(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	revisions := func() int {
		seen := map[string]bool{}
		for i := range renewalsPerHour + 10 {
			m := a.Request()
			m.Logins = []*agentv1.Login{{Account: fmt.Sprint("made up ", i)}}
			answer, err := a.Send(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Settings != nil {
				seen[answer.Settings.Revision] = true
			}
		}
		return len(seen)
	}
	if n := revisions(); n > renewalsPerHour {
		t.Errorf("%d documents within an hour", n)
	}
	h.later(time.Hour)
	if err := a.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := revisions(); n < 2 {
		t.Errorf("%d documents in the next hour", n)
	}
}

func TestADeviceIsToldOfItselfOnly(t *testing.T) {
	h := open(t, t.TempDir())
	a, other := h.enrolled(), h.enrolled()
	if _, err := other.Sync(t.Context(), other.Record(5*time.Minute, "canary")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.admin.DeleteDevice(t.Context(), deviceRequest(other)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.admin.UninstallDevice(t.Context(), deviceRequest(other)); err != nil {
		t.Fatal(err)
	}
	// It claims the other's stream, place in it, settings and login.
	a.Stream, a.Next, a.Digest = other.Stream, other.Next, other.Digest
	m := a.Request(a.Record(4*time.Minute, "own"))
	m.SettingsRevision = other.Revision
	m.Logins = []*agentv1.Login{{Authority: other.Credential.Device, Account: "ana"}}
	answer, err := a.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Tombstones) != 0 || len(answer.Directives) != 0 {
		t.Errorf("what is meant for another: %v, %v", answer.Tombstones, answer.Directives)
	}
	var document settings.Device
	if err := json.Unmarshal(answer.Settings.GetDocument(), &document); err != nil || document.Device != a.Credential.Device {
		t.Errorf("settings of %q, %v", document.Device, err)
	}
	answer.Settings.Document = nil // it repeats the login asked about
	if text := answer.String(); strings.Contains(text, other.Credential.Device) || strings.Contains(text, "canary") {
		t.Errorf("an answer tells of another device: %s", text)
	}
}

func TestUninstallAndDeleteAreTold(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	if _, err := a.Sync(t.Context(), a.Record(5*time.Minute, "canary")); err != nil {
		t.Fatal(err)
	}
	deleted, err := h.admin.DeleteDevice(t.Context(), deviceRequest(a))
	if err != nil || deleted.Msg.DeletedEpisodes != 1 {
		t.Fatalf("deleted %v, %v", deleted, err)
	}
	answer, err := a.Sync(t.Context(), a.Record(4*time.Minute, "late arrival"))
	if err != nil || len(answer.Tombstones) != 1 || answer.Tombstones[0].Login != nil {
		t.Fatalf("tombstones %v, %v", answer.GetTombstones(), err)
	}
	if stats, _ := h.store.Stats(t.Context()); stats.Episodes != 0 {
		t.Errorf("%d episodes after the deletion", stats.Episodes)
	}
	if _, err := h.admin.UninstallDevice(t.Context(), deviceRequest(a)); err != nil {
		t.Fatal(err)
	}
	answer, err = a.Sync(t.Context())
	// The second: to say anew what the deletion took of what it had said.
	if err != nil || len(answer.Directives) != 2 || !answer.Directives[0].GetUninstall() || !answer.Directives[1].GetResync() {
		t.Errorf("directives %v, %v", answer.GetDirectives(), err)
	}
}

func TestARenamedDeviceIsFlagged(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	m := a.Request()
	m.Facts = a.Facts
	m.Facts.Name = "another-\x1b[31mname"
	if _, err := a.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	h.agents.contacts.flush(t.Context())
	d, err := h.registry.Device(t.Context(), a.Credential.Device)
	if err != nil || d.Name != "another-[31mname" || len(d.Flags) != 1 || d.Flags[0] != collector.FlagRenamed {
		t.Errorf("device %+v, %v", d, err)
	}
}

func TestGoingBackToAnEarlierStreamAsksForARekey(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	copied := *a
	asks := func(agent *apitest.Agent) bool {
		answer, err := agent.Sync(t.Context(), agent.Record(time.Minute, "x"))
		if err != nil {
			t.Fatal(err)
		}
		return len(answer.Directives) > 0 && answer.Directives[0].GetRekey()
	}
	copied.NewStream()
	if asks(a) || asks(&copied) {
		t.Error("asked although streams only followed one another")
	}
	if !asks(a) {
		t.Error("two computers taking turns with one key were not noticed")
	}
	if asks(&copied) {
		t.Error("asked again within the hour")
	}
}

func TestContactsAndHealthAreKept(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	m := a.Request(a.Record(5*time.Minute, "x"))
	m.Health = &agentv1.Health{BufferedEpisodes: 7}
	if _, err := a.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	listed, err := h.admin.ListDevices(t.Context(), connect.NewRequest(&adminv1.ListDevicesRequest{}))
	if err != nil || len(listed.Msg.Devices) != 1 || listed.Msg.Devices[0].LastContact == "" || listed.Msg.Devices[0].LastEpisode == "" ||
		listed.Msg.Devices[0].State != "healthy" {
		t.Errorf("listing %v, %v", listed, err)
	}
	h.agents.contacts.flush(t.Context())
	if health, err := h.registry.Health(t.Context(), a.Credential.Device); err != nil || health.BufferedEpisodes != 7 {
		t.Errorf("health %v, %v", health, err)
	}
	m = a.Request()
	m.Health = &agentv1.Health{Errors: make([]string, 20000)}
	_, err = a.Send(t.Context(), m)
	wantCode(t, err, collector.BadRequest)
}

func TestBelowTheDiskFloorSyncsWaitAndAdministrationGoesOn(t *testing.T) {
	floor := func(bytes int64) option {
		return func(h *house, o *Options, _ *serverBounds) { o.Disk = NewDisk(h.dir, bytes) }
	}
	dir := t.TempDir()
	h := open(t, dir)
	a := h.enrolled()
	h.stop()
	full := open(t, dir, floor(1<<62))
	back := apitest.NewAgent(t, full.url(), full.client())
	back.Key, back.Credential, back.Revision = a.Key, a.Credential, a.Revision
	if err := back.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := back.Sync(t.Context(), back.Record(time.Minute, "x"))
	wantCode(t, err, collector.NoSpace)
	if answer := new(connect.Error); !asConnect(err, &answer) || answer.Code() != connect.CodeUnavailable || answer.Meta().Get("Retry-After") == "" {
		t.Errorf("code %v, Retry-After %q", answer.Code(), answer.Meta().Get("Retry-After"))
	}
	wantCode(t, apitest.NewAgent(t, full.url(), full.client()).Enroll(t.Context(), "x"), collector.NoSpace)
	if status := get(t, full, "/readyz"); status != 503 {
		t.Errorf("/readyz %d", status)
	}
	if status := get(t, full, "/livez"); status != 200 {
		t.Errorf("/livez %d", status)
	}
	if _, err := full.admin.DeleteDevice(t.Context(), deviceRequest(back)); err != nil {
		t.Errorf("deletion stopped too: %v", err)
	}
	if stats, _ := full.store.Stats(t.Context()); stats.Episodes != 0 {
		t.Errorf("%d episodes stored below the floor", stats.Episodes)
	}
}

func TestARestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	a := h.enrolled()
	if _, err := a.Sync(t.Context(), a.Record(5*time.Minute, "before")); err != nil {
		t.Fatal(err)
	}
	pins := h.keeper.Trust().Pins
	h.stop()
	again := open(t, dir)
	back := apitest.NewAgent(t, again.url(), apitest.PinnedClient(t, "127.0.0.1", pins...))
	back.Key, back.Credential, back.Revision, back.Token = a.Key, a.Credential, a.Revision, a.Token
	back.Stream, back.Next, back.Digest = a.Stream, a.Next, a.Digest
	_, err := back.Sync(t.Context())
	wantCode(t, err, collector.SignedOut)
	if err := back.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	answer, err := back.Sync(t.Context(), back.Record(4*time.Minute, "after"))
	if err != nil || answer.Settings != nil || answer.LastSequence != 2 {
		t.Errorf("answer %v, %v", answer, err)
	}
	if stats, _ := again.store.Stats(t.Context()); stats.Episodes != 2 {
		t.Errorf("%d episodes", stats.Episodes)
	}
}
