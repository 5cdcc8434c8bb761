// Package registrytest holds what any engine of collector.Registry must do.
package registrytest

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// Open opens the registry kept at a place of the test's own; opened again, it has what it had.
type Open func(t *testing.T, dir string) collector.Registry

// Run holds an engine to the interface.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, collector.Registry){
		"enrolment":        enrolment,
		"enrolment rate":   enrolmentRate,
		"enrolment race":   enrolmentRace,
		"devices":          devices,
		"rekey":            rekey,
		"contacts":         contacts,
		"links":            links,
		"downloads":        downloads,
		"people":           people,
		"people race":      peopleRace,
		"bound of logins":  loginBound,
		"login names":      loginNames,
		"credentials":      credentials,
		"tokens":           tokens,
		"agents' sessions": sessionsOfAgents,
		"totp":             totp,
		"passkeys":         passkeys,
		"spans":            spans,
		"flood of spans":   spanFlood,
		"documents":        documents,
		"tombstones":       tombstones,
		"old spans":        oldSpans,
		"pruning":          pruning,
		"forgetting":       forgetting,
		"work":             work,
		"roll-outs":        rollouts,
		"update orders":    updateOrders,
		"version since":    versionSince,
		"past revisions":   editedRevisions,
		"audit":            audit,
		"audit race":       auditRace,
		"secrets":          secrets,
		"file revisions":   fileRevisions,
		"hostile values":   hostileValues,
		"unknown things":   unknownThings,
		"cancelled":        cancelled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registry := open(t, t.TempDir())
			t.Cleanup(func() { check(t, registry.Close()) })
			test(t, registry)
		})
	}
	t.Run("kept", func(t *testing.T) { t.Parallel(); kept(t, open) })
	t.Run("backup", func(t *testing.T) { t.Parallel(); backup(t, open) })
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		check(t, err)
		return value
	}
}

// refused wants an error of this code.
func refused(t *testing.T, err error, code collector.Code) {
	t.Helper()
	if got := collector.CodeOf(err); got != code {
		t.Fatalf("got %q (%v), want %q", got, err, code)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func errOf[T any](_ T, err error) error { return err }

func size(m *sync.Map) (n int) {
	m.Range(func(any, any) bool { n++; return true })
	return n
}

// together runs do(0)…do(n-1) at once.
func together(n int, do func(int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

func hostileValues(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	for n, hostile := range []string{
		"'; DROP TABLE devices; --", `"quoted"`, "nul\x00inside", "\xff\xfe not UTF-8", "\u202egnirts", "=HYPERLINK(\"x\")",
		"%s%n?1:name@x$y", "\x1f", "", "line\nbreak", string(bytes.Repeat([]byte("é"), 5000)),
	} {
		d := device(n)
		d.Name, d.Hardware, d.Flags = hostile, hostile, []string{"flag" + hostile}
		check(t, r.AddDevice(ctx, d))
		equal(t, "name", must[collector.Device](t)(r.Device(ctx, d.ID)).Name, hostile)
		refused(t, errOf(r.Device(ctx, hostile)), collector.NotFound)
		login := stream.Login{Authority: hostile, Account: "a" + hostile, Name: hostile}
		got := must[map[string]collector.Login](t)(r.LoginPeople(ctx, d.ID, []stream.Login{login}))
		equal(t, "login", len(got), 1)
		e := collector.AuditEntry{At: noon, Actor: hostile, Action: hostile, Subject: hostile, Detail: hostile}
		check(t, r.Audit(ctx, e))
		e.Sequence = uint64(n + 1)
		equal(t, "audit", must[[]collector.AuditEntry](t)(r.AuditEntries(ctx, uint64(n), 1))[0], e)
	}
	verified(t, r, 11)
	equal(t, "devices", len(must[[]collector.Device](t)(r.Devices(ctx))), 11)
}

func unknownThings(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	for name, err := range map[string]error{
		"device":    errOf(r.Device(ctx, "d-0")),
		"key":       errOf(r.DeviceByKey(ctx, make([]byte, 32))),
		"health":    errOf(r.Health(ctx, "d-0")),
		"rekey":     r.RekeyDevice(ctx, "d-0", make([]byte, 32), device(1).PublicKey),
		"flag":      r.FlagDevice(ctx, "d-0", "x"),
		"revoke":    r.RevokeDevice(ctx, "d-0", noon),
		"uninstall": r.UninstallDevice(ctx, "d-0", noon),
		"link":      r.RevokeLink(ctx, "l-0", noon),
		"spans":     r.PutSpans(ctx, "d-0", []*agentv1.Span{span('a', noon, time.Hour)}),
		"document":  errOf(r.Document(ctx, "r-0")),
	} {
		if collector.CodeOf(err) != collector.NotFound {
			t.Errorf("%s: got %v, want not_found", name, err)
		}
	}
}

func cancelled(t *testing.T, r collector.Registry) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.AddDevice(ctx, device(1)); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want cancelled", err)
	}
	equal(t, "devices", len(must[[]collector.Device](t)(r.Devices(t.Context()))), 0)
}

// kept closes and opens a registry: everything is as it was.
func kept(t *testing.T, open Open) {
	dir, ctx := t.TempDir(), t.Context()
	r := open(t, dir)
	d := addDevice(t, r, 1)
	check(t, r.CreateLink(ctx, link("l-1", 1, 1), secretHash("one")))
	check(t, r.Audit(ctx, entry(1)))
	secret := must[[]byte](t)(r.Secret(ctx, "ca", func() ([]byte, error) { return []byte("kept"), nil }))
	check(t, r.Close())
	r = open(t, dir)
	t.Cleanup(func() { check(t, r.Close()) })
	equal(t, "device", must[collector.Device](t)(r.Device(ctx, d.ID)).Name, d.Name)
	equal(t, "links", len(must[[]collector.Link](t)(r.Links(ctx))), 1)
	verified(t, r, 1)
	again := must[[]byte](t)(r.Secret(ctx, "ca", func() ([]byte, error) { return nil, errors.New("made anew") }))
	equal(t, "secret", string(again), string(secret))
}

// backup copies a registry that is being written to and opens the copy.
func backup(t *testing.T, open Open) {
	ctx := t.Context()
	r := open(t, t.TempDir())
	t.Cleanup(func() { check(t, r.Close()) })
	must[[]byte](t)(r.Secret(ctx, "ca", func() ([]byte, error) { return []byte("kept"), nil }))
	busy, stop := context.WithCancel(ctx)
	var writing sync.WaitGroup
	writing.Go(func() {
		for n := 0; busy.Err() == nil; n++ {
			if err := r.Audit(ctx, entry(n)); err != nil {
				t.Error(err)
			}
		}
	})
	dir := t.TempDir()
	err := r.BackupTo(ctx, filepath.Join(dir, "registry.db"))
	stop()
	writing.Wait()
	check(t, err)
	if err := r.BackupTo(ctx, filepath.Join(dir, "registry.db")); err == nil {
		t.Fatal("a backup may not replace a file")
	}
	restored := open(t, dir)
	t.Cleanup(func() { check(t, restored.Close()) })
	_, problem, err := restored.VerifyAudit(ctx)
	check(t, err)
	equal(t, "problem", problem, "")
	again := must[[]byte](t)(restored.Secret(ctx, "ca", func() ([]byte, error) { return nil, errors.New("made anew") }))
	equal(t, "secret", string(again), "kept")
}
