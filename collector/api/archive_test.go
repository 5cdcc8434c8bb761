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
		shown, err := viewOf("p-ana", "", e)
		got := ""
		if shown != nil {
			got = fmt.Sprint(shown.Subject, " ", shown.Detail)
		}
		if err != nil || got != c.want || shown.GetSequence() != 0 {
			t.Errorf("%s: %q %v %v", name, got, shown, err)
		}
	}
}

// Whose session an agent opened is told of looks at what is of its device: a device that calls a login by somebody's name
// learns of nobody's looks at that one.
func TestWhatADeviceIsToldOfALook(t *testing.T) {
	for detail, told := range map[string]bool{
		`{"seen":["p-ana"],"devices":["d-1","d-2"]}`: true,
		`{"seen":["p-ana"],"devices":["d-2"]}`:       false,
		`{"seen":["p-ana"]}`:                         false,
	} {
		e := &collector.AuditEntry{Actor: "max@example.com", Action: "activity.view", Subject: "p-ana", Detail: detail}
		if shown, err := viewOf("p-ana", "d-1", e); err != nil || (shown != nil) != told {
			t.Errorf("%s: %v, %v", detail, shown, err)
		}
	}
}
