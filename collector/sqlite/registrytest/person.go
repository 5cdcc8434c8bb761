package registrytest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

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
	equal(t, "their logins", fmt.Sprint(everybody[i].Logins), `[CORP\max]`) // another device's word renames nobody
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
	check(t, r.AddTombstones(ctx, []collector.Tombstone{{LoginKey: key, Before: noon.Add(time.Hour), At: noon.Add(4 * time.Hour)}}))
	equal(t, "login gone here", spanIDs(t, r, first.ID, from, to), "dn")
	equal(t, "login gone there", spanIDs(t, r, second.ID, from, to), "dn")
	check(t, r.AddTombstones(ctx, []collector.Tombstone{{Device: first.ID, Before: noon.Add(time.Hour), At: noon.Add(5 * time.Hour)}}))
	equal(t, "device gone", spanIDs(t, r, first.ID, from, to), "n")
	equal(t, "the other not", spanIDs(t, r, second.ID, from, to), "dn")
	check(t, r.PutSpans(ctx, first.ID, []*agentv1.Span{withLogin, span('d', noon, time.Hour)}))
	equal(t, "late arrivals", spanIDs(t, r, first.ID, from, to), "n")
	all := must[[]collector.Tombstone](t)(r.Tombstones(ctx))
	equal(t, "tombstones", fmt.Sprintf("%+v", all), fmt.Sprintf("%+v", []collector.Tombstone{
		{LoginKey: key, Before: noon.Add(time.Hour), At: noon.Add(4 * time.Hour)},
		{Device: first.ID, Before: noon.Add(time.Hour), At: noon.Add(5 * time.Hour)},
	}))
	again := collector.Tombstone{Device: first.ID, Before: noon.Add(2 * time.Hour), At: noon.Add(6 * time.Hour)}
	check(t, r.AddTombstones(ctx, []collector.Tombstone{again}))
	all = must[[]collector.Tombstone](t)(r.Tombstones(ctx))
	equal(t, "a newer tombstone", fmt.Sprintf("%d, %+v", len(all), all[len(all)-1]), fmt.Sprintf("2, %+v", again))
	// All or nothing, with what tells of them.
	told := collector.AuditEntry{At: noon, Actor: "ada@example.com", Action: "device.delete"}
	refused(t, r.AddTombstones(ctx, []collector.Tombstone{{Device: second.ID, Before: noon, At: noon}, {Before: noon}}, told), collector.BadRequest)
	equal(t, "none of those refused", len(must[[]collector.Tombstone](t)(r.Tombstones(ctx))), 2)
	head := must[collector.AuditHead](t)(r.AuditHead(ctx))
	check(t, r.AddTombstones(ctx, []collector.Tombstone{{Device: second.ID, Before: noon, At: noon}}, told))
	equal(t, "told of", must[collector.AuditHead](t)(r.AuditHead(ctx)).Sequence, head.Sequence+1)
}
