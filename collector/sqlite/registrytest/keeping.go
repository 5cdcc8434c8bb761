package registrytest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

func oldSpans(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	first, second := addDevice(t, r, 1), addDevice(t, r, 2)
	check(t, r.PutSpans(ctx, first.ID, []*agentv1.Span{
		span('a', noon.Add(-2*time.Hour), time.Hour), span('b', noon.Add(-time.Hour), 2*time.Hour), span('g', noon.Add(-3*time.Hour), 0),
	}))
	check(t, r.PutSpans(ctx, second.ID, []*agentv1.Span{span('c', noon.Add(-9*time.Hour), time.Hour)}))
	going := must[map[string][]*agentv1.Span](t)(r.GoingSpans(ctx))
	if len(going) != 1 || len(going[first.ID]) != 1 || going[first.ID][0].Id[0] != 'g' {
		t.Fatalf("going: %v", going)
	}
	equal(t, "dropped", must[int64](t)(r.DropSpans(ctx, noon)), 2)
	equal(t, "kept", spanIDs(t, r, first.ID, noon.Add(-24*time.Hour), noon.Add(24*time.Hour)), "gb")
	equal(t, "elsewhere", spanIDs(t, r, second.ID, noon.Add(-24*time.Hour), noon.Add(24*time.Hour)), "")
	equal(t, "again", must[int64](t)(r.DropSpans(ctx, noon)), 0)
}

func pruning(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	put := func(device, revision string, at time.Time) {
		t.Helper()
		check(t, r.PutDocument(ctx, device, revision, []byte(revision), at))
	}
	day := 24 * time.Hour
	put("d-1", "r-1", noon)
	put("d-1", "r-2", noon.Add(day))
	put("d-1", "r-3", noon.Add(9*day))
	put("d-2", "r-4", noon)
	// The one of before holds again: then the one between is the older.
	put("d-3", "r-5", noon)
	put("d-3", "r-6", noon.Add(day))
	put("d-3", "r-5", noon.Add(2*day))
	// r-1 was in force until r-2 came, r-2 until r-3 did; the newest of a device is in force, however old.
	equal(t, "pruned", must[int64](t)(r.PruneDocuments(ctx, noon.Add(5*day))), 2)
	for revision, there := range map[string]bool{"r-1": false, "r-2": true, "r-3": true, "r-4": true, "r-5": true, "r-6": false} {
		_, err := r.Document(ctx, revision)
		if (err == nil) != there {
			t.Errorf("%s: %v", revision, err)
		}
	}
}

func forgetting(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	d := addDevice(t, r, 1)
	ana, bo := stream.Login{Account: "ana", Name: `PC\ana`}, stream.Login{Authority: "S-1", Account: "7", Name: `CORP\bo`}
	logins := must[map[string]collector.Login](t)(r.LoginPeople(ctx, d.ID, []stream.Login{ana, bo}))
	capture := func(l stream.Login) *agentv1.Capture {
		return &agentv1.Capture{Subject: "x11", Level: "full", Login: &agentv1.Login{Authority: l.Authority, Account: l.Account, Name: l.Name}}
	}
	health := &agentv1.Health{Capture: []*agentv1.Capture{capture(ana), capture(bo), {Subject: "all"}}, Errors: []string{"an error"}}
	check(t, r.Contacts(ctx, []collector.Contact{{Device: d.ID, At: noon, Health: health}}))

	key := collector.LoginKey(d.ID, ana)
	check(t, r.ForgetLogins(ctx, []string{key, "nobody's"}))
	left := must[[]collector.Login](t)(r.Logins(ctx))
	if len(left) != 1 || left[0].Name != bo.Name {
		t.Fatalf("logins: %v", left)
	}
	people := must[[]collector.Person](t)(r.People(ctx))
	if len(people) != 1 || people[0].ID != logins[collector.LoginKey(d.ID, bo)].Person {
		t.Fatalf("people: %v", people)
	}
	said := must[*agentv1.Health](t)(r.Health(ctx, d.ID))
	equal(t, "captures", len(said.Capture), 2)
	equal(t, "errors", len(said.Errors), 1)
	equal(t, "whose", said.Capture[0].Login.Name, bo.Name)

	again := must[map[string]collector.Login](t)(r.LoginPeople(ctx, d.ID, []stream.Login{ana}))
	if again[key].Person == logins[key].Person {
		t.Fatal("a login that was forgotten came back as who it was")
	}
	if all := must[map[string]*agentv1.Health](t)(r.Healths(ctx)); len(all) != 1 || !proto.Equal(all[d.ID], said) {
		t.Fatalf("healths: %v", all)
	}
	check(t, r.ForgetDevice(ctx, d.ID))
	equal(t, "health", len(must[*agentv1.Health](t)(r.Health(ctx, d.ID)).Errors), 0)
	equal(t, "device", must[collector.Device](t)(r.Device(ctx, d.ID)).Name, d.Name)
}

func editedRevisions(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	for n, text := range []string{"a: ana", "b: bo", "c: ana"} {
		check(t, r.AddFileRevision(ctx, collector.FileRevision{File: "people.yaml", At: noon, Actor: "file", SHA256: fmt.Sprint(n), Content: []byte(text)}))
	}
	check(t, r.AddFileRevision(ctx, collector.FileRevision{File: "account.yaml", At: noon, Actor: "file", Content: []byte("ana")}))
	check(t, r.EditFileRevisions(ctx, "people.yaml", func(content []byte) []byte { return bytes.ReplaceAll(content, []byte("ana"), []byte("x")) }))
	var texts []string
	for _, revision := range must[[]collector.FileRevision](t)(r.FileRevisions(ctx, "", 0)) {
		texts = append(texts, revision.SHA256+" "+string(revision.Content))
	}
	equal(t, "revisions", fmt.Sprintf("%q", texts), `[" ana" "2 c: x" "1 b: bo" "0 a: x"]`)
}

func work(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	equal(t, "never", must[time.Time](t)(r.WorkDone(ctx, "rewrite")).IsZero(), true)
	check(t, r.FinishWork(ctx, "rewrite", noon))
	check(t, r.FinishWork(ctx, "rewrite", noon.Add(time.Hour), entry(1), entry(2)))
	equal(t, "done", must[time.Time](t)(r.WorkDone(ctx, "rewrite")), noon.Add(time.Hour))
	refused(t, r.FinishWork(ctx, "rewrite", noon.Add(2*time.Hour), entry(3), collector.AuditEntry{}), collector.BadRequest)
	equal(t, "not done", must[time.Time](t)(r.WorkDone(ctx, "rewrite")), noon.Add(time.Hour))
	equal(t, "another", must[time.Time](t)(r.WorkDone(ctx, "other")).IsZero(), true)
	verified(t, r, 2)
	subjects := map[string]bool{}
	for _, e := range must[[]collector.AuditEntry](t)(r.AuditEntries(ctx, 0, 0)) {
		subjects[e.Subject] = true
	}
	equal(t, "entries", fmt.Sprint(slices.Sorted(maps.Keys(subjects))), fmt.Sprint([]string{entry(1).Subject, entry(2).Subject}))
}
