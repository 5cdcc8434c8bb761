package api

import (
	"fmt"
	"testing"

	"github.com/dayline-project/dayline/collector"
)

// Whoever was looked at is told who looked and at which days, and of nobody and nothing else.
func TestWhatAPersonIsToldOfALook(t *testing.T) {
	const days = `"from":"2026-03-02","report":"titles","to":"2026-03-03"`
	for name, c := range map[string]struct{ action, subject, detail, want string }{
		"at the person": {"activity.view", "p-ana", `{` + days + `,"group":"Secret","people":1,"seen":["p-ana"]}`, "p-ana {" + days + "}"},
		"at several":    {"activity.view", "group Secret", `{` + days + `,"group":"Secret","people":2,"seen":["p-ana","p-bo"]}`, "p-ana {" + days + "}"},
		"an export":     {"person.export", "p-ana", `{"complete":true}`, `p-ana {"complete":true}`},
		"at another":    {"activity.view", "p-bo", `{` + days + `,"people":1,"seen":["p-bo"]}`, ""},
		"no look":       {"person.delete", "p-ana", `null`, ""},
	} {
		e := &collector.AuditEntry{Sequence: 7, Actor: "max@example.com", Action: c.action, Subject: c.subject, Detail: c.detail}
		shown, err := viewOf("p-ana", e)
		got := ""
		if shown != nil {
			got = fmt.Sprint(shown.Subject, " ", shown.Detail)
		}
		if err != nil || got != c.want || shown.GetSequence() != 0 {
			t.Errorf("%s: %q %v %v", name, got, shown, err)
		}
	}
}
