package registrytest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
)

func documents(t *testing.T, r collector.Registry) {
	ctx := t.Context()
	refused(t, errOf(r.Document(ctx, "r-1")), collector.NotFound)
	check(t, r.PutDocument(ctx, "d-1", "r-1", []byte(`{"device":"d-1"}`), noon))
	check(t, r.PutDocument(ctx, "d-1", "r-1", []byte(`{"device":"d-1"}`), noon))
	refused(t, r.PutDocument(ctx, "d-2", "r-1", []byte(`{"device":"d-2"}`), noon), collector.Conflict)
	equal(t, "document", string(must[[]byte](t)(r.Document(ctx, "r-1"))), `{"device":"d-1"}`)
	refused(t, r.PutDocument(ctx, "d-1", "", nil, noon), collector.BadRequest)
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
	got := must[[]collector.FileRevision](t)(r.FileRevisions(ctx, "", 2))
	equal(t, "revisions", len(got), 2)
	equal(t, "newest first", got[0].SHA256+got[1].SHA256, "21")
	equal(t, "content", string(got[0].Content), "settle: 2s\n")
	equal(t, "time", got[0].At, noon.Add(2*time.Hour))
	for n := range collector.MaxFileRevisions + 2 {
		check(t, r.AddFileRevision(ctx, collector.FileRevision{File: "people.yaml", At: noon, Actor: "file", SHA256: fmt.Sprint(n)}))
	}
	got = must[[]collector.FileRevision](t)(r.FileRevisions(ctx, "", 0))
	equal(t, "bounded for each file", len(got), 3+collector.MaxFileRevisions)
	equal(t, "the newest stay", got[0].SHA256, fmt.Sprint(collector.MaxFileRevisions+1))
	got = must[[]collector.FileRevision](t)(r.FileRevisions(ctx, "account.yaml", 2))
	equal(t, "of one file", got[0].File+got[0].SHA256+got[1].SHA256, "account.yaml21")
}
