package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	"github.com/dayline-project/dayline/collector/sqlite"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/settings"
)

// deskOf is a simulated device: what it says at each sync.
type deskOf struct {
	*apitest.Agent
	device collector.Device
	update *agentv1.SelfUpdate
}

// yard is a collector with a shelf of signed releases, and many devices on Linux that came with version 1.0.0.
type yard struct {
	*house
	sign  func(files map[string][]byte) map[string][]byte
	desks []*deskOf
}

func newYard(t *testing.T, devices int) *yard {
	t.Helper()
	key, dir := shelftest.Signer(t), t.TempDir()
	y := &yard{sign: func(files map[string][]byte) map[string][]byte { return shelftest.Signed(t, files, key) }}
	registry, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for n := range devices {
		public := sha256.Sum256(fmt.Append(nil, n))
		one := collector.Device{
			ID: "d-" + hex.EncodeToString(public[:8]), PublicKey: public[:], Name: fmt.Sprintf("pc-%d", n), OS: "linux", Arch: "amd64",
			AgentVersion: "1.0.0", TimeZone: "UTC", EnrolledAt: time.Now(), LastContactAt: time.Now(),
		}
		if err := registry.AddDevice(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		y.desks = append(y.desks, &deskOf{device: one})
	}
	if err := registry.Close(); err != nil {
		t.Fatal(err)
	}
	y.house = open(t, dir, func(h *house, _ *Options, _ *serverBounds) { h.trusted = shelftest.Trust(1, key) })
	client := y.client()
	for _, one := range y.desks {
		one.Agent = apitest.NewAgent(t, y.url(), client)
	}
	return y
}

// shelve puts a release for Linux on the shelf, and a channel whose newest it is.
func (y *yard) shelve(channel int, newest string, withdrawn ...string) {
	y.t.Helper()
	files := shelftest.Updating(y.t, newest, release.Linux)
	for name, text := range shelftest.Channel(y.t, channel, y.now(), newest, "", withdrawn...) {
		files[name] = text
	}
	if _, err := y.shelf.Add(shelftest.Sent(y.sign(files))); err != nil {
		y.t.Fatal(err)
	}
	y.shown()
}

// shown is what updates.show answers, of Linux.
func (y *yard) shown() *adminv1.UpdateAim {
	y.t.Helper()
	y.agents.contacts.flush(y.t.Context())
	answer, err := y.admin.ShowUpdates(y.t.Context(), connect.NewRequest(&adminv1.ShowUpdatesRequest{}))
	if err != nil {
		y.t.Fatal(err)
	}
	if len(answer.Msg.Aims) != 1 {
		y.t.Fatalf("aims: %v", answer.Msg.Aims)
	}
	return answer.Msg.Aims[0]
}

// come has devices sync, and gives what each was told to become.
func (y *yard) come(desks ...*deskOf) map[*deskOf]*agentv1.Update {
	y.t.Helper()
	told := map[*deskOf]*agentv1.Update{}
	var mu sync.Mutex
	var all sync.WaitGroup
	waiting := make(chan *deskOf)
	for range 4 {
		all.Go(func() {
			for one := range waiting {
				update, err := y.comes(one)
				if err != nil {
					y.t.Error(err)
				}
				if update != nil {
					mu.Lock()
					told[one] = update
					mu.Unlock()
				}
			}
		})
	}
	for _, one := range desks {
		waiting <- one
	}
	close(waiting)
	all.Wait()
	return told
}

func (y *yard) comes(one *deskOf) (*agentv1.Update, error) {
	one.Token, _ = y.agents.proofs.token(one.device.ID, one.device.PublicKey)
	m := one.Request()
	m.Batch, m.Facts, m.Health = nil, factsOf(one.device), &agentv1.Health{Update: one.update}
	answer, err := one.Send(context.WithoutCancel(y.t.Context()), m)
	if err != nil {
		return nil, err
	}
	if answer.Settings != nil {
		one.Revision = answer.Settings.Revision
	}
	for _, d := range answer.Directives {
		if d.GetUpdate() != nil {
			return d.GetUpdate(), nil
		}
	}
	return nil, nil
}

// obey has devices become what they were told.
func (y *yard) obey(told map[*deskOf]*agentv1.Update) {
	y.t.Helper()
	var all []*deskOf
	for one, update := range told {
		one.device.AgentVersion = update.Version
		all = append(all, one)
	}
	if again := y.come(all...); len(again) > 0 {
		y.t.Errorf("%d devices are told what they run", len(again))
	}
}

// goBack has devices fail to become what they were told.
func (y *yard) goBack(desks ...*deskOf) {
	y.t.Helper()
	for _, one := range desks {
		one.update = &agentv1.SelfUpdate{Failed: []*agentv1.FailedUpdate{{
			Version: y.shown().Version, Step: "probation", Reason: "it did not come up", AtMs: y.now().UnixMilli(), RolledBack: true,
		}}}
	}
	y.come(desks...)
}

func (y *yard) policy(policy settings.UpdatePolicy) {
	y.t.Helper()
	y.rules.change(func(a *settings.Account) { a.Updates.Linux = policy })
	y.shown()
}

func (y *yard) set(m *adminv1.SetRolloutRequest) (*adminv1.UpdateAim, error) {
	m.Os = "linux"
	answer, err := y.admin.SetRollout(y.t.Context(), connect.NewRequest(m))
	if err != nil {
		return nil, err
	}
	return answer.Msg.Aim, nil
}

func (y *yard) audited(action string) (n int) {
	y.t.Helper()
	entries, err := y.registry.AuditEntries(y.t.Context(), 0, 10000)
	if err != nil {
		y.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Action == action {
			n++
		}
	}
	return n
}

func refusedWith(t *testing.T, err error, code connect.Code, words string) {
	t.Helper()
	if connect.CodeOf(err) != code || !strings.Contains(err.Error(), words) {
		t.Errorf("%v: want %v, %q", err, code, words)
	}
}

// A thousand devices are taken to a version by the plan; a bad one halts by itself at the first step.
func TestARollOut(t *testing.T) {
	y := newYard(t, 1000)
	if aim := y.shown(); aim.Version != "" || aim.Light != "red" || !strings.Contains(aim.Reason, "channel") {
		t.Fatalf("without a channel: %v", aim)
	}
	if told := y.come(y.desks...); len(told) > 0 {
		t.Fatalf("%d devices are told something, and nothing is there", len(told))
	}
	y.shelve(1, "1.1.0")
	there := 0
	for step, about := range []struct{ percent, least, most int }{{1, 2, 25}, {10, 70, 130}, {50, 440, 560}, {100, 1000, 1000}} {
		if step > 0 {
			y.later(23 * time.Hour)
			if aim := y.shown(); int(aim.NextPercent) != about.percent {
				t.Fatalf("before its time: %v", aim)
			}
			y.later(time.Hour)
		}
		aim := y.shown()
		if int(aim.Percent) != about.percent || aim.Lost != 0 || int(aim.Tried) != there {
			t.Fatalf("step %d: %v", step, aim)
		}
		told := y.come(y.desks...)
		for one, update := range told {
			if update.Version != "1.1.0" || update.Pinned || update.Now || one.device.AgentVersion != "1.0.0" {
				t.Fatalf("told %v, runs %s", update, one.device.AgentVersion)
			}
		}
		y.obey(told)
		if there += len(told); there < about.least || there > about.most {
			t.Fatalf("%d %%: %d devices", about.percent, there)
		}
		if aim = y.shown(); int(aim.There) != there || aim.Devices != 1000 {
			t.Fatalf("there: %v, want %d", aim, there)
		}
	}
	if aim := y.shown(); aim.Light != "green" || aim.Next != "" || y.audited("rollout.begin") != 1 || y.audited("rollout.raise") != 3 {
		t.Errorf("at the end: %v", aim)
	}

	y.shelve(2, "1.2.0")
	told := y.come(y.desks...)
	if len(told) == 0 {
		t.Fatal("nobody is in one per cent of a thousand")
	}
	first := make([]*deskOf, 0, len(told))
	for one := range told {
		first = append(first, one)
	}
	y.goBack(first[0])
	aim := y.shown()
	if aim.Light != "red" || aim.Lost != 1 || aim.HaltedBy != "" || !strings.Contains(aim.HaltedWhy, "1 went back") || y.audited("rollout.halt") != 1 {
		t.Fatalf("a bad one: %v", aim)
	}
	y.later(48 * time.Hour)
	if aim := y.shown(); aim.Percent != 1 || aim.Next != "" {
		t.Errorf("it goes on, halted: %v", aim)
	}
	if told := y.come(y.desks...); len(told) > 0 {
		t.Errorf("%d devices are told, halted", len(told))
	}
}

// What administrators do by hand, and what the account says.
func TestUpdatesAreSteered(t *testing.T) {
	y := newYard(t, 30)
	y.shelve(1, "1.1.0")
	y.shelve(2, "1.2.0")
	raise := func(percent int32) *adminv1.SetRolloutRequest {
		return &adminv1.SetRolloutRequest{Version: "1.2.0", Act: &adminv1.SetRolloutRequest_Percent{Percent: percent}}
	}
	halt := &adminv1.SetRolloutRequest{Version: "1.2.0", Act: &adminv1.SetRolloutRequest_Halt{Halt: true}}
	goOn := &adminv1.SetRolloutRequest{Version: "1.2.0", Act: &adminv1.SetRolloutRequest_GoOn{GoOn: true}}
	_, err := y.set(&adminv1.SetRolloutRequest{Version: "1.1.0", Act: raise(50).Act})
	refusedWith(t, err, connect.CodeAborted, "aims at 1.2.0")
	_, err = y.set(raise(1))
	refusedWith(t, err, connect.CodeInvalidArgument, "1 is not more than the 1 %")
	_, err = y.set(raise(101))
	refusedWith(t, err, connect.CodeInvalidArgument, "100 at most")
	if aim, err := y.set(raise(60)); err != nil || aim.Percent != 60 || aim.NextPercent != 100 {
		t.Fatalf("raised: %v, %v", aim, err)
	}
	in := len(y.come(y.desks...))
	if in < 8 || in == 30 {
		t.Fatalf("60 %% of 30: %d", in)
	}
	if aim, err := y.set(halt); err != nil || aim.HaltedBy == "" || aim.Light != "red" {
		t.Fatalf("halted: %v, %v", aim, err)
	}
	_, err = y.set(raise(100))
	refusedWith(t, err, connect.CodeAborted, "let it go on first")
	if told := y.come(y.desks...); len(told) > 0 {
		t.Errorf("halted, and %d are told", len(told))
	}
	if aim, err := y.set(goOn); err != nil || aim.Halted != "" || aim.Light != "yellow" {
		t.Fatalf("let go on: %v, %v", aim, err)
	}
	y.policy(settings.UpdatePolicy{Mode: "paused"})
	if aim, told := y.shown(), y.come(y.desks...); aim.Light != "yellow" || aim.Reason != "paused" || len(told) > 0 {
		t.Errorf("paused: %v, %d told", aim, len(told))
	}
	y.later(72 * time.Hour)
	y.policy(settings.UpdatePolicy{Mode: "latest"})
	if aim := y.shown(); aim.Percent != 60 {
		t.Errorf("the plan went on while it was paused: %v", aim)
	}
	y.obey(y.come(y.desks...))
	y.policy(settings.UpdatePolicy{Pinned: "1.1.0"})
	if told := y.come(y.desks...); len(told) != 30 || !told[y.desks[0]].Pinned || told[y.desks[0]].Version != "1.1.0" {
		t.Errorf("pinned: %d told", len(told))
	}
	y.policy(settings.UpdatePolicy{Mode: "off"})
	if aim, told := y.shown(), y.come(y.desks...); aim.Light != "red" || aim.Version != "" || len(told) > 0 {
		t.Errorf("off: %v, %d told", aim, len(told))
	}
	if got := [3]int{y.audited("rollout.raise"), y.audited("rollout.halt"), y.audited("rollout.go_on")}; got != [3]int{1, 1, 1} {
		t.Errorf("audited: %v", got)
	}
}

// One device is told to update now, whatever the others are; not what was withdrawn, and not where it cannot.
func TestADeviceUpdatesNow(t *testing.T) {
	y := newYard(t, 3)
	y.shelve(1, "1.1.0")
	y.shelve(2, "1.2.0")
	y.policy(settings.UpdatePolicy{Mode: "paused"})
	desk, ctx := y.desks[0], t.Context()
	order := func(m *adminv1.UpdateDeviceRequest) (string, error) {
		m.Id = desk.device.ID
		answer, err := y.admin.UpdateDevice(ctx, connect.NewRequest(m))
		if err != nil {
			return "", err
		}
		return answer.Msg.Version, nil
	}
	is := func(want string) {
		t.Helper()
		told := y.come(y.desks...)
		if got := told[desk].GetVersion(); got != want || len(told) > 1 || want != "" && !told[desk].Now {
			t.Fatalf("told %v, want %q", told, want)
		}
	}
	if version, err := order(&adminv1.UpdateDeviceRequest{}); err != nil || version != "1.2.0" {
		t.Fatal(version, err)
	}
	is("1.2.0")
	is("1.2.0")
	devices, err := y.admin.ListDevices(ctx, connect.NewRequest(&adminv1.ListDevicesRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range devices.Msg.Devices {
		if want := map[bool]string{true: "1.2.0"}[row.Id == desk.device.ID]; row.Update.GetVersion() != want {
			t.Errorf("%s: update %v, want %q", row.Name, row.Update, want)
		}
	}
	y.goBack(desk)
	is("")
	y.shown()
	if _, err := order(&adminv1.UpdateDeviceRequest{Cancel: true}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("it failed, and the order stayed: %v", err)
	}
	// Again: what failed before does not end it.
	if _, err := order(&adminv1.UpdateDeviceRequest{Version: "1.2.0"}); err != nil {
		t.Fatal(err)
	}
	is("1.2.0")
	if _, err := order(&adminv1.UpdateDeviceRequest{Cancel: true}); err != nil {
		t.Fatal(err)
	}
	is("")
	if _, err := order(&adminv1.UpdateDeviceRequest{Version: "1.1.0"}); err != nil {
		t.Fatal(err)
	}
	is("1.1.0")
	y.obey(y.come(desk))
	y.shown()
	_, err = order(&adminv1.UpdateDeviceRequest{Version: "1.1.0"})
	refusedWith(t, err, connect.CodeAborted, "runs 1.1.0 already")
	_, err = order(&adminv1.UpdateDeviceRequest{Version: "9.9.9"})
	refusedWith(t, err, connect.CodeNotFound, "not on the shelf")
	if _, err := order(&adminv1.UpdateDeviceRequest{Version: "1.2.0"}); err != nil {
		t.Fatal(err)
	}
	y.shelve(3, "1.3.0", "1.2.0")
	is("")
	_, err = order(&adminv1.UpdateDeviceRequest{Version: "1.2.0"})
	refusedWith(t, err, connect.CodeNotFound, "withdrawn")
	desk.update = &agentv1.SelfUpdate{Off: "a package manager updates this installation"}
	is("")
	if aim := y.shown(); aim.Elsewhere != 1 {
		t.Errorf("elsewhere: %v", aim)
	}
	_, err = order(&adminv1.UpdateDeviceRequest{})
	refusedWith(t, err, connect.CodeAborted, "package manager")
	desk.update = nil
	y.policy(settings.UpdatePolicy{Mode: "off"})
	_, err = order(&adminv1.UpdateDeviceRequest{})
	refusedWith(t, err, connect.CodeAborted, "is off")
}
