package faults

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
	"github.com/dayline-project/dayline/test/device"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
)

// A device whose clock is wrong: set back by two hours in 2001, in 2040. What the clock says
// is kept while it is possible and put right by the offset where it is not; nothing is lost and nothing is there twice.
func TestDeviceClocks(t *testing.T) {
	t.Parallel()
	here := site.New(t, rig.Options{Account: account})
	now := time.Now()
	for _, c := range []struct {
		name   string
		clocks []time.Time
		// meant is what the report has to say of each.
		meant []time.Time
	}{
		{"set-back", []time.Time{now, now.Add(-2 * time.Hour)}, []time.Time{now, now.Add(-2 * time.Hour)}},
		{"in-2001", []time.Time{time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)}, []time.Time{now}},
		{"in-2040", []time.Time{time.Date(2040, 2, 3, 4, 5, 6, 0, time.UTC)}, []time.Time{now}},
	} {
		d := must(device.Enroll(t.Context(), must(here.Collector.Link(t.Context()))(t), c.name))(t)
		login := stream.Login{Account: "person", Name: `CLOCK\person`}
		sender := clockSender{device: d, login: login}
		for i, clock := range c.clocks {
			sender.send(t, clock, fmt.Sprintf("%s %d", c.name, i))
		}
		rows := must(here.Collector.Closed(t.Context(), "--device", d.Credential.Device))(t)
		if len(rows) != 3*len(c.clocks) {
			t.Errorf("%s: %d rows, want %d", c.name, len(rows), 3*len(c.clocks))
			continue
		}
		starts := map[string]time.Time{}
		for _, row := range rows {
			starts[row.Title] = row.Start
		}
		for i, meant := range c.meant {
			for k := range 3 {
				title := fmt.Sprintf("%s %d-%d", c.name, i, k)
				start, found := starts[title]
				if off := start.Sub(meant.Add(time.Duration(k-3) * time.Minute)).Abs(); !found || off > time.Minute {
					t.Errorf("%q: found %t, starts %s", title, found, start)
				}
			}
		}
	}
}

// clockSender sends as one device under clocks that change.
type clockSender struct {
	device *device.Device
	login  stream.Login
}

// send brings a stream of three episodes of the last three minutes by this clock, having heard the collector's time before.
func (s *clockSender) send(t *testing.T, clock time.Time, title string) {
	t.Helper()
	login := []*agentv1.Login{{Account: s.login.Account, Name: s.login.Name}}
	facts := &agentv1.DeviceFacts{Name: "clock", Os: "linux", Arch: "amd64", AgentVersion: "0", TimeZone: "UTC"}
	heard := must(s.device.Sync(t.Context(), &agentv1.SyncRequest{Logins: login, Facts: facts, DeviceTimeMs: clock.UnixMilli()}))(t)
	offset := heard.CollectorTimeMs - clock.UnixMilli()
	var id stream.ID
	rand.Read(id[:])
	builder := stream.NewBuilder(id, stream.Digest{})
	for k := range 3 {
		e := active(clock.Add(time.Duration(k-3)*time.Minute).UTC(), 30*time.Second, fmt.Sprintf("%s-%d", title, k))
		e.Revision = heard.GetSettings().GetRevision()
		mustDo(t, builder.Add(uint64(k+1), stream.AppendRecord(nil, &stream.Record{Login: s.login, Session: "c2", Episode: e})))
	}
	answer := must(s.device.Sync(t.Context(), &agentv1.SyncRequest{Logins: login, Batch: builder.Batch(), ClockOffsetMs: &offset,
		DeviceTimeMs: clock.UnixMilli(), SettingsRevision: heard.GetSettings().GetRevision()}))(t)
	if answer.LastSequence != 3 || answer.Fork || len(answer.Refusals) > 0 {
		t.Errorf("%s: stored up to %d of 3, fork %t, refused %v", title, answer.LastSequence, answer.Fork, answer.Refusals)
	}
}
