//go:build linux

package service

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
	"github.com/dayline-project/dayline/shared/buildinfo"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// Who watches an update is told how the service does.
func TestTheServiceReports(t *testing.T) {
	w := newWorld(t)
	report := func() update.Report { return w.service.report() }
	w.wait("a request is accepted", func() bool { return report().Accepted })
	var asked update.Report
	if problem := w.ask("update", &asked); problem != "" || asked.Version != buildinfo.Version || !asked.Buffer || asked.Observed != 0 || !asked.Accepted {
		t.Errorf("%q, %+v", problem, asked)
	}
	if said := w.service.answer(t.Context(), session.Peer{}, "update"); said.Error == "" || said.Document != nil {
		t.Errorf("anybody is told of everybody's sessions: %s", said.Document)
	}
	e := w.helper("00000000000000a1")
	w.wait("the helper's hello", func() bool { return report().Observed == 1 })
	e.conn.Close()
	w.wait("it is gone", func() bool { return report().Observed == 0 })
	// What was accepted before it was started anew says nothing of it.
	w.stop()
	w.collector.Stop()
	w.start()
	if report().Accepted {
		t.Error("a request is accepted, and nobody answers")
	}
}

// A helper of the release before does not speak for this one: it is asked to make room for its successor, and once only.
func TestAHelperOfAnotherReleaseIsAskedToEnd(t *testing.T) {
	w := newWorld(t)
	old := func() *end {
		e := w.dial()
		e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: "00000000000000a1", OSSession: "c1", Desktop: "x11", Version: "0.0.9"}})
		return e
	}
	e := old()
	e.until("stop", func(m *session.Message) bool { return m.Stop != nil && m.Stop.EndedBy == episode.ByEnd })
	if observed := w.service.report().Observed; observed != 0 {
		t.Errorf("%d count", observed)
	}
	e.closed(1, "Last")
	e.conn.Close()
	old().until("settings", collecting)
	w.helper("00000000000000b1")
	w.wait("the one of this release counts", func() bool { return w.service.report().Observed == 1 })
}

// What a collector sends in place of a version fills no log.
func TestAVersionThatIsNoneIsNotLogged(t *testing.T) {
	var log strings.Builder
	s := &Service{log: slog.New(slog.NewTextHandler(&log, nil))}
	s.order(&agentv1.Update{Version: strings.Repeat("../", 1<<16)})
	if log.Len() == 0 || strings.Contains(log.String(), "../") {
		t.Errorf("%d bytes", log.Len())
	}
}

// What a collector refuses is not accepted, though it answers.
func TestARefusedServiceReportsSo(t *testing.T) {
	w := newWorld(t)
	w.stop()
	w.collector.Lock()
	w.collector.Answer = func(*agentv1.SyncRequest, *agentv1.SyncResponse) error {
		return uplinktest.Refusal("bad_request", "protocol", "it is too new")
	}
	w.collector.Unlock()
	w.start()
	w.wait("it is refused", func() bool { return w.service.contact().Problem != "" })
	if w.service.report().Accepted {
		t.Error("accepted")
	}
}

func TestStatusDoctorAndHealthTellOfUpdates(t *testing.T) {
	w := newWorld(t)
	off := update.ErrForeground.Error()
	w.wait("it is told that updates are off", func() bool {
		w.collector.Lock()
		defer w.collector.Unlock()
		for _, request := range w.collector.Syncs {
			if request.GetHealth().GetUpdate().GetOff() == off {
				return true
			}
		}
		return false
	})
	var s Status
	if problem := w.ask("status", &s); problem != "" || s.Update != "off: "+off {
		t.Errorf("%q, %q", problem, s.Update)
	}
	var checks []Check
	if problem := w.ask("doctor", &checks); problem != "" {
		t.Error(problem)
	}
	for _, check := range checks {
		if check.Name == "updates" && (!check.OK || check.Found != "off: "+off) {
			t.Errorf("%+v", check)
		}
	}
}

func TestDoctorOnUpdates(t *testing.T) {
	failed := update.Failed{Version: "1.4.0", Step: update.Probation, Reason: "it hung", At: time.Now(), RolledBack: true}
	old := failed
	old.At = old.At.Add(-update.RetryAfter)
	for _, test := range []struct {
		state update.State
		ok    bool
		found string
	}{
		{update.State{}, true, "on; no channel is known yet"},
		{update.State{Channel: 5, Newest: "1.4.0"}, true, "1.4.0 is out, and the collector has not asked for it"},
		{update.State{Version: "1.4.0", Step: update.Fetch}, true, "on the way to 1.4.0, at fetch"},
		{update.State{Problem: "the channel expired"}, false, "the channel expired"},
		{update.State{Failed: []update.Failed{failed}}, false, "1.4.0 was taken back at probation on "},
		{update.State{Failed: []update.Failed{old}}, true, "on; "},
	} {
		got := updateCheck(test.state)
		if got.OK != test.ok || !strings.Contains(got.Found, test.found) || (got.Fix == "") != test.ok {
			t.Errorf("%+v", got)
		}
	}
}

func TestTheCollectorIsToldOfFailures(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	told := selfUpdate(update.State{
		Version: "1.5.0", Step: update.Check, Waits: "its turn", Channel: 7, ChannelExpiresAt: at,
		Failed: []update.Failed{{Version: "1.4.0", Step: update.Probation, Reason: "it hung", At: at, RolledBack: true}},
	})
	if told.Version != "1.5.0" || told.Step != update.Check || told.Waits != "its turn" || told.ChannelVersion != 7 || told.ChannelExpiresMs != at.UnixMilli() || len(told.Failed) != 1 {
		t.Fatalf("%+v", told)
	}
	one := told.Failed[0]
	if one.Version != "1.4.0" || one.Step != update.Probation || one.Reason != "it hung" || one.AtMs != at.UnixMilli() || !one.RolledBack || one.UntilMs != at.Add(7*24*time.Hour).UnixMilli() {
		t.Errorf("%+v", one)
	}
}

// Another collector may not bring back what was withdrawn, and gets nothing of what was recorded for the one before.
func TestWhatIsKnownOfReleasesOutlivesAnEnrolment(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, update.Folder, "channel-7.json")
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	recorded := filepath.Join(folder, update.Folder, update.FormerBuffer)
	for _, name := range []string{name, recorded} {
		if err := os.WriteFile(name, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Discard(folder); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(recorded); err == nil {
		t.Error("the buffer of the former version is still there")
	}
}

// What has ended by either clock has ended.
func TestTheLaterClockCounts(t *testing.T) {
	w := newWorld(t)
	w.wait("the collector's clock", func() bool { return w.service.contact().ClockKnown })
	if ahead := time.Until(w.service.latestTime()); ahead < -time.Minute || ahead > time.Minute {
		t.Errorf("%s ahead", ahead)
	}
	if err := w.config.Trusted.Learn(nil, time.Now().Add(100*time.Hour).UnixMilli()); err != nil {
		t.Fatal(err)
	}
	if ahead := time.Until(w.service.latestTime()); ahead < 99*time.Hour {
		t.Errorf("%s ahead", ahead)
	}
}
