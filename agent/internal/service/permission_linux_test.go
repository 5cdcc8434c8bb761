package service

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/session"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

const lacks = "Accessibility is not permitted, so only applications are recorded: allow Dayline in System Settings"

func TestAMissingPermissionIsTold(t *testing.T) {
	w := newWorld(t)
	first, second := w.helper("a100000000000000"), w.helper("b200000000000000")
	for _, e := range []*end{first, second} {
		e.send(&session.Message{Capture: &session.Capture{Missing: []string{lacks}}})
	}
	w.wait("both are taken in", func() bool {
		w.service.hub.mu.Lock()
		defer w.service.hub.mu.Unlock()
		all := w.service.hub.sorted()
		return len(all) == 2 && all[0].capture.Missing != nil && all[1].capture.Missing != nil
	})
	var status Status
	if problem := w.ask("status", &status); problem != "" || !slices.Equal(status.MissingPermissions, []string{lacks}) {
		t.Errorf("status: %s, %q", problem, status.MissingPermissions)
	}
	var checks []Check
	if problem := w.ask("doctor", &checks); problem != "" || !slices.ContainsFunc(checks, func(c Check) bool {
		return c.Name == "permission" && !c.OK && c.Found == "Accessibility is not permitted, so only applications are recorded" && strings.HasPrefix(c.Fix, "allow Dayline")
	}) {
		t.Errorf("doctor: %s, %+v", problem, checks)
	}
	if told := w.service.health(time.Now()).MissingPermissions; !slices.Equal(told, []string{lacks}) {
		t.Errorf("health: %q", told)
	}
	w.wait("the collector hears of it", func() bool {
		w.service.hub.soon()
		w.collector.Lock()
		defer w.collector.Unlock()
		return slices.ContainsFunc(w.collector.Syncs, func(s *agentv1.SyncRequest) bool {
			return slices.Equal(s.Health.GetMissingPermissions(), []string{lacks})
		})
	})
	other := w.service.status(session.Peer{User: "12345", Login: stream.Login{Account: "bert", Name: `pc\bert`}})
	if other.MissingPermissions == nil || len(other.MissingPermissions) != 0 {
		t.Errorf("another person is told %q", other.MissingPermissions)
	}
	// Given again, it is missing no more.
	for _, e := range []*end{first, second} {
		e.send(&session.Message{Capture: &session.Capture{}})
	}
	w.wait("nothing is missing", func() bool { return len(w.service.health(time.Now()).MissingPermissions) == 0 })
}

func TestTooManyPermissionsAreRefused(t *testing.T) {
	for name, missing := range map[string][]string{"long": {strings.Repeat("x", 501)}, "many": make([]string, 9)} {
		if err := (&helper{}).captured(&session.Capture{Missing: missing}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestWhatNoBrowserCanHaveIsRefused(t *testing.T) {
	chromium := session.CaptureLevel{Subject: "chromium", Level: "full", Extension: "1.2.0", ExtensionMS: 60_000, FrontSeconds: 90, AddressSeconds: 80}
	captured := func(change func(*session.CaptureLevel)) error {
		level := chromium
		change(&level)
		return (&helper{}).captured(&session.Capture{Subjects: []session.CaptureLevel{level}})
	}
	if err := captured(func(l *session.CaptureLevel) { l.ExtensionMS = -1 }); err != nil { // its clock is before 1970
		t.Error(err)
	}
	for name, change := range map[string]func(*session.CaptureLevel){
		"a long version":        func(l *session.CaptureLevel) { l.Extension = strings.Repeat("1", 33) },
		"less than no time":     func(l *session.CaptureLevel) { l.AddressSeconds = -1 },
		"addresses out of view": func(l *session.CaptureLevel) { l.AddressSeconds = l.FrontSeconds + 1 },
		"no known level":        func(l *session.CaptureLevel) { l.Level = "some" },
	} {
		if err := captured(change); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// A helper is a person's, and status shows an administrator what it says.
func TestWhatAHelperSaysDoesNotActOnAScreen(t *testing.T) {
	const wild = "a\x1b[2J\u202eb"
	capture := &session.Capture{
		Subjects: []session.CaptureLevel{{Subject: wild, Level: "full", Reason: wild, Extension: wild}}, Missing: []string{wild}, Errors: []string{wild},
	}
	one := &helper{}
	if err := one.captured(capture); err != nil {
		t.Fatal(err)
	}
	told := one.capture.Subjects[0]
	for _, text := range append([]string{told.Subject, told.Reason, told.Extension}, slices.Concat(one.capture.Missing, one.capture.Errors)...) {
		if text != stream.Printable(wild) {
			t.Errorf("%q", text)
		}
	}
}

func TestTheHealthTellsOfEachBrowser(t *testing.T) {
	w := newWorld(t)
	w.helper("a100000000000000").send(&session.Message{Capture: &session.Capture{Subjects: []session.CaptureLevel{
		{Subject: "chromium", Level: "full", Reason: "told", Extension: "1.2.0", ExtensionMS: 60_000, FrontSeconds: 90, AddressSeconds: 80},
	}}})
	var told []*agentv1.Capture
	w.wait("it is told", func() bool {
		told = w.service.health(time.Now()).Capture
		return len(told) == 1
	})
	want := &agentv1.Capture{
		Subject: "chromium", Level: "full", Reason: "told", Login: buffer.Login(w.me()),
		ExtensionVersion: "1.2.0", ExtensionMs: 60_000, FrontSeconds: 90, AddressSeconds: 80,
	}
	if !proto.Equal(told[0], want) {
		t.Errorf("%v", told[0])
	}
}

// The collector refuses a health of more than 32 KiB, and with it the spans that tell of a person without a helper.
func TestAHelperThatTellsTooMuchHidesNothing(t *testing.T) {
	w := newWorld(t)
	first, second := w.helper("a100000000000000"), w.helper("b200000000000000")
	first.send(&session.Message{Capture: &session.Capture{Errors: slices.Repeat([]string{strings.Repeat("x", 1500)}, 32)}})
	second.send(&session.Message{Capture: &session.Capture{Missing: []string{lacks}}})
	w.wait("both are taken in", func() bool {
		w.service.hub.mu.Lock()
		defer w.service.hub.mu.Unlock()
		all := w.service.hub.sorted()
		return len(all) == 2 && all[0].capture.Errors != nil && all[1].capture.Missing != nil
	})
	told := w.service.health(time.Now())
	if proto.Size(told) > 32<<10 || !slices.Equal(told.MissingPermissions, []string{lacks}) {
		t.Errorf("%d bytes, missing %q", proto.Size(told), told.MissingPermissions)
	}
}

// A Mac tells whose session is looked at and nothing more: any helper of that person sees it.
func TestWhoIsAtTheConsoleWithoutAHelperIsBlind(t *testing.T) {
	w := newWorld(t)
	me := consoleSession(uint32(os.Getuid()), true)
	watch := blindWatch{since: map[string]time.Time{}, spans: map[string]*agentv1.Span{}}
	began := time.Now()
	watch.look(t.Context(), w.service, me, began)
	w.wait("the collector says what holds", func() bool {
		w.service.hub.soon()
		return w.service.hub.wants(w.me()) && !w.service.hub.observes(me[0])
	})
	watch.look(t.Context(), w.service, me, began)
	watch.look(t.Context(), w.service, me, began.Add(blindAfter))
	span := watch.spans[strconv.Itoa(os.Getuid())]
	if span == nil || span.Session != strconv.Itoa(os.Getuid()) || span.Reason != whyBlind {
		t.Fatalf("spans %+v", watch.spans)
	}
	w.helper("00000000000000a1")
	watch.look(t.Context(), w.service, me, began.Add(blindAfter+time.Minute))
	if len(watch.spans) != 0 || span.EndMs == 0 {
		t.Errorf("blind though there is a helper: %+v", span)
	}
	// Nobody at the console: nobody is missed.
	watch.look(t.Context(), w.service, consoleSession(0, false), began.Add(2*blindAfter))
	if len(watch.since) != 0 {
		t.Errorf("missed: %v", watch.since)
	}
}
