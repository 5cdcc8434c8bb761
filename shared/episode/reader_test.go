package episode_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/shared/episode"
)

const startLine = `{"at":0,"event":"start","wall":"2026-03-02T09:00:00+01:00","user":"CORP\\ana"}` + "\n"

func TestReaderReads(t *testing.T) {
	trace := startLine + "\n \r\n" +
		`{"at": 1.5, "event": "focus", "app": "A<&>", "private": true, "idle": 0.25, "colour": null, "By": 3}` + "\r\n" +
		`{"at": 15e-1, "event": "input", "app": 7, "wall": "x"}` + "\n" +
		`{"at": 2.0000, "event": "pause"}` + "\n" +
		`{"at": 3.001, "event": "resume", "by": "policy"}` // no line feed at the end
	reader := episode.NewReader(strings.NewReader(trace))
	var got []episode.Observation
	for {
		o, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o)
	}
	want := []episode.Observation{
		{Event: episode.EventStart, Wall: monday, User: `CORP\ana`},
		{At: 1500 * time.Millisecond, Event: episode.EventFocus, App: "A<&>", Private: true, HasIdle: true, Idle: 250 * time.Millisecond},
		{At: 1500 * time.Millisecond, Event: episode.EventInput},
		{At: 2 * time.Second, Event: episode.EventPause, By: episode.Person},
		{At: 3001 * time.Millisecond, Event: episode.EventResume, By: episode.Policy},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReplayRefuses(t *testing.T) {
	for _, c := range []struct{ lines, want string }{
		{`{"event":"input"}`, `line 2: at: missing`},
		{`{"at":"1","event":"input"}`, `line 2: at: want seconds, a number from 0 to 4000000000`},
		{`{"at":null,"event":"input"}`, `line 2: at: want seconds`},
		{`{"at":-1,"event":"input"}`, `line 2: at: want seconds`},
		{`{"at":1e300,"event":"input"}`, `line 2: at: want seconds`},
		{`{"at":1e999,"event":"input"}`, `line 2: at: want seconds`},
		{`{"at":1.0001,"event":"input"}`, `line 2: at: want at most 3 decimals`},
		{`{"At":1,"event":"input"}`, `line 2: at: missing`},
		{`{"at":1}`, `line 2: event: missing`},
		{`{"at":1,"event":7}`, `line 2: event: want a text`},
		{`{"at":1,"event":"Input"}`, `line 2: event: unknown: "Input"`},
		{`{"at":1,"event":"tick","idle":-1}`, `line 2: idle: want seconds`},
		{`{"at":1,"event":"tick","idle":"1"}`, `line 2: idle: want seconds`},
		{`{"at":1,"event":"focus","app":null}`, `line 2: app: want a text`},
		{`{"at":1,"event":"focus","private":"yes"}`, `line 2: private: want true or false`},
		{`{"at":1,"event":"pause","by":"me"}`, `line 2: by: want person or policy`},
		{`{"at":1,"event":"clock"}`, `line 2: wall: missing`},
		{`{"at":1,"event":"clock","wall":"2026-03-02T09:00:00"}`, `line 2: wall: want RFC 3339 with an offset`},
		{`{"at":1,"event":"clock","wall":"2026-02-30T09:00:00Z"}`, `line 2: wall: want RFC 3339 with an offset`},
		{`{"at":1,"event":"settings"}`, `line 2: settings: missing`},
		{`{"at":1,"event":"settings","settings":[]}`, `line 2: settings: want a JSON object`},
		{`{"at":1,"event":"settings","settings":{"settle":"x"}}`, `line 2: settings.settle: "x": want a length`},
		{startLine, `line 2: event: start while a session is running`},
		{`{"at":1,"event":"end"}` + "\n" + `{"at":1,"event":"start","user":"a"}`, `line 3: wall: missing`},
		{`{"at":1,"event":"end"}` + "\n" + `{"at":1,"event":"start","wall":"2026-03-02T09:00:00Z"}`, `line 3: user: missing`},
		{`{"at":2,"event":"tick"}` + "\n\n" + `{"at":1.999,"event":"tick"}`, `line 4: at: before the previous observation`},
		{`{"at":1,"event":"tick"} {}`, `line 2: want a JSON object: invalid character '{' after top-level value`},
		{`[1]`, `line 2: want a JSON object`},
		{`{"at":1,"event":"tick"`, `line 2: want a JSON object: unexpected end of JSON input`},
		{"{\"at\":1,\"event\":\"focus\",\"title\":\"\xff\"}", `line 2: want text in UTF-8`},
		{`{"at":1,"event":"focus","title":"` + strings.Repeat("x", 1<<20) + `"}`, `line 2: longer than 1048576 bytes`},
	} {
		err := episode.Replay(episode.DefaultSettings(), strings.NewReader(startLine+c.lines), io.Discard)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.200s:\n got %v\nwant %s", c.lines, err, c.want)
		}
	}
}

// What ended before a refused line is written.
func TestReplayKeepsWhatEnded(t *testing.T) {
	trace := startLine + `{"at":0,"event":"focus","app":"A\u0001\"<é&>"}` + "\n" + `{"at":61.25,"event":"lock"}` + "\nnonsense\n"
	var out bytes.Buffer
	if err := episode.Replay(episode.DefaultSettings(), strings.NewReader(trace), &out); err == nil {
		t.Error("nonsense was taken")
	}
	want := `{"state":"active","start":"2026-03-02T09:00:00.000+01:00","seconds":61.25,"app":"A\u0001\"<é&>","ended_by":"lock"}` + "\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
}

// FuzzReplay: whatever a trace says, the reader and the engine refuse it or keep the rules' promises.
func FuzzReplay(f *testing.F) {
	files, _ := filepath.Glob("testdata/vectors/*.trace.jsonl")
	for _, file := range files {
		f.Add(string(read(f, file)))
	}
	f.Add(startLine + `{"at":1e-3,"event":"clock","wall":"0000-01-01T00:00:00-23:59","idle":4e9}`)
	f.Add(startLine + `{"at":1,"event":"settings","settings":{"schedule":{"sun":["00:00-24:00"]},"privacy":{"urls":"full","redact":["x*"]}}}`)
	f.Fuzz(func(t *testing.T, trace string) {
		reader, engine := episode.NewReader(strings.NewReader(trace)), episode.New(episode.DefaultSettings())
		for {
			o, err := reader.Next()
			if err != nil {
				return
			}
			episodes, err := engine.Observe(&o)
			if err != nil {
				return
			}
			for i := range episodes {
				checkEpisode(t, &episodes[i])
			}
			if at, ok := engine.Due(); ok && at < o.At {
				t.Fatalf("due at %v, before %v", at, o.At)
			}
		}
	})
}
