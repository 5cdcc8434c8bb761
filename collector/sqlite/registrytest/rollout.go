package registrytest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

func rollouts(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	linux := collector.Rollout{
		OS: "linux", Version: "1.2.0", Percent: 10, BeganAt: noon, RaisedAt: noon.Add(time.Hour), CountedFrom: noon.Add(2 * time.Hour),
		StoodAt: noon.Add(3 * time.Hour), HaltedAt: noon.Add(4 * time.Hour), HaltedBy: "ada@example.com", HaltedWhy: "slow",
	}
	windows := collector.Rollout{OS: "windows", Version: "1.2.0", Percent: 1, BeganAt: noon, RaisedAt: noon, CountedFrom: noon}
	check(t, r.PutRollout(ctx, windows))
	check(t, r.PutRollout(ctx, linux, entry(1)))
	if diff := cmp.Diff([]collector.Rollout{linux, windows}, must[[]collector.Rollout](t)(r.Rollouts(ctx))); diff != "" {
		t.Errorf("kept otherwise: %s", diff)
	}
	verified(t, r, 1)
	linux.Percent, linux.StoodAt, linux.HaltedAt, linux.HaltedBy, linux.HaltedWhy = 50, time.Time{}, time.Time{}, "", ""
	check(t, r.PutRollout(ctx, linux))
	if diff := cmp.Diff([]collector.Rollout{linux, windows}, must[[]collector.Rollout](t)(r.Rollouts(ctx))); diff != "" {
		t.Errorf("changed otherwise: %s", diff)
	}
	linux.Percent = 101
	refused(t, r.PutRollout(ctx, linux, entry(2)), collector.BadRequest)
	verified(t, r, 1)
}

func updateOrders(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	d := addDevice(t, r, 1)
	order := collector.UpdateOrder{Device: d.ID, Version: "1.2.0", Pinned: true, At: noon, By: "ada@example.com", FailedMs: 7}
	check(t, r.PutUpdateOrder(ctx, collector.UpdateOrder{Device: d.ID, Version: "1.1.0", At: noon}))
	check(t, r.PutUpdateOrder(ctx, order, entry(1)))
	if diff := cmp.Diff([]collector.UpdateOrder{order}, must[[]collector.UpdateOrder](t)(r.UpdateOrders(ctx))); diff != "" {
		t.Errorf("kept otherwise: %s", diff)
	}
	order.Device = "d-0"
	refused(t, r.PutUpdateOrder(ctx, order, entry(2)), collector.NotFound)
	verified(t, r, 1)
	check(t, r.EndUpdateOrder(ctx, d.ID, entry(2)))
	refused(t, r.EndUpdateOrder(ctx, d.ID, entry(3)), collector.NotFound)
	verified(t, r, 2)
	equal(t, "orders", len(must[[]collector.UpdateOrder](t)(r.UpdateOrders(ctx))), 0)
}

func versionSince(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	d := addDevice(t, r, 1)
	at := noon
	comes := func(version string) time.Time {
		t.Helper()
		at = at.Add(time.Hour)
		check(t, r.Contacts(ctx, []collector.Contact{{Device: d.ID, At: at, Facts: &agentv1.DeviceFacts{Name: d.Name, Os: d.OS, AgentVersion: version}}}))
		return must[collector.Device](t)(r.Device(ctx, d.ID)).VersionAt
	}
	equal(t, "the first that it tells", comes("8.0.0"), time.Time{})
	equal(t, "another", comes("9.0.0"), noon.Add(2*time.Hour))
	equal(t, "the same", comes("9.0.0"), noon.Add(2*time.Hour))
	equal(t, "the one before", comes("8.0.0"), noon.Add(4*time.Hour))
}
