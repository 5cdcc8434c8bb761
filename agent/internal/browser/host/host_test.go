package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
)

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// listener is a session of the test's: an ear that runs.
type listener struct {
	*Ear
	stop func()
}

func listenAt(t *testing.T, place string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{Ear: NewEar(place, slog.New(slog.DiscardHandler))}
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	stopped := false
	l.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the ear ended with %v", err)
		}
	}
	t.Cleanup(func() { l.stop() })
	occupy(t, place)
	return l
}

// next is what is told next.
func (l *listener) next(t *testing.T) browser.Told {
	t.Helper()
	select {
	case told := <-l.Told():
		return told
	case <-time.After(patience):
		t.Fatal("nothing is told")
		return browser.Told{}
	}
}

// until skips what is told before a tab of this title.
func (l *listener) until(t *testing.T, title string) browser.Told {
	t.Helper()
	for {
		if told := l.next(t); told.Tab != nil && told.Tab.Title == title {
			return told
		}
	}
}

// playedExtension is a browser's extension that the test plays, at its host.
type playedExtension struct {
	t     *testing.T
	in    *io.PipeWriter
	out   *io.PipeReader
	ended chan error
}

const played = 4711

func playExtension(t *testing.T, place string) *playedExtension {
	t.Helper()
	hostIn, in := io.Pipe()
	out, hostOut := io.Pipe()
	e := &playedExtension{t: t, in: in, out: out, ended: make(chan error, 1)}
	h := New(Config{In: hostIn, Out: hostOut, Browser: played, Place: place, Status: func(context.Context) json.RawMessage {
		return json.RawMessage(`{"running":true}`)
	}})
	go func() {
		e.ended <- h.Run(context.Background())
		hostIn.Close()
		hostOut.Close()
	}()
	t.Cleanup(func() { e.close() })
	return e
}

func (e *playedExtension) close() {
	e.in.Close()
	e.out.Close()
}

func (e *playedExtension) write(m *browser.Message) {
	e.t.Helper()
	if err := Write(e.in, m); err != nil {
		e.t.Fatal(err)
	}
}

func (e *playedExtension) read() *browser.Message {
	e.t.Helper()
	type read struct {
		m   *browser.Message
		err error
	}
	c := make(chan read, 1)
	go func() {
		m, err := Read(e.out)
		c <- read{m, err}
	}()
	select {
	case got := <-c:
		if got.err != nil {
			e.t.Fatal(got.err)
		}
		return got.m
	case <-time.After(patience):
		e.t.Fatal("nothing is answered")
		return nil
	}
}

// say sends what is acknowledged, and tells whether a session heard it.
func (e *playedExtension) say(m *browser.Message) (session bool) {
	e.t.Helper()
	e.write(m)
	got := e.read()
	if got.Ack == nil {
		e.t.Fatalf("answered %+v", got)
	}
	return got.Ack.Session
}

func hello() *browser.Message {
	return &browser.Message{Hello: &browser.Hello{Version: "1.0.0", Browser: 1}}
}

func tab(title string) *browser.Message {
	return &browser.Message{Tab: &browser.Tab{Window: 5, URL: "https://example.com/" + title, Title: title}}
}

func TestASessionHearsWhatTheExtensionTells(t *testing.T) {
	place := placeFor(t)
	ear := listenAt(t, place)
	e := playExtension(t, place)
	e.say(hello())
	who := ear.next(t)
	// Who the browser is the host knows, whatever the extension says.
	if who.Host == 0 || who.Browser != played || who.Version != "1.0.0" || who.Tab != nil || who.Gone {
		t.Fatalf("told %+v", who)
	}
	if !e.say(tab("one")) {
		t.Error("a session that hears is not told of")
	}
	told := ear.next(t)
	if told.Host != who.Host || told.Browser != played || told.Version != "1.0.0" || *told.Tab != *tab("one").Tab {
		t.Errorf("told %+v", told)
	}
	e.say(&browser.Message{Tab: &browser.Tab{Window: 6, Private: true, URL: "https://private.example/", Title: "private"}})
	if told := ear.next(t); *told.Tab != (browser.Tab{Window: 6, Private: true}) {
		t.Errorf("of a private window %+v", told.Tab)
	}
	e.write(&browser.Message{Ask: "status"})
	if m := e.read(); string(m.Status) != `{"running":true}` {
		t.Errorf("the popup is told %+v", m)
	}
	e.in.Close()
	if told := ear.next(t); !told.Gone || told.Host != who.Host {
		t.Errorf("told %+v", told)
	}
	if err := <-e.ended; err != nil {
		t.Errorf("the host ended with %v", err)
	}
}

func TestATabIsToldAgainWhenAsked(t *testing.T) {
	place := placeFor(t)
	ear := listenAt(t, place)
	e := playExtension(t, place)
	e.say(hello())
	e.say(tab("one"))
	told := ear.until(t, "one")
	ear.Again(told.Host)
	ear.Again(told.Host + 1) // nobody's
	if m := e.read(); !m.Again {
		t.Fatalf("asked %+v", m)
	}
	e.say(tab("one"))
	if again := ear.next(t); again.Tab == nil || *again.Tab != *told.Tab {
		t.Errorf("told %+v", again)
	}
}

// Without a session the browser is answered all the same; the session that comes is told the newest.
func TestASessionThatComesLaterIsToldTheNewest(t *testing.T) {
	place := placeFor(t)
	e := playExtension(t, place)
	for _, m := range []*browser.Message{tab("zero"), hello(), tab("one"), tab("two")} {
		if e.say(m) {
			t.Error("a session hears")
		}
	}
	ear := listenAt(t, place)
	if told := ear.next(t); told.Version != "1.0.0" || told.Tab != nil {
		t.Errorf("told first: %+v", told)
	}
	if told := ear.next(t); *told.Tab != *tab("two").Tab {
		t.Errorf("told then: %+v", told.Tab)
	}
	// It ends, and another takes its place.
	ear.stop()
	ear = listenAt(t, place)
	if told := ear.next(t); told.Version != "1.0.0" || told.Tab != nil {
		t.Errorf("the next session is told first: %+v", told)
	}
	if told := ear.next(t); *told.Tab != *tab("two").Tab {
		t.Errorf("the next session is told then: %+v", told.Tab)
	}
}

// An extension that says too much is read on, and the newest is told; the session lets nobody go for it.
func TestTheNewestWins(t *testing.T) {
	place := placeFor(t)
	ear := listenAt(t, place)
	e := playExtension(t, place)
	e.say(hello())
	who := ear.next(t)
	const many = 2000
	go func() { _, _ = io.Copy(io.Discard, e.out) }()
	for i := range many {
		e.write(tab(fmt.Sprint(i)))
	}
	if told := ear.until(t, fmt.Sprint(many-1)); told.Host != who.Host {
		t.Errorf("told by %d, who began as %d", told.Host, who.Host)
	}
}

func TestABadFrameEndsTheHost(t *testing.T) {
	for name, frame := range map[string][]byte{
		"too long":     {0xff, 0xff, 0xff, 0xff},
		"no JSON":      frameOf("oops"),
		"two messages": frameOf(`{"hello":{},"tab":{}}`),
	} {
		err := New(Config{In: bytes.NewReader(frame), Out: io.Discard, Place: placeFor(t)}).Run(t.Context())
		if !errors.Is(err, ErrBadFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A browser that does not read is read on, and what it says is told.
func TestABrowserThatDoesNotReadIsHeard(t *testing.T) {
	place := placeFor(t)
	ear := listenAt(t, place)
	e := playExtension(t, place)
	e.write(hello())
	for i := range 200 {
		e.write(tab(fmt.Sprint(i)))
	}
	ear.until(t, "199")
}

// knockAt is a connection to the ear that the test makes itself.
func knockAt(t *testing.T, place string) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		for _, door := range doors(place) {
			if conn, err := dial(ctx, door); err == nil {
				t.Cleanup(func() { conn.Close() })
				_ = conn.SetDeadline(time.Now().Add(patience))
				return conn
			}
		}
		select {
		case <-ctx.Done():
			t.Fatal("nobody listens")
		case <-ticker.C:
		}
	}
}

func TestAHostThatBreaksTheBoundsIsLetGo(t *testing.T) {
	place := placeFor(t)
	ear := listenAt(t, place)
	good := playExtension(t, place)
	good.say(hello())
	who := ear.next(t)
	for name, sent := range map[string][]byte{
		"too long":           {0xff, 0xff, 0xff, 0xff},
		"no JSON":            frameOf("oops"),
		"no hello":           frameOf(`{"tab":{"window":1}}`),
		"of no browser":      frameOf(`{"hello":{"version":"1"}}`),
		"after hello":        append(frameOf(`{"hello":{"version":"1","browser":9}}`), frameOf("oops")...),
		"more than may come": append(frameOf(`{"hello":{"version":"1","browser":9}}`), bytes.Repeat(frameOf(`{"again":true}`), 2*burst)...),
	} {
		conn := knockAt(t, place)
		go func() { _, _ = conn.Write(sent) }() // which is not read to its end
		if name == "after hello" || name == "more than may come" {
			if told := ear.next(t); told.Browser != 9 || told.Gone {
				t.Errorf("%s: told %+v", name, told)
			}
			if told := ear.next(t); told.Browser != 9 || !told.Gone {
				t.Errorf("%s: told %+v", name, told)
			}
		}
		if m, err := Read(conn); err == nil || isTimeout(err) {
			t.Errorf("%s: answered %+v, %v", name, m, err)
		}
	}
	good.say(tab("one"))
	if told := ear.next(t); told.Host != who.Host || *told.Tab != *tab("one").Tab {
		t.Errorf("the other is heard as %+v", told)
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestHostsAreBounded(t *testing.T) {
	e := NewEar("", slog.New(slog.DiscardHandler))
	seen := map[uint64]bool{}
	for range maxHosts {
		number, again := e.admit()
		if number == 0 || seen[number] || again == nil {
			t.Fatalf("number %d", number)
		}
		seen[number] = true
	}
	if number, _ := e.admit(); number != 0 {
		t.Error("one more is let in")
	}
	e.leave(1)
	if number, _ := e.admit(); number == 0 || seen[number] {
		t.Errorf("after one left the next is %d", number)
	}
}

func TestTheRateIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	left := allowance{left: burst, at: now}
	for i := range burst {
		if !left.spend(now) {
			t.Fatalf("message %d is too much", i)
		}
	}
	if left.spend(now) {
		t.Error("one more is not")
	}
	for range 100 * browser.MaxPerSecond {
		now = now.Add(time.Second / (browser.MaxPerSecond / 2))
		if !left.spend(now) {
			t.Fatal("half the rate is too much")
		}
	}
}

// Whatever bytes come, a host ends with the browser's end.
func FuzzHost(f *testing.F) {
	f.Add(append(frameOf(`{"hello":{"version":"1"}}`), frameOf(`{"ask":"status"}`)...))
	f.Add(append(frameOf(`{"tab":{"window":1,"title":"a"}}`), 0xff, 0, 0))
	f.Fuzz(func(t *testing.T, sent []byte) {
		h := New(Config{In: bytes.NewReader(sent), Out: io.Discard, Browser: played, Place: "nowhere", Status: func(context.Context) json.RawMessage {
			return json.RawMessage(`{}`)
		}})
		if err := h.Run(t.Context()); err != nil && !errors.Is(err, ErrBadFrame) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	})
}
