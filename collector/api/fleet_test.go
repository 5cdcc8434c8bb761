package api

import (
	"testing"
	"time"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

func TestASilentDeviceShowsWithinElevenMinutes(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	m := a.Request()
	m.Spans = []*agentv1.Span{{Id: []byte("inasessn"), Kind: "session", StartMs: h.now().UnixMilli()}}
	if _, err := a.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	silent := func() bool {
		t.Helper()
		answer, err := h.admin.ListDevices(t.Context(), connect.NewRequest(&adminv1.ListDevicesRequest{}))
		if err != nil || len(answer.Msg.Devices) != 1 {
			t.Fatalf("%v %v", answer, err)
		}
		return answer.Msg.Devices[0].Silent
	}
	if h.later(9 * time.Minute); silent() {
		t.Error("silent after nine minutes")
	}
	if h.later(2 * time.Minute); !silent() {
		t.Error("not silent after eleven minutes")
	}
	if _, err := a.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if silent() {
		t.Error("silent, and it came back")
	}
}
