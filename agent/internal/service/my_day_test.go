//go:build linux

package service

import (
	"strings"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// The collector is asked about who the kernel says is asking, whatever the message says.
func TestMyDayIsOfWhoAsks(t *testing.T) {
	w := newWorld(t)
	asked := make(chan *agentv1.Login, 2)
	w.collector.Lock()
	w.collector.Day = func(login *agentv1.Login) (string, error) {
		asked <- login
		return "https://dayline.example.com/my-day#code=abc", nil
	}
	w.collector.Unlock()
	var day MyDay
	if problem := w.ask("my-day", &day); problem != "" || day.URL != "https://dayline.example.com/my-day#code=abc" {
		t.Fatalf("%q %+v", problem, day)
	}
	if login, me := <-asked, w.me(); login.Account != me.Account || login.Name != me.Name {
		t.Errorf("asked about %v", login)
	}
	bert := stream.Login{Account: "bert", Name: `pc\bert`}
	if answer := w.service.answer(t.Context(), session.Peer{User: "12345", Login: bert}, "my-day"); answer.Error != "" {
		t.Error(answer.Error)
	}
	if login := <-asked; login.Account != "bert" {
		t.Errorf("asked about %v", login)
	}
}

// A login holds up the syncs of its device by one question at most.
func TestMyDayIsAskedForOneAtATime(t *testing.T) {
	w := newWorld(t)
	asked, goOn := make(chan struct{}), make(chan struct{})
	w.collector.Lock()
	w.collector.Day = func(*agentv1.Login) (string, error) {
		close(asked)
		<-goOn
		return "https://dayline.example.com", nil
	}
	w.collector.Unlock()
	first := w.dial()
	first.send(&session.Message{Ask: &session.Ask{What: "my-day"}})
	<-asked
	if problem := w.ask("my-day", nil); !strings.Contains(problem, "already") {
		t.Errorf("a second question: %q", problem)
	}
	close(goOn)
	if m := first.until("answer", func(m *session.Message) bool { return m.Answer != nil }); m.Answer.Error != "" {
		t.Error(m.Answer.Error)
	}
}

func TestMyDayOfWhomNothingIsCollected(t *testing.T) {
	w := newWorld(t)
	w.collector.Lock()
	w.untracked = true
	w.collector.Day = func(*agentv1.Login) (string, error) { return "", uplinktest.Refusal("not_found", "login", "unknown") }
	w.collector.Unlock()
	e := w.dial()
	e.send(&session.Message{Hello: &session.Hello{Protocol: session.Protocol, Run: "00000000000000a1", Desktop: "x11"}})
	told := e.until("why not", func(m *session.Message) bool {
		return m.Settings != nil && strings.Contains(m.Settings.Reason, "do-not-track")
	})
	if problem := w.ask("my-day", nil); !strings.Contains(problem, "nothing of you") || !strings.Contains(problem, told.Settings.Reason) {
		t.Errorf("%q, where nothing is collected: %s", problem, told.Settings.Reason)
	}
	w.stop()
	w.config.Identity, w.config.Trusted = nil, nil
	w.start()
	if problem := w.ask("my-day", nil); !strings.Contains(problem, "not enrolled") {
		t.Error(problem)
	}
	var checks []Check
	if problem := w.ask("doctor", &checks); problem != "" || len(checks) != 1 || checks[0].OK || !strings.Contains(checks[0].Fix, "enroll STRING") {
		t.Errorf("where it is not enrolled, which is the one thing to mend, doctor says %q %+v", problem, checks)
	}
}
