package api

import (
	"fmt"
	"slices"
	"testing"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// The log is read from either end, and on from where it was left.
func TestTheAuditLogIsReadFromBothEnds(t *testing.T) {
	h := open(t, t.TempDir())
	head := must(h.registry.AuditHead(t.Context()))(t)
	for n := range 7 {
		action := "link.create"
		if n == 4 {
			action = "device.revoke"
		}
		if err := h.registry.Audit(t.Context(), collector.AuditEntry{At: h.now(), Actor: "ada", Action: action, Subject: fmt.Sprint(n)}); err != nil {
			t.Fatal(err)
		}
	}
	subjects := func(m *adminv1.ListAuditRequest) (list []string, last float64) {
		answer := must(h.admin.ListAudit(t.Context(), connect.NewRequest(m)))(t)
		for _, e := range answer.Msg.Entries {
			list, last = append(list, e.Subject), e.Sequence
		}
		return list, last
	}
	got, last := subjects(&adminv1.ListAuditRequest{AfterSequence: float64(head.Sequence), Limit: 3})
	more, _ := subjects(&adminv1.ListAuditRequest{AfterSequence: last})
	if !slices.Equal(append(got, more...), []string{"0", "1", "2", "3", "4", "5", "6"}) {
		t.Errorf("in order: %v, %v", got, more)
	}
	got, last = subjects(&adminv1.ListAuditRequest{NewestFirst: true, Action: "link", Limit: 3})
	more, _ = subjects(&adminv1.ListAuditRequest{NewestFirst: true, Action: "link", BeforeSequence: last, Limit: 3})
	if !slices.Equal(append(got, more...), []string{"6", "5", "3", "2", "1", "0"}) {
		t.Errorf("newest first: %v, %v", got, more)
	}
	if none, _ := subjects(&adminv1.ListAuditRequest{NewestFirst: true, BeforeSequence: 1}); len(none) > 0 {
		t.Errorf("before the first there are %v", none)
	}
}
