package session

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/agent/internal/observe"
	"github.com/dayline-project/dayline/agent/internal/privacy"
	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/stream"
)

// stage is a login session whose course the test plays: what is told is stamped and put into the stream, as the
// observer does, and what the test plays with it. With each look at its clock a second has passed.
type stage struct {
	out chan observe.Observation

	mu       sync.Mutex
	at       time.Duration
	watching bool
	starts   int
	paused   bool
	await    bool
	unkept   bool
	releases int
}

func newStage() *stage {
	return &stage{out: make(chan observe.Observation, 1000)}
}

func (s *stage) Run(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}
func (s *stage) Observations() <-chan observe.Observation { return s.out }

func (s *stage) Now() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at += time.Second
	return s.at
}

func (s *stage) Watch(on bool, _ privacy.Rules) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watching = on
}

func (s *stage) AwaitInput(await bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.await = await
}

func (s *stage) Unkept(unkept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unkept = unkept
}

func (s *stage) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.releases++
}

func (s *stage) Tell(told ...episode.Observation) {
	for _, o := range told {
		s.play(observe.Observation{Observation: o})
	}
}

func (s *stage) play(o observe.Observation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at += time.Second
	switch o.Event {
	case episode.EventPause:
		s.paused = true
	case episode.EventResume:
		s.paused = false
	}
	o.At, o.HasIdle = s.at, true
	if o.Event == episode.EventStart {
		o.Wall = time.Now()
		s.starts++
	}
	s.out <- o
}

func (s *stage) focus(app string) {
	s.focusOn(app, app+" title", "org.example."+app)
}

func (s *stage) focusOn(app, title, bundle string) {
	s.play(observe.Observation{
		Observation: episode.Observation{Event: episode.EventFocus, App: app, Title: title}, Product: "The " + app, Bundle: bundle,
	})
}

func (s *stage) poll() {
	s.play(observe.Observation{Observation: episode.Observation{Event: episode.EventTick}, Poll: true})
}

func (s *stage) is(condition func() bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return condition()
}

// office is the service's end: it takes connections and keeps what comes.
type office struct {
	t        *testing.T
	listener net.Listener
	conn     net.Conn
}

// settingsNow let every focus count at once.
func settingsNow(t *testing.T, change func(*episode.Settings)) *Settings {
	t.Helper()
	s := episode.DefaultSettings()
	s.Settle, s.Revision = 0, "r1"
	if change != nil {
		change(s)
	}
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return &Settings{Collect: true, Episode: raw}
}

func (o *office) accept() *Hello {
	o.t.Helper()
	var err error
	if o.conn, err = o.listener.Accept(); err != nil {
		o.t.Fatal(err)
	}
	return o.next("hello", func(m *Message) bool { return m.Hello != nil }).Hello
}

func (o *office) say(messages ...*Message) {
	o.t.Helper()
	for _, m := range messages {
		if err := Write(o.conn, m); err != nil {
			o.t.Fatal(err)
		}
	}
}

func (o *office) welcome(settings *Settings) {
	o.t.Helper()
	o.say(&Message{Welcome: &Welcome{Login: stream.Login{Account: "ada", Name: `HOUSE\ada`}}}, &Message{Pause: &Pause{}}, &Message{Settings: settings})
}

func (o *office) next(what string, wanted func(*Message) bool) *Message {
	o.t.Helper()
	_ = o.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		m, err := Read(o.conn)
		if err != nil {
			o.t.Fatalf("%s: %v", what, err)
		}
		if wanted(m) {
			return m
		}
	}
}

func (o *office) closed() *Closed {
	o.t.Helper()
	return o.next("closed", func(m *Message) bool { return m.Closed != nil }).Closed
}

func (o *office) checkpoint() *Checkpoint {
	o.t.Helper()
	return o.next("checkpoint", func(m *Message) bool {
		return m.Checkpoint != nil && (m.Checkpoint.Keep || m.Checkpoint.Open == nil)
	}).Checkpoint
}

// going is what the helper tells of an episode that has just begun.
func (o *office) going() *Checkpoint {
	o.t.Helper()
	return o.next("what goes on", func(m *Message) bool { return m.Checkpoint != nil && !m.Checkpoint.Keep && m.Checkpoint.Open != nil }).Checkpoint
}

// begin runs a helper against an office on a real socket; ended gives what Run ended with.
func begin(t *testing.T, ctx context.Context) (*office, *stage, <-chan error) {
	t.Helper()
	path := socketFor(t)
	listener, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	occupy(t, path)
	s := newStage()
	h := NewHelper(Config{
		Dial:     func(ctx context.Context) (net.Conn, error) { return Dial(ctx, path) },
		Observer: s, OSSession: "c1", Desktop: "x11",
	})
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended <- h.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return &office{t: t, listener: listener}, s, ended
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in 20 s", what)
		}
	}
}

// until waits for the start of a session.
func (s *stage) until(t *testing.T, starts int) {
	t.Helper()
	until(t, "start", func() bool { return s.is(func() bool { return s.watching && s.starts == starts }) })
}

func TestHelperHandsOver(t *testing.T) {
	o, s, ended := begin(t, context.Background())
	hello := o.accept()
	if hello.Protocol != Protocol || len(hello.Run) != 16 || hello.OSSession != "c1" || hello.Desktop != "x11" {
		t.Errorf("hello %+v", hello)
	}
	if s.is(func() bool { return s.watching }) {
		t.Error("watching before there are settings")
	}
	o.welcome(settingsNow(t, nil))
	s.until(t, 1)
	for _, app := range []string{"one", "two", "three"} {
		s.focus(app)
	}
	for i, app := range []string{"one", "two"} {
		c := o.closed()
		if c.Number != uint64(i+1) || c.Episode.App != app || c.Episode.EndedBy != episode.ByFocus || c.Episode.Revision != "r1" || c.Product != "The "+app || c.Bundle != "org.example."+app {
			t.Errorf("closed %+v, want number %d of %s", c, i+1, app)
		}
	}
	s.poll()
	if c := o.checkpoint(); !c.Keep || c.Open == nil || c.Open.App != "three" || c.IdleMS != 0 {
		t.Errorf("checkpoint %+v", c)
	}

	// What was not acknowledged comes again on the next connection, under its number, and nothing else does.
	o.say(&Message{Stored: &Stored{Number: 1}})
	o.say(&Message{Pause: &Pause{Paused: true}})
	if c := o.closed(); c.Number != 3 || c.Episode.EndedBy != episode.ByPause {
		t.Errorf("paused: %+v", c)
	}
	o.conn.Close()
	if again := o.accept(); again.Run != hello.Run {
		t.Errorf("run %s after %s", again.Run, hello.Run)
	}
	o.say(&Message{Welcome: &Welcome{}})
	for _, number := range []uint64{2, 3} {
		if c := o.closed(); c.Number != number {
			t.Errorf("sent again: %d, want %d", c.Number, number)
		}
	}
	o.say(&Message{Stored: &Stored{Number: 99}}, &Message{Stored: &Stored{Number: 3}}, &Message{Pause: &Pause{}})
	until(t, "resumed", func() bool { return s.is(func() bool { return !s.paused }) })
	s.focus("four")
	s.focus("five")
	if c := o.closed(); c.Number != 4 {
		t.Errorf("closed %+v, want number 4", c)
	}
	if c := o.closed(); c.Number != 5 || c.Episode.App != "four" {
		t.Errorf("closed %+v, want number 5 of four", c)
	}
	o.say(&Message{Stored: &Stored{Number: 5}}, &Message{Stop: &Stop{EndedBy: episode.ByShutdown, Within: time.Minute}})
	if c := o.closed(); c.Number != 6 || c.Episode.EndedBy != episode.ByShutdown || c.Episode.App != "five" {
		t.Errorf("at the end: %+v", c)
	}
	o.say(&Message{Stored: &Stored{Number: 6}})
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	for {
		if m, err := Read(o.conn); err != nil {
			break
		} else if m.Closed != nil {
			t.Errorf("after the end: %+v", m.Closed)
		}
	}
}

func TestHelperObeysSettings(t *testing.T) {
	t.Parallel()
	o, s, _ := begin(t, context.Background())
	o.accept()
	o.welcome(&Settings{Reason: "not tracked"})
	o.say(&Message{Settings: &Settings{Collect: true, Episode: json.RawMessage(`{"settle":"1h"}`)}})
	if m := o.next("fault", func(m *Message) bool { return m.Capture != nil }); len(m.Capture.Errors) != 1 {
		t.Errorf("capture %+v", m.Capture)
	}
	if s.is(func() bool { return s.watching }) {
		t.Error("watching without valid settings")
	}
	levels := []observe.Level{
		{Subject: "desktop", Level: "application_only"},
		{Subject: "chromium", Level: "full", Reason: "told", Extension: "1.2.0", ExtensionMS: 60_000, FrontSeconds: 90, AddressSeconds: 80},
	}
	s.play(observe.Observation{Levels: levels, Missing: []string{"permit it"}})
	m := o.next("capture", func(m *Message) bool { return m.Capture != nil && m.Capture.Subjects != nil })
	if !slices.Equal(m.Capture.Missing, []string{"permit it"}) || len(m.Capture.Subjects) != 2 || observe.Level(m.Capture.Subjects[1]) != levels[1] {
		t.Errorf("capture %+v", m.Capture)
	}
	o.say(&Message{Pause: &Pause{Paused: true}}, &Message{Settings: settingsNow(t, nil)})
	s.until(t, 1)
	until(t, "paused", func() bool { return s.is(func() bool { return s.paused }) })
	s.focus("paused")
	o.say(&Message{Pause: &Pause{}})
	until(t, "resumed", func() bool { return s.is(func() bool { return !s.paused }) })
	s.focus("one")
	s.focus("two")
	if c := o.closed(); c.Episode.App != "paused" && c.Episode.App != "one" || c.Number != 1 {
		t.Errorf("closed %+v", c)
	}
	// Names only: what is open is cut, with its title, and goes on without.
	only := settingsNow(t, nil)
	only.NamesOnly = true
	o.say(&Message{Settings: only})
	c := o.next("cut", func(m *Message) bool { return m.Closed != nil && m.Closed.Episode.EndedBy == episode.BySettings }).Closed
	if c.Episode.Title != "two title" {
		t.Errorf("cut %+v", c)
	}
	s.focus("three")
	if c := o.closed(); c.Episode.Title != "" || c.Episode.App != "two" {
		t.Errorf("names only: %+v", c)
	}
	o.say(&Message{Settings: &Settings{Reason: "not tracked any more"}})
	if c := o.closed(); c.Episode.EndedBy != episode.BySettings || c.Episode.App != "three" {
		t.Errorf("no longer collected: %+v", c)
	}
	if c := o.checkpoint(); c.Open != nil {
		t.Errorf("still open: %+v", c)
	}
	if s.is(func() bool { return s.watching }) {
		t.Error("still watching")
	}
	s.focus("four")
	o.say(&Message{Settings: settingsNow(t, nil)})
	s.until(t, 2)
	s.focus("five")
	s.focus("six")
	if c := o.closed(); c.Episode.App != "five" {
		t.Errorf("collected again: %+v", c)
	}
}

// What is shown in a pause or outside of the schedule is not to be counted either.
func TestHelperSaysWhenNothingIsKept(t *testing.T) {
	t.Parallel()
	o, s, _ := begin(t, context.Background())
	o.accept()
	o.welcome(settingsNow(t, nil))
	s.until(t, 1)
	never := settingsNow(t, func(s *episode.Settings) { s.Schedule = episode.Schedule{} })
	for _, step := range []struct {
		said   *Message
		unkept bool
	}{
		{&Message{Pause: &Pause{Paused: true}}, true}, {&Message{Pause: &Pause{}}, false},
		{&Message{Settings: never}, true}, {&Message{Settings: settingsNow(t, nil)}, false},
	} {
		o.say(step.said)
		until(t, "said", func() bool { return s.is(func() bool { return s.unkept == step.unkept }) })
	}
}

// Each Electron program on a Mac may have an executable of that name.
func TestHelperTellsProgramsOfOneNameApart(t *testing.T) {
	t.Parallel()
	o, s, _ := begin(t, context.Background())
	o.accept()
	o.welcome(settingsNow(t, nil))
	s.until(t, 1)
	s.focusOn("Electron", "one", "org.example.one")
	s.focusOn("Electron", "two", "org.example.two")
	if c := o.closed(); c.Episode.Title != "one" || c.Bundle != "org.example.one" {
		t.Errorf("closed %+v", c)
	}
	s.poll()
	if c := o.checkpoint(); c.Open.Title != "two" || c.Bundle != "org.example.two" {
		t.Errorf("open %+v", c)
	}
}

// What goes on is told as soon as it does, not with the next poll: reports show it as open.
func TestHelperTellsWhatGoesOn(t *testing.T) {
	t.Parallel()
	o, s, _ := begin(t, context.Background())
	o.accept()
	o.welcome(settingsNow(t, nil))
	s.until(t, 1)
	for _, app := range []string{"one", "two"} {
		s.focus(app)
		if c := o.going(); c.Open.App != app || c.Product != "The "+app || c.Bundle != "org.example."+app {
			t.Errorf("in front is %s, told %+v", app, c)
		}
	}
	s.focus("two")
	s.Tell(episode.Observation{Event: episode.EventLock})
	if c := o.going(); c.Open.State != episode.Locked {
		t.Errorf("locked: told %+v", c)
	}
}

func TestHelperAndSleep(t *testing.T) {
	t.Parallel()
	o, s, _ := begin(t, context.Background())
	o.accept()
	o.welcome(settingsNow(t, nil))
	s.until(t, 1)
	s.focus("one")
	s.Tell(episode.Observation{Event: episode.EventSleep})
	c := o.closed()
	if k := o.checkpoint(); !k.Keep || k.Open.State != episode.Locked {
		t.Errorf("asleep: %+v", k)
	}
	if n := s.is(func() bool { return s.releases > 0 }); n {
		t.Error("the computer may sleep before all is stored")
	}
	o.say(&Message{Stored: &Stored{Number: c.Number}})
	until(t, "released", func() bool { return s.is(func() bool { return s.releases > 0 }) })
	s.Tell(episode.Observation{Event: episode.EventWake})
	if c := o.closed(); c.Episode.State != episode.Locked || c.Episode.EndedBy != episode.ByWake {
		t.Errorf("awake: %+v", c)
	}
	until(t, "input awaited", func() bool { return s.is(func() bool { return s.await }) })
	s.Tell(episode.Observation{Event: episode.EventInput})
	until(t, "input not awaited", func() bool { return s.is(func() bool { return !s.await }) })
}

func TestHelperIsRefused(t *testing.T) {
	o, _, ended := begin(t, context.Background())
	o.accept()
	o.say(&Message{Welcome: &Welcome{Refused: "another is there"}})
	if err := <-ended; !errors.Is(err, ErrRefused) {
		t.Errorf("ended with %v", err)
	}
}

func TestHelperEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	o, s, ended := begin(t, ctx)
	o.accept()
	o.welcome(settingsNow(t, nil))
	s.until(t, 1)
	s.focus("one")
	until(t, "observed", func() bool { return len(s.out) == 0 })
	cancel(Ending{By: episode.ByLogoff})
	c := o.closed()
	if c.Episode.EndedBy != episode.ByLogoff {
		t.Errorf("closed %+v", c)
	}
	o.say(&Message{Stored: &Stored{Number: c.Number}})
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

// A service that sends what is no message loses the connection, and finds the helper on the next.
func TestHelperAndHostileService(t *testing.T) {
	t.Parallel()
	o, s, _ := begin(t, context.Background())
	for _, frame := range [][]byte{
		{0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 0}, {0, 0, 0, 2, '{', '}'}, {0, 0, 0, 1, 'x'}, {0, 0},
	} {
		o.accept()
		if _, err := o.conn.Write(frame); err != nil {
			t.Fatal(err)
		}
		if len(frame) < 4 {
			o.conn.Close() // in the middle of one
		} else if _, err := io.Copy(io.Discard, o.conn); err != nil {
			t.Errorf("% x: %v", frame, err)
		}
	}
	o.accept()
	o.welcome(settingsNow(t, nil))
	s.until(t, 1)
}

// The rule of the minute, in a world where a minute takes no time.
func TestHelperAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		dials := 0
		s := newStage()
		h := NewHelper(Config{Observer: s, Dial: func(context.Context) (net.Conn, error) {
			if dials++; dials == 5 {
				return ours, nil
			}
			return nil, errors.New("nobody there")
		}})
		began := time.Now()
		ended := make(chan error, 1)
		go func() { ended <- h.Run(t.Context()) }()
		o := &office{t: t, conn: theirs}
		o.next("hello", func(m *Message) bool { return m.Hello != nil })
		o.welcome(settingsNow(t, nil))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("ended with %v while the service was there", err)
		default:
		}
		theirs.Close()
		lost := time.Now()
		if err := <-ended; !errors.Is(err, ErrAlone) {
			t.Errorf("ended with %v", err)
		}
		if alone := time.Since(lost); alone < aloneFor || alone > aloneFor+endFor {
			t.Errorf("ended %v after the service was gone", alone)
		}
		if time.Since(began) < 10*time.Minute {
			t.Error("ended too early")
		}
	})
}

func TestHelperEndsWithTheConnectionItInherited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		h := NewHelper(Config{Observer: newStage(), Inherited: true, Dial: func(context.Context) (net.Conn, error) { return ours, nil }})
		ended := make(chan error, 1)
		go func() { ended <- h.Run(t.Context()) }()
		o := &office{t: t, conn: theirs}
		o.next("hello", func(m *Message) bool { return m.Hello != nil })
		o.welcome(settingsNow(t, nil))
		theirs.Close()
		lost := time.Now()
		if err := <-ended; !errors.Is(err, ErrGone) || time.Since(lost) != 0 {
			t.Errorf("ended with %v after %s", err, time.Since(lost))
		}
	})
}

func TestKept(t *testing.T) {
	var k kept
	for range keptMost + 10 {
		k.add(Closed{})
	}
	if len(k.closed) != keptMost || k.lost != 10 || k.closed[0].Number != 11 {
		t.Errorf("%d kept from %d, %d lost", len(k.closed), k.closed[0].Number, k.lost)
	}
	k.stored(keptMost + 11)
	if len(k.closed) != keptMost {
		t.Error("a number that was never given acknowledges nothing")
	}
	k.stored(keptMost + 8)
	var numbers []uint64
	for _, m := range k.all() {
		numbers = append(numbers, m.Closed.Number)
	}
	if !slices.Equal(numbers, []uint64{keptMost + 9, keptMost + 10}) {
		t.Errorf("left %v", numbers)
	}
}
