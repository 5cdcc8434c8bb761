// Package registrytest holds what any engine of collector.Registry must do.
package registrytest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// Open opens the registry kept at a place of the test's own; opened again, it has what it had.
type Open func(t *testing.T, dir string) collector.Registry

// Run holds an engine to the interface.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, collector.Registry){
		"enrolment":       enrolment,
		"enrolment rate":  enrolmentRate,
		"enrolment race":  enrolmentRace,
		"devices":         devices,
		"rekey":           rekey,
		"contacts":        contacts,
		"links":           links,
		"people":          people,
		"people race":     peopleRace,
		"bound of logins": loginBound,
		"spans":           spans,
		"flood of spans":  spanFlood,
		"documents":       documents,
		"tombstones":      tombstones,
		"audit":           audit,
		"audit race":      auditRace,
		"secrets":         secrets,
		"file revisions":  fileRevisions,
		"hostile values":  hostileValues,
		"unknown things":  unknownThings,
		"cancelled":       cancelled,
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

func device(n int) collector.Device {
	key := sha256.Sum256(fmt.Append(nil, "key", n))
	return collector.Device{ID: fmt.Sprintf("d-%016x", n), PublicKey: key[:], Name: fmt.Sprint("PC-", n), OS: "linux"}
}

func addDevice(t *testing.T, r collector.Registry, n int) collector.Device {
	t.Helper()
	d := device(n)
	check(t, r.AddDevice(t.Context(), d))
	return d
}

func link(id string, devices, perMinute int) collector.Link {
	return collector.Link{
		ID: id, OS: "linux", CreatedAt: noon, ExpiresAt: noon.Add(72 * time.Hour), CreatedBy: "ada@example.com",
		MaxDevices: devices, MaxPerMinute: perMinute,
	}
}

func secretHash(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

func enrolment(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	check(t, r.CreateLink(ctx, link("l-1", 2, 100), secretHash("one")))
	refused(t, r.CreateLink(ctx, link("l-1", 2, 100), secretHash("two")), collector.Conflict)
	refused(t, r.CreateLink(ctx, link("l-2", 2, 100), secretHash("one")), collector.Conflict)
	refused(t, r.Enroll(ctx, secretHash("wrong"), device(1), noon), collector.BadSecret)
	check(t, r.Enroll(ctx, secretHash("one"), device(1), noon))
	refused(t, r.Enroll(ctx, secretHash("one"), device(1), noon), collector.Conflict)
	got := must[collector.Device](t)(r.Device(ctx, device(1).ID))
	equal(t, "link", got.LinkID, "l-1")
	equal(t, "enrolled", got.EnrolledAt, noon)
	refused(t, r.Enroll(ctx, secretHash("one"), device(2), noon.Add(72*time.Hour)), collector.Expired)
	check(t, r.Enroll(ctx, secretHash("one"), device(2), noon.Add(72*time.Hour-time.Millisecond)))
	refused(t, r.Enroll(ctx, secretHash("one"), device(3), noon), collector.UsedUp)
	refused(t, errOf(r.Device(ctx, device(3).ID)), collector.NotFound)
	equal(t, "devices", must[[]collector.Link](t)(r.Links(ctx))[0].Devices, 2)

	check(t, r.CreateLink(ctx, link("l-3", 2, 100), secretHash("three")))
	check(t, r.RevokeLink(ctx, "l-3", noon))
	refused(t, r.Enroll(ctx, secretHash("three"), device(3), noon), collector.Revoked)
}

func errOf[T any](_ T, err error) error { return err }

func enrolmentRate(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	check(t, r.CreateLink(ctx, link("l-1", 500, 0), secretHash("one")))
	check(t, r.CreateLink(ctx, link("l-2", 500, 0), secretHash("two")))
	for n := range collector.DefaultMaxPerMinute {
		check(t, r.Enroll(ctx, secretHash("one"), device(n), noon.Add(time.Duration(n)*time.Second)))
	}
	refused(t, r.Enroll(ctx, secretHash("one"), device(100), noon.Add(59*time.Second)), collector.TooMany)
	check(t, r.Enroll(ctx, secretHash("two"), device(200), noon.Add(59*time.Second)))
	check(t, r.Enroll(ctx, secretHash("one"), device(100), noon.Add(60*time.Second)))
}

func enrolmentRace(t *testing.T, r collector.Registry) {
	check(t, r.CreateLink(t.Context(), link("l-1", 5, 100), secretHash("one")))
	var accepted, usedUp sync.Map
	together(20, func(n int) {
		err := r.Enroll(t.Context(), secretHash("one"), device(n), noon)
		switch collector.CodeOf(err) {
		case "":
			accepted.Store(n, true)
		case collector.UsedUp:
			usedUp.Store(n, true)
		default:
			t.Error(err)
		}
	})
	equal(t, "accepted", size(&accepted), 5)
	equal(t, "used up", size(&usedUp), 15)
	equal(t, "devices", len(must[[]collector.Device](t)(r.Devices(t.Context()))), 5)
}

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

func devices(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	want := collector.Device{
		ID: "d-00000000000000ff", PublicKey: device(255).PublicKey, Name: "PC", OS: "windows", OSVersion: "11", Arch: "amd64",
		AgentVersion: "1.2.3", Hardware: "abc", TimeZone: "Europe/Lisbon", Flags: []string{"cloned", "replaces?"}, EnrolledAt: noon,
	}
	check(t, r.AddDevice(ctx, want))
	refused(t, r.AddDevice(ctx, want), collector.Conflict)
	other := device(1)
	other.ID = want.ID
	refused(t, r.AddDevice(ctx, other), collector.Conflict)
	short := device(2)
	short.PublicKey = short.PublicKey[:31]
	refused(t, r.AddDevice(ctx, short), collector.BadRequest)

	got := must[collector.Device](t)(r.Device(ctx, want.ID))
	equal(t, "device", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
	equal(t, "by key", must[collector.Device](t)(r.DeviceByKey(ctx, want.PublicKey)).ID, want.ID)

	check(t, r.FlagDevice(ctx, want.ID, "fork"))
	check(t, r.FlagDevice(ctx, want.ID, "fork"))
	check(t, r.RevokeDevice(ctx, want.ID, noon))
	check(t, r.RevokeDevice(ctx, want.ID, noon.Add(time.Hour)))
	check(t, r.UninstallDevice(ctx, want.ID, noon))
	got = must[collector.Device](t)(r.Device(ctx, want.ID))
	equal(t, "flags", fmt.Sprint(got.Flags), "[cloned fork replaces?]")
	equal(t, "revoked", got.RevokedAt, noon)
	equal(t, "uninstall", got.UninstallAt, noon)
}

func rekey(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	first, second, third := addDevice(t, r, 1), addDevice(t, r, 2), device(3)
	refused(t, r.RekeyDevice(ctx, first.ID, first.PublicKey, second.PublicKey), collector.Conflict)
	refused(t, r.RekeyDevice(ctx, first.ID, second.PublicKey, third.PublicKey), collector.Conflict)
	equal(t, "replaced before", must[bool](t)(r.KeyReplaced(ctx, first.PublicKey)), false)
	check(t, r.RekeyDevice(ctx, first.ID, first.PublicKey, third.PublicKey))
	equal(t, "replaced after", must[bool](t)(r.KeyReplaced(ctx, first.PublicKey)), true)
	refused(t, errOf(r.DeviceByKey(ctx, first.PublicKey)), collector.NotFound)
	equal(t, "by new key", must[collector.Device](t)(r.DeviceByKey(ctx, third.PublicKey)).ID, first.ID)
	refused(t, r.RekeyDevice(ctx, first.ID, first.PublicKey, device(4).PublicKey), collector.Conflict)
	again := device(5)
	again.PublicKey = first.PublicKey
	refused(t, r.AddDevice(ctx, again), collector.Conflict)
}

func contacts(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	first, second := addDevice(t, r, 1), addDevice(t, r, 2)
	check(t, r.Contacts(ctx, nil))
	check(t, r.Contacts(ctx, []collector.Contact{
		{Device: first.ID, At: noon.Add(time.Minute), LastEpisodeAt: noon},
		{Device: "d-unknown", At: noon},
		{
			Device: second.ID, At: noon,
			Facts:  &agentv1.DeviceFacts{Name: "NEW", Os: "macos", OsVersion: "15", AgentVersion: "2", TimeZone: "Asia/Tokyo"},
			Health: &agentv1.Health{BufferedEpisodes: 7, Errors: []string{"buffer: append: disk full"}},
		},
		{Device: first.ID, At: noon},
	}))
	got := must[collector.Device](t)(r.Device(ctx, first.ID))
	equal(t, "newest contact", got.LastContactAt, noon.Add(time.Minute))
	equal(t, "last episode", got.LastEpisodeAt, noon)
	equal(t, "name", got.Name, first.Name)
	got = must[collector.Device](t)(r.Device(ctx, second.ID))
	equal(t, "new name", got.Name+got.OS+got.OSVersion+got.AgentVersion+got.TimeZone, "NEWmacos152Asia/Tokyo")
	equal(t, "no episode", got.LastEpisodeAt, time.Time{})
	equal(t, "health", must[*agentv1.Health](t)(r.Health(ctx, second.ID)).GetBufferedEpisodes(), int64(7))
	equal(t, "no health", proto.Size(must[*agentv1.Health](t)(r.Health(ctx, first.ID))), 0)
}

func links(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	refused(t, r.CreateLink(ctx, link("l-0", 0, 0), secretHash("zero")), collector.BadRequest)
	older, newer := link("l-1", 5, 3), link("l-2", 500, 10)
	newer.CreatedAt, newer.ExpiresAt = noon.Add(time.Hour), noon.Add(2*time.Hour)
	check(t, r.CreateLink(ctx, older, secretHash("one")))
	check(t, r.CreateLink(ctx, newer, secretHash("two")))
	check(t, r.RevokeLink(ctx, "l-1", noon.Add(time.Minute)))
	check(t, r.RevokeLink(ctx, "l-1", noon.Add(time.Hour)))
	older.RevokedAt = noon.Add(time.Minute)
	got := must[[]collector.Link](t)(r.Links(ctx))
	equal(t, "links", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", []collector.Link{newer, older}))
}

func people(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	first, second := addDevice(t, r, 1), addDevice(t, r, 2)
	ana := stream.Login{Account: "Ana", Name: `PC-1\Ana`}
	max := stream.Login{Authority: "S-1-5-21", Account: "1104", Name: `CORP\max`}
	got := must[map[string]collector.Login](t)(r.LoginPeople(ctx, first.ID, []stream.Login{ana, max}))
	anaKey, maxKey := collector.LoginKey(first.ID, ana), collector.LoginKey(first.ID, max)
	equal(t, "logins", len(got), 2)
	if got[anaKey].Person == got[maxKey].Person || len(got[anaKey].Person) != len("p-")+12 {
		t.Fatalf("two logins, two people: %v", got)
	}
	equal(t, "local to", got[anaKey].Device, first.ID)
	equal(t, "directory account", got[maxKey].Device, "")

	// The same directory account elsewhere is the same login; a local account of the same name is another.
	max.Name = `CORP\maximilian`
	elsewhere := must[map[string]collector.Login](t)(r.LoginPeople(ctx, second.ID, []stream.Login{ana, max}))
	equal(t, "one person", elsewhere[maxKey].Person, got[maxKey].Person)
	equal(t, "renamed", elsewhere[maxKey].Name, `CORP\maximilian`)
	if _, same := elsewhere[anaKey]; same {
		t.Fatal("a local account of another device is another login")
	}
	everybody := must[[]collector.Person](t)(r.People(ctx))
	equal(t, "people", len(everybody), 3)
	equal(t, "all logins", len(must[[]collector.Login](t)(r.Logins(ctx))), 3)
	i := slices.IndexFunc(everybody, func(p collector.Person) bool { return p.ID == got[maxKey].Person })
	equal(t, "their logins", fmt.Sprint(everybody[i].Logins), `[CORP\maximilian]`)
	refused(t, errOf(r.LoginPeople(ctx, first.ID, []stream.Login{{Name: "nobody"}})), collector.BadRequest)
}

func peopleRace(t *testing.T, r collector.Registry) {
	login := stream.Login{Authority: "EXAMPLE.COM", Account: "ana", Name: `EXAMPLE\ana`}
	ids := make([]string, 16)
	together(len(ids), func(n int) {
		got, err := r.LoginPeople(t.Context(), fmt.Sprint("d-", n), []stream.Login{login})
		if err != nil {
			t.Error(err)
		}
		ids[n] = got[collector.LoginKey("", login)].Person
	})
	equal(t, "people", len(slices.Compact(ids)), 1)
}

func loginBound(t *testing.T, r collector.Registry) {
	logins := make([]stream.Login, collector.MaxLogins)
	for i := range logins {
		logins[i] = stream.Login{Authority: "A", Account: fmt.Sprint(i)}
	}
	ctx := t.Context()
	must[map[string]collector.Login](t)(r.LoginPeople(ctx, "d-1", logins))
	refused(t, errOf(r.LoginPeople(ctx, "d-1", []stream.Login{{Account: "one more"}})), collector.TooMany)
	must[map[string]collector.Login](t)(r.LoginPeople(ctx, "d-1", logins[:3]))
	must[map[string]collector.Login](t)(r.LoginPeople(ctx, "d-2", []stream.Login{{Account: "one more"}}))
}

func span(id byte, start time.Time, length time.Duration) *agentv1.Span {
	s := &agentv1.Span{Id: []byte{id, 0, 0, 0, 0, 0, 0, 0}, Kind: "session", StartMs: start.UnixMilli(), OffsetMinutes: 60}
	if length > 0 {
		s.EndMs = start.Add(length).UnixMilli()
	}
	return s
}

func spanIDs(t *testing.T, r collector.Registry, device string, from, to time.Time) string {
	t.Helper()
	var ids []byte
	for _, s := range must[[]*agentv1.Span](t)(r.Spans(t.Context(), device, from, to)) {
		ids = append(ids, s.Id[0])
	}
	return string(ids)
}

func spans(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	d := addDevice(t, r, 1)
	a, b, c := span('a', noon, time.Hour), span('b', noon.Add(2*time.Hour), 0), span('c', noon.Add(-time.Hour), time.Hour)
	check(t, r.PutSpans(ctx, d.ID, []*agentv1.Span{a, b, c}))
	check(t, r.PutSpans(ctx, d.ID, []*agentv1.Span{a}))
	equal(t, "all", spanIDs(t, r, d.ID, noon.Add(-24*time.Hour), noon.Add(24*time.Hour)), "cab")
	equal(t, "half-open", spanIDs(t, r, d.ID, noon, noon.Add(time.Hour)), "a")
	equal(t, "going on", spanIDs(t, r, d.ID, noon.Add(48*time.Hour), noon.Add(49*time.Hour)), "b")
	b.EndMs = noon.Add(3 * time.Hour).UnixMilli()
	b.Reason = "ended"
	check(t, r.PutSpans(ctx, d.ID, []*agentv1.Span{b}))
	equal(t, "ended", spanIDs(t, r, d.ID, noon.Add(48*time.Hour), noon.Add(49*time.Hour)), "")
	stored := must[[]*agentv1.Span](t)(r.Spans(ctx, d.ID, noon.Add(2*time.Hour), noon.Add(3*time.Hour)))
	if len(stored) != 1 || !proto.Equal(stored[0], b) {
		t.Fatalf("got %v, want %v", stored, b)
	}
	refused(t, r.PutSpans(ctx, d.ID, []*agentv1.Span{{}}), collector.BadRequest)
	refused(t, r.PutSpans(ctx, d.ID, []*agentv1.Span{{Id: []byte("x"), Reason: string(make([]byte, 5000))}}), collector.BadRequest)
}

func spanFlood(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	d, other := addDevice(t, r, 1), addDevice(t, r, 2)
	many := make([]*agentv1.Span, collector.MaxSpansPerDay+5)
	for i := range many {
		many[i] = span(0, noon, time.Minute)
		many[i].Id = fmt.Appendf(nil, "%08d", i)
	}
	check(t, r.PutSpans(ctx, d.ID, many))
	stored := must[[]*agentv1.Span](t)(r.Spans(ctx, d.ID, noon, noon.Add(time.Hour)))
	equal(t, "stored", len(stored), collector.MaxSpansPerDay)
	equal(t, "flag", fmt.Sprint(must[collector.Device](t)(r.Device(ctx, d.ID)).Flags), "[flood]")
	many[0].Reason = "changed"
	check(t, r.PutSpans(ctx, d.ID, many[:1]))
	equal(t, "changed", must[[]*agentv1.Span](t)(r.Spans(ctx, d.ID, noon, noon.Add(time.Hour)))[0].Reason, "changed")
	check(t, r.PutSpans(ctx, d.ID, []*agentv1.Span{span('z', noon.Add(24*time.Hour), time.Hour)}))
	equal(t, "next day", spanIDs(t, r, d.ID, noon.Add(24*time.Hour), noon.Add(25*time.Hour)), "z")
	check(t, r.PutSpans(ctx, other.ID, []*agentv1.Span{span('y', noon, time.Hour)}))
	equal(t, "other device", spanIDs(t, r, other.ID, noon, noon.Add(time.Hour)), "y")
}

func documents(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	refused(t, errOf(r.Document(ctx, "r-1")), collector.NotFound)
	check(t, r.PutDocument(ctx, "r-1", []byte(`{"device":"d-1"}`)))
	check(t, r.PutDocument(ctx, "r-1", []byte(`{"device":"d-1"}`)))
	refused(t, r.PutDocument(ctx, "r-1", []byte(`{"device":"d-2"}`)), collector.Conflict)
	equal(t, "document", string(must[[]byte](t)(r.Document(ctx, "r-1"))), `{"device":"d-1"}`)
	refused(t, r.PutDocument(ctx, "", nil), collector.BadRequest)
}

func tombstones(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	first, second := addDevice(t, r, 1), addDevice(t, r, 2)
	login := &agentv1.Login{Authority: "S-1", Account: "7"}
	key := collector.LoginKey("", stream.Login{Authority: "S-1", Account: "7"})
	withLogin := span('l', noon, time.Hour)
	withLogin.Login = login
	for _, d := range []string{first.ID, second.ID} {
		check(t, r.PutSpans(ctx, d, []*agentv1.Span{withLogin, span('d', noon, time.Hour), span('n', noon.Add(2*time.Hour), time.Hour)}))
	}
	from, to := noon.Add(-24*time.Hour), noon.Add(24*time.Hour)
	check(t, r.AddTombstone(ctx, collector.Tombstone{LoginKey: key, Before: noon.Add(time.Hour), At: noon.Add(4 * time.Hour)}))
	equal(t, "login gone here", spanIDs(t, r, first.ID, from, to), "dn")
	equal(t, "login gone there", spanIDs(t, r, second.ID, from, to), "dn")
	check(t, r.AddTombstone(ctx, collector.Tombstone{Device: first.ID, Before: noon.Add(time.Hour), At: noon.Add(5 * time.Hour)}))
	equal(t, "device gone", spanIDs(t, r, first.ID, from, to), "n")
	equal(t, "the other not", spanIDs(t, r, second.ID, from, to), "dn")
	check(t, r.PutSpans(ctx, first.ID, []*agentv1.Span{withLogin, span('d', noon, time.Hour)}))
	equal(t, "late arrivals", spanIDs(t, r, first.ID, from, to), "n")
	all := must[[]collector.Tombstone](t)(r.Tombstones(ctx))
	equal(t, "tombstones", fmt.Sprintf("%+v", all), fmt.Sprintf("%+v", []collector.Tombstone{
		{LoginKey: key, Before: noon.Add(time.Hour), At: noon.Add(4 * time.Hour)},
		{Device: first.ID, Before: noon.Add(time.Hour), At: noon.Add(5 * time.Hour)},
	}))
	refused(t, r.AddTombstone(ctx, collector.Tombstone{Before: noon}), collector.BadRequest)
}

func entry(n int) collector.AuditEntry {
	return collector.AuditEntry{
		At: noon.Add(time.Duration(n) * time.Second), Actor: "administrator (local)", Action: "link.create",
		Subject: fmt.Sprint("l-", n), Detail: `{"os":"linux"}`,
	}
}

func audit(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	head := must[collector.AuditHead](t)(r.AuditHead(ctx))
	if head.Sequence != 0 || !bytes.Equal(head.Hash, make([]byte, 32)) {
		t.Fatalf("the head before the first entry: %+v", head)
	}
	for n := range 5 {
		check(t, r.Audit(ctx, entry(n)))
	}
	entries := must[[]collector.AuditEntry](t)(r.AuditEntries(ctx, 1, 2))
	want := entry(1)
	want.Sequence = 2
	equal(t, "entries", len(entries), 2)
	equal(t, "entry", entries[0], want)
	verified(t, r, 5)
	head = must[collector.AuditHead](t)(r.AuditHead(ctx))
	equal(t, "head", head.Sequence, uint64(5))

	check(t, r.EraseAudit(ctx, 3))
	verified(t, r, 5)
	entries = must[[]collector.AuditEntry](t)(r.AuditEntries(ctx, 2, 1))
	equal(t, "erased", entries[0], collector.AuditEntry{Sequence: 3, At: entry(2).At, Action: collector.AuditErased})
	after := must[collector.AuditHead](t)(r.AuditHead(ctx))
	if !bytes.Equal(head.Hash, after.Hash) {
		t.Fatal("erasing a payload changed the head")
	}
	refused(t, r.EraseAudit(ctx, 99), collector.NotFound)
	refused(t, r.Audit(ctx, collector.AuditEntry{Action: "x"}), collector.BadRequest)
}

func verified(t *testing.T, r collector.Registry, want uint64) {
	t.Helper()
	entries, problem, err := r.VerifyAudit(t.Context())
	check(t, err)
	equal(t, "problem", problem, "")
	equal(t, "entries", entries, want)
}

func auditRace(t *testing.T, r collector.Registry) {
	together(40, func(n int) {
		if err := r.Audit(t.Context(), entry(n)); err != nil {
			t.Error(err)
		}
	})
	verified(t, r, 40)
}

func secrets(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	broken := errors.New("no randomness")
	if _, err := r.Secret(ctx, "ca", func() ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	made := make([]string, 8)
	together(len(made), func(n int) {
		value, err := r.Secret(ctx, "ca", func() ([]byte, error) { return fmt.Append(nil, "made by ", n), nil })
		if err != nil {
			t.Error(err)
		}
		made[n] = string(value)
	})
	equal(t, "made once", len(slices.Compact(made)), 1)
	check(t, r.PutSecret(ctx, "ca", []byte("another")))
	got := must[[]byte](t)(r.Secret(ctx, "ca", func() ([]byte, error) { return nil, broken }))
	equal(t, "replaced", string(got), "another")
}

func fileRevisions(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	for n := range 3 {
		check(t, r.AddFileRevision(ctx, collector.FileRevision{
			File: "account.yaml", At: noon.Add(time.Duration(n) * time.Hour), Actor: "file", SHA256: fmt.Sprint(n), Content: []byte("settle: 2s\n"),
		}))
	}
	got := must[[]collector.FileRevision](t)(r.FileRevisions(ctx, 2))
	equal(t, "revisions", len(got), 2)
	equal(t, "newest first", got[0].SHA256+got[1].SHA256, "21")
	equal(t, "content", string(got[0].Content), "settle: 2s\n")
	equal(t, "time", got[0].At, noon.Add(2*time.Hour))
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
