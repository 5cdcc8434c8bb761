//go:build linux

package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

const patience = 20 * time.Second

// world is a collector and an enrolled device whose service runs.
type world struct {
	t         *testing.T
	collector *uplinktest.Collector
	config    Config
	service   *Service
	stop      func()
	// mayPause and untracked steer what the collector answers.
	mayPause, untracked bool
	alwaysActive        []string
	// records is the version that the collector reads; 0: it does not say.
	records int
	// cause the service is stopped with.
	cause error
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, collector: uplinktest.Start(t), mayPause: true}
	w.collector.Answer = w.answer
	folder := filepath.Join(t.TempDir(), "state")
	if _, err := Prepare(folder); err != nil {
		t.Fatal(err)
	}
	enrolment := enroll.Enrolment{Folder: folder, Token: w.collector.Token(), Facts: &agentv1.DeviceFacts{Name: "pc"}, Say: func(string) {}}
	identity, err := enrolment.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := enroll.Trusted(folder)
	if err != nil {
		t.Fatal(err)
	}
	w.config = Config{
		Folder: folder, Socket: filepath.Join(folder, "agent.sock"), Identity: identity, Trusted: trusted,
		Log: slog.NewTextHandler(io.Discard, nil), Level: &slog.LevelVar{},
	}
	w.start()
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *world) start() {
	w.t.Helper()
	s, err := Open(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	w.service = s
	w.stop = func() {
		cancel(w.cause)
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
		w.stop = func() {}
	}
}

// answer gives settings for the logins that were asked about.
func (w *world) answer(request *agentv1.SyncRequest, answer *agentv1.SyncResponse) error {
	device := &settings.Device{
		Device: "d-0123456789abcdef", Pause: w.mayPause, Logins: map[string]settings.Login{},
		Settings: episode.Settings{
			Passive: episode.PassiveSettings{Start: episode.Duration(time.Minute), Stop: episode.Duration(time.Minute)},
			Active:  episode.ActiveSettings{Limit: episode.Duration(time.Hour)}, Privacy: episode.Privacy{Titles: true, URLs: episode.URLsHost},
			AlwaysActive: w.alwaysActive,
		},
		Browsers: settings.Browsers{UnknownPrivate: "blank"},
		Agents:   settings.Agents{SyncEvery: episode.Duration(time.Second), Buffer: settings.Buffer{Bytes: 64e6, Days: 60}, Records: w.records},
	}
	for _, login := range request.Logins {
		key := settings.LoginKey(stream.Login{Authority: login.Authority, Account: login.Account})
		device.Logins[key] = settings.Login{Tracked: !w.untracked}
	}
	revision, document, err := device.Encode()
	if err == nil && revision != request.SettingsRevision {
		answer.Settings = &agentv1.Settings{Revision: revision, Document: document}
	}
	return err
}

func (w *world) wait(what string, done func() bool) {
	w.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain: %s", what)
		}
	}
}

func (w *world) arrived(title string) func() bool {
	return func() bool { return slices.Contains(w.collector.Titles(), title) }
}

// end is the service's other end.
type end struct {
	t    testing.TB
	conn net.Conn
}

func (w *world) dial() *end {
	w.t.Helper()
	conn, err := net.Dial("unix", w.config.Socket)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return &end{w.t, conn}
}

func (e *end) send(m *session.Message) {
	e.t.Helper()
	if err := session.Write(e.conn, m); err != nil {
		e.t.Fatal(err)
	}
}

// until reads messages until one is it.
func (e *end) until(what string, is func(*session.Message) bool) *session.Message {
	e.t.Helper()
	for {
		m, err := session.Read(e.conn)
		if err != nil {
			e.t.Fatalf("%s: %v", what, err)
		}
		if is(m) {
			return m
		}
	}
}

func collecting(m *session.Message) bool { return m.Settings != nil && m.Settings.Collect }

// helper connects and waits until it may collect.
func (w *world) helper(run string) *end {
	w.t.Helper()
	e := w.dial()
	e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: run, OSSession: "c" + run[:2], Display: ":" + run, Desktop: "x11"}})
	e.until("settings", collecting)
	return e
}

func one(title string, length time.Duration) episode.Episode {
	return episode.Episode{
		State: episode.Active, Start: time.Now().Add(-time.Minute).Truncate(time.Millisecond), For: length, EndedBy: episode.ByFocus,
		Identity: episode.Identity{App: "card", Title: title}, Revision: "r-1",
	}
}

func (e *end) closed(number uint64, title string) {
	e.t.Helper()
	e.send(&session.Message{Closed: &session.Closed{Number: number, Product: "Card", Bundle: "org.example.Card", Episode: one(title, time.Second)}})
	e.until("stored", func(m *session.Message) bool { return m.Stored != nil && m.Stored.Number >= number })
}

func TestAnEpisodeGoesTheWholeWay(t *testing.T) {
	w := newWorld(t)
	w.records = stream.RecordVersion
	e := w.helper("00000000000000a1")
	e.closed(1, "First")
	w.wait("the episode arrives", w.arrived("First"))
	if got := w.bundles(); !slices.Equal(got, []string{"org.example.Card"}) {
		t.Errorf("of bundles %q", got)
	}
	open := one("Going on", 3*time.Second)
	open.EndedBy = ""
	e.send(&session.Message{Checkpoint: &session.Checkpoint{Open: &open, Product: "Card", Bundle: "org.example.Card", IdleMS: 100}})
	w.wait("the open episode is told", func() bool {
		w.collector.Lock()
		defer w.collector.Unlock()
		last := w.collector.Syncs[len(w.collector.Syncs)-1]
		return len(last.Open) == 1 && last.Open[0].Title == "Going on" && last.Open[0].Bundle == "org.example.Card" && last.Open[0].IdleMs >= 100
	})
	if spans := w.spans(buffer.SpanSession); len(spans) == 0 || spans[0].EndMs != 0 {
		t.Errorf("session spans: %v", spans)
	}
}

// What whoever installs us looks for does not wait for the next contact.
func TestTheFirstEpisodeIsToldAtOnce(t *testing.T) {
	w := newWorld(t)
	e := w.helper("00000000000000a1")
	var asked atomic.Int64
	w.service.hub.mu.Lock()
	w.service.hub.soon = func() { asked.Add(1) }
	w.service.hub.mu.Unlock()
	open := one("Going on", 3*time.Second)
	open.EndedBy = ""
	e.send(&session.Message{Checkpoint: &session.Checkpoint{Open: &open, IdleMS: 100}})
	w.wait("a contact is asked for", func() bool { return asked.Load() > 0 })
}

// bundles of the episodes that arrived.
func (w *world) bundles() (bundles []string) {
	w.collector.Lock()
	defer w.collector.Unlock()
	for _, record := range w.collector.Records {
		bundles = append(bundles, record.Bundle)
	}
	return bundles
}

// spans that arrived, the last state of each.
func (w *world) spans(kind string) []*agentv1.Span {
	w.collector.Lock()
	defer w.collector.Unlock()
	var order []string
	last := map[string]*agentv1.Span{}
	for _, sync := range w.collector.Syncs {
		for _, span := range sync.Spans {
			if span.Kind != kind {
				continue
			}
			if last[string(span.Id)] == nil {
				order = append(order, string(span.Id))
			}
			last[string(span.Id)] = span
		}
	}
	spans := make([]*agentv1.Span, 0, len(order))
	for _, id := range order {
		spans = append(spans, last[id])
	}
	return spans
}

func TestAServiceStartedAnewKeepsTheRun(t *testing.T) {
	w := newWorld(t)
	e := w.helper("00000000000000a1")
	e.closed(1, "First")
	e.closed(2, "Second")
	w.stop()
	// It was away when the third closed, and the helper cannot know whether the second was stored.
	w.start()
	e = w.helper("00000000000000a1")
	e.closed(2, "Second")
	e.closed(3, "Third")
	w.wait("the third arrives", w.arrived("Third"))
	if got := w.collector.Titles(); !slices.Equal(got, []string{"First", "Second", "Third"}) {
		t.Errorf("arrived %v", got)
	}
	// This collector does not say that it reads bundles: with them the digests would not fit.
	if got := w.bundles(); !slices.Equal(got, []string{"", "", ""}) {
		t.Errorf("of bundles %q", got)
	}
}

// child is a helper in a process of its own, to be killed.
const child = "DAYLINE_TEST_HELPER_OF"

func TestMain(m *testing.M) {
	if socket := os.Getenv(child); socket != "" {
		if err := helpUntilKilled(socket); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func helpUntilKilled(socket string) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	open := one("Killed", 7*time.Second)
	open.EndedBy = ""
	for _, m := range []*session.Message{
		{Hello: &session.Hello{Protocol: session.Protocol, Run: "00000000000000b1", Desktop: "x11"}},
		{Checkpoint: &session.Checkpoint{Open: &open, IdleMS: 0, Keep: true}},
		{Capture: &session.Capture{Subjects: []session.CaptureLevel{{Subject: "x11", Level: "full"}}}},
	} {
		if err := session.Write(conn, m); err != nil {
			return err
		}
	}
	for {
		if _, err := session.Read(conn); err != nil {
			return err
		}
	}
}

func TestAKilledHelperLosesNothingBeforeItsCheckpoint(t *testing.T) {
	w := newWorld(t)
	killed := exec.Command(os.Args[0])
	killed.Env = append(os.Environ(), child+"="+w.config.Socket)
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	w.wait("the helper told its level", func() bool {
		return len(w.service.collected(w.me(), time.Now()).Capture) == 1
	})
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait() // killed
	w.wait("what it left open arrives", w.arrived("Killed"))
	w.collector.Lock()
	last := w.collector.Records[len(w.collector.Records)-1]
	w.collector.Unlock()
	if last.EndedBy != episode.ByCrash || last.For != 7*time.Second {
		t.Errorf("closed by %s after %s", last.EndedBy, last.For)
	}
	e := w.dial()
	e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: "00000000000000b1", Desktop: "x11"}})
	if m := e.until("welcome", func(m *session.Message) bool { return m.Welcome != nil }); m.Welcome.Refused == "" {
		t.Error("a run that was closed goes on")
	}
}

func (w *world) me() stream.Login {
	w.t.Helper()
	login, err := session.LoginOf(w.t.Context(), strconv.Itoa(os.Getuid()))
	if err != nil {
		w.t.Fatal(err)
	}
	return login
}

func TestHelpersThatDoNotFitAreRefused(t *testing.T) {
	w := newWorld(t)
	w.helper("a100000000000000")
	for name, hello := range map[string]*session.Hello{
		"another version":      {Protocol: session.Protocol + 1, Run: "00000000000000a2", Desktop: "x11"},
		"no run":               {Protocol: session.Protocol, Desktop: "x11"},
		"a run that is a path": {Protocol: session.Protocol, Run: "../../0000000000", Desktop: "x11"},
		"the same session":     {Protocol: session.Protocol, Run: "00000000000000a3", OSSession: "ca1", Desktop: "x11"},
		"the same display":     {Protocol: session.Protocol, Run: "00000000000000a3", Display: ":a100000000000000", Desktop: "x11"},
	} {
		e := w.dial()
		e.send(&session.Message{Hello: hello})
		m := e.until("welcome", func(m *session.Message) bool { return m.Welcome != nil })
		if m.Welcome.Refused == "" {
			t.Errorf("%s: not refused", name)
		}
		if _, err := session.Read(e.conn); !errors.Is(err, io.EOF) {
			t.Errorf("%s: goes on: %v", name, err)
		}
	}
	e := w.dial()
	e.send(&session.Message{Closed: &session.Closed{Number: 1, Episode: one("No hello", time.Second)}})
	if _, err := session.Read(e.conn); !errors.Is(err, io.EOF) {
		t.Errorf("without a hello: %v", err)
	}
}

// One connection is one run, and a user has only so many: else memory and spans would be for the taking.
func TestRunsOfAUserAreBounded(t *testing.T) {
	w := newWorld(t)
	e := w.helper("00000000000000a1")
	e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: "00000000000000a2", OSSession: "c9", Desktop: "x11"}})
	for {
		if _, err := session.Read(e.conn); err != nil {
			break
		}
	}
	for i := range maxRuns {
		e := w.dial()
		e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: fmt.Sprintf("%016x", i), OSSession: fmt.Sprint(i), Desktop: "x11"}})
		welcome := e.until("welcome", func(m *session.Message) bool { return m.Welcome != nil }).Welcome
		if refused := welcome.Refused != ""; refused != (i == maxRuns-1) { // the first helper may still come back
			t.Errorf("run %d: refused %q", i, welcome.Refused)
		}
		e.conn.Close()
		w.wait("the connection is gone", func() bool { return !w.service.hub.connected() })
	}
}

// Settings that fit no message are told in words; the helper is not left to dial for ever.
func TestSettingsThatAreTooLongAreToldSo(t *testing.T) {
	w := newWorld(t)
	w.collector.Lock()
	w.alwaysActive = slices.Repeat([]string{strings.Repeat("x", 250) + "&"}, 256) // as many and as long as an account may have
	w.collector.Unlock()
	e := w.dial()
	e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: "00000000000000a1", OSSession: "c1", Desktop: "x11"}})
	told := e.until("the reason", func(m *session.Message) bool {
		return m.Settings != nil && strings.Contains(m.Settings.Reason, "too long")
	})
	if told.Settings.Collect {
		t.Error("collects all the same")
	}
}

func TestAnEpisodeOutOfBoundsHoldsNothingBack(t *testing.T) {
	w := newWorld(t)
	e := w.helper("00000000000000a1")
	e.closed(1, strings.Repeat("x", 600))
	e.closed(2, "Good")
	w.wait("the good one arrives", w.arrived("Good"))
}

func (w *world) ask(what string, document any) string {
	w.t.Helper()
	e := w.dial()
	e.send(&session.Message{Ask: &session.Ask{What: what}})
	answer := e.until("answer", func(m *session.Message) bool { return m.Answer != nil }).Answer
	if answer.Error == "" {
		if err := json.Unmarshal(answer.Document, document); err != nil {
			w.t.Fatal(err)
		}
	}
	return answer.Error
}

func TestAPersonPausesAndResumes(t *testing.T) {
	w := newWorld(t)
	e := w.helper("00000000000000a1")
	var told Collected
	if problem := w.ask("pause", &told); problem != "" || !told.Paused {
		t.Fatalf("pause: %q %+v", problem, told)
	}
	e.until("pause", func(m *session.Message) bool { return m.Pause != nil && m.Pause.Paused })
	w.stop()
	w.start()
	e = w.dial()
	e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: "00000000000000a1", Desktop: "x11"}})
	e.until("the pause is repeated", func(m *session.Message) bool { return m.Pause != nil && m.Pause.Paused })
	if problem := w.ask("resume", &told); problem != "" || told.Paused {
		t.Fatalf("resume: %q %+v", problem, told)
	}
	e.until("resume", func(m *session.Message) bool { return m.Pause != nil && !m.Pause.Paused })
	w.wait("the pause is a span with an end", func() bool {
		spans := w.spans(buffer.SpanPause)
		return len(spans) == 1 && spans[0].EndMs > 0
	})
	w.collector.Lock()
	w.mayPause = false
	w.collector.Unlock()
	w.service.uplink.Soon()
	w.wait("the new settings", func() bool { return !w.service.collected(w.me(), time.Now()).MayPause })
	if problem := w.ask("pause", &told); !strings.Contains(problem, "does not allow") {
		t.Errorf("a pause that is not allowed: %q", problem)
	}
}

func TestNewSettingsReachTheHelper(t *testing.T) {
	w := newWorld(t)
	e := w.helper("00000000000000a1")
	w.collector.Lock()
	w.untracked = true
	w.collector.Unlock()
	w.service.uplink.Soon()
	m := e.until("settings", func(m *session.Message) bool { return m.Settings != nil && !m.Settings.Collect })
	if !strings.Contains(m.Settings.Reason, "do-not-track") {
		t.Errorf("reason %q", m.Settings.Reason)
	}
}

// status tells a person of their own login and no other.
func TestStatusIsAboutWhoAsks(t *testing.T) {
	w := newWorld(t)
	e := w.helper("00000000000000a1")
	e.closed(1, "Secret title")
	var mine Status
	if problem := w.ask("status", &mine); problem != "" {
		t.Fatal(problem)
	}
	if !mine.Enrolled || mine.SettingsRevision == "" || len(mine.Logins) != 1 || !mine.Logins[0].Collect || mine.Update == "" {
		t.Errorf("status %+v", mine)
	}
	other := w.service.answer(t.Context(), session.Peer{User: "12345", Login: stream.Login{Account: "bert", Name: `pc\bert`}}, "status")
	if other.Error != "" || strings.Contains(string(other.Document), w.me().Name) || strings.Contains(string(other.Document), `"buffered_episodes":1`) {
		t.Errorf("another person is told: %s %s", other.Error, other.Document)
	}
	if told := mine.Logins[0].Observed(); told != "1 session observed" {
		t.Error(told)
	}
	var checks []Check
	if problem := w.ask("doctor", &checks); problem != "" || len(checks) < 6 {
		t.Errorf("doctor: %q %+v", problem, checks)
	}
	if problem := w.ask("rm -rf", nil); problem == "" {
		t.Error("any question is answered")
	}
}

// A planned stop asks the helper to close what is open, takes it in and sends it.
func TestTheNextMidnight(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]time.Duration{
		time.Date(2026, 3, 28, 23, 59, 58, 0, zone): 2 * time.Second,
		time.Date(2026, 3, 29, 0, 0, 0, 0, zone):    23 * time.Hour, // the clocks go forward
		time.Date(2026, 12, 31, 12, 0, 0, 0, zone):  12 * time.Hour,
	} {
		if got := untilMidnight(at); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}

func TestAPlannedStopLosesNothing(t *testing.T) {
	w := newWorld(t)
	e := w.helper("00000000000000a1")
	closing := make(chan struct{})
	go func() {
		defer close(closing)
		m := e.until("stop", func(m *session.Message) bool { return m.Stop != nil })
		if m.Stop.EndedBy != episode.ByEnd || m.Stop.Within <= 0 {
			t.Errorf("stop is %+v", m.Stop)
		}
		e.closed(1, "Last")
		e.conn.Close()
	}()
	w.stop()
	<-closing
	if got := w.collector.Titles(); !slices.Equal(got, []string{"Last"}) {
		t.Errorf("arrived %v", got)
	}
}

func TestNothingIsCapturedWithoutAnEnrolment(t *testing.T) {
	w := newWorld(t)
	w.stop()
	if err := Discard(w.config.Folder); err != nil {
		t.Fatal(err)
	}
	w.config.Identity, w.config.Trusted = nil, nil
	w.start()
	e := w.dial()
	e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: "00000000000000a1", Desktop: "x11"}})
	if m := e.until("settings", func(m *session.Message) bool { return m.Settings != nil }); m.Settings.Collect {
		t.Error("collects")
	}
	var s Status
	if problem := w.ask("status", &s); problem != "" || s.Enrolled || !strings.Contains(s.Problem, "enroll") {
		t.Errorf("status %q %+v", problem, s)
	}
}

// A helper that is asked to stop comes back when whoever started it likes; one that is not, at once.
func TestAServiceThatEnrolsAsksNoHelperToStop(t *testing.T) {
	w := newWorld(t)
	w.stop()
	identity, trusted := w.config.Identity, w.config.Trusted
	w.config.Identity, w.config.Trusted = nil, nil
	w.start()
	e := w.dial()
	e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: "00000000000000a1", Desktop: "x11"}})
	e.until("settings", func(m *session.Message) bool { return m.Settings != nil })
	w.cause = ErrAnew
	w.stop()
	for {
		m, err := session.Read(e.conn)
		if err != nil {
			break
		}
		if m.Stop != nil {
			t.Fatalf("stop is %+v", m.Stop)
		}
	}
	w.config.Identity, w.config.Trusted = identity, trusted
	w.start()
	w.helper("00000000000000a1").closed(1, "First")
	w.wait("it arrives", w.arrived("First"))
}
