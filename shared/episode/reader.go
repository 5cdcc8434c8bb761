package episode

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
)

// FieldError is a refused observation.
type FieldError struct {
	// Line of the trace, from 1; 0 where the observation came from no trace.
	Line int
	// Field of the observation; empty where the line as a whole does not read.
	Field  string
	Reason string
}

func (e *FieldError) Error() string {
	text := e.Reason
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Line > 0 {
		text = fmt.Sprintf("line %d: %s", e.Line, text)
	}
	return text
}

const (
	missing = "missing"
	// maxLine bounds a line of a trace, in bytes.
	maxLine = 1 << 20
	// maxSeconds bounds at and idle: over a century, and well inside a time.Duration.
	maxSeconds = 4e9
)

// Reader reads a trace: one JSON object a line, as time.md's observations. Unknown fields are ignored, and so are blank
// lines. It checks each line by itself; that `at` does not decrease is for the engine to say.
type Reader struct {
	scanner *bufio.Scanner
	line    int
}

// NewReader reads a trace.
func NewReader(r io.Reader) *Reader {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	return &Reader{scanner: scanner}
}

// Line is the number, from 1, of the line Next read last.
func (r *Reader) Line() int { return r.line }

// Next is the next observation; io.EOF after the last. A refused line is a *FieldError.
func (r *Reader) Next() (Observation, error) {
	for r.scanner.Scan() {
		r.line++
		line := r.scanner.Bytes()
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		o, err := parseObservation(line)
		if err != nil {
			err.Line = r.line
			return Observation{}, err
		}
		return o, nil
	}
	switch err := r.scanner.Err(); {
	case err == nil:
		return Observation{}, io.EOF
	case errors.Is(err, bufio.ErrTooLong):
		r.line++
		return Observation{}, &FieldError{Line: r.line, Reason: fmt.Sprintf("longer than %d bytes", maxLine)}
	default:
		return Observation{}, fmt.Errorf("read trace: %w", err)
	}
}

// parseObservation reads the fields of the line's event only.
func parseObservation(line []byte) (o Observation, refusal *FieldError) {
	object, err := parseObject(line)
	if err != nil {
		return o, &FieldError{Reason: err.Error()}
	}
	f := fields{object: object}
	o.At = f.seconds("at", true)
	if _, exact := wholeSeconds(object["at"]); f.refusal == nil && !exact {
		f.refuse("at", "want at most 3 decimals")
	}
	o.Event = f.event()
	if _, o.HasIdle = object["idle"]; o.HasIdle {
		o.Idle = f.seconds("idle", false)
	}
	switch o.Event {
	case EventStart:
		o.Wall = f.wall()
		o.User = f.text("user", true)
	case EventClock:
		o.Wall = f.wall()
	case EventFocus:
		o.App, o.Title, o.URL = f.text("app", false), f.text("title", false), f.text("url", false)
		o.Private = f.isTrue("private")
	case EventPause, EventResume:
		o.By = f.pauser()
	case EventSettings:
		o.Settings = f.settings()
	}
	return o, f.refusal
}

// fields reads values of one line and keeps the first refusal.
type fields struct {
	object  map[string]json.RawMessage
	refusal *FieldError
}

func (f *fields) refuse(field, reason string) {
	if f.refusal == nil {
		f.refusal = &FieldError{Field: field, Reason: reason}
	}
}

// seconds reads a length in seconds, to the nearest millisecond.
func (f *fields) seconds(field string, required bool) time.Duration {
	raw, ok := f.object[field]
	if !ok {
		if required {
			f.refuse(field, missing)
		}
		return 0
	}
	length, _ := wholeSeconds(raw)
	if length < 0 {
		f.refuse(field, "want seconds, a number from 0 to 4000000000")
	}
	return length
}

// wholeSeconds reads a JSON number of seconds, to the nearest millisecond; exact tells whether it was one. Anything else
// than a number in range is -1.
func wholeSeconds(raw json.RawMessage) (length time.Duration, exact bool) {
	if k := kind(raw); k != '-' && (k < '0' || k > '9') {
		return -1, false
	}
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || seconds < 0 || seconds > maxSeconds {
		return -1, false
	}
	milliseconds := math.Round(seconds * 1000)
	// Both sides are the float nearest to the decimal number, and below 2^53 no two numbers of 3 decimals share one.
	return time.Duration(milliseconds) * time.Millisecond, milliseconds/1000 == seconds
}

func (f *fields) event() Event {
	event := Event(f.text("event", true))
	switch event {
	case EventStart, EventInput, EventFocus, EventLock, EventUnlock, EventSleep, EventWake, EventPause, EventResume,
		EventSettings, EventClock, EventTick, EventLogoff, EventShutdown, EventEnd:
		return event
	}
	f.refuse("event", "unknown: "+quoted(string(event)))
	return ""
}

func (f *fields) text(field string, required bool) (text string) {
	raw, ok := f.object[field]
	switch {
	case !ok && required:
		f.refuse(field, missing)
	case ok && readText(&text)(field, raw) != nil:
		f.refuse(field, "want a text")
	case ok && text == "" && required:
		f.refuse(field, "empty")
	}
	return text
}

func (f *fields) isTrue(field string) (value bool) {
	if raw, ok := f.object[field]; ok && readBool(&value)(field, raw) != nil {
		f.refuse(field, "want true or false")
	}
	return value
}

func (f *fields) wall() (wall time.Time) {
	text := f.text("wall", true)
	if f.refusal == nil && wall.UnmarshalText([]byte(text)) != nil {
		f.refuse("wall", "want RFC 3339 with an offset, such as 2026-03-02T09:00:00+01:00")
	}
	return wall
}

func (f *fields) pauser() Pauser {
	if _, ok := f.object["by"]; !ok {
		return Person
	}
	by := Pauser(f.text("by", true))
	if by != Person && by != Policy {
		f.refuse("by", "want person or policy")
	}
	return by
}

func (f *fields) settings() *Settings {
	raw, ok := f.object["settings"]
	if !ok {
		f.refuse("settings", missing)
		return nil
	}
	settings, err := ParseSettings(raw)
	if err == nil {
		return settings
	}
	var setting *SettingError
	if errors.As(err, &setting) {
		f.refuse("settings."+setting.Key, setting.reason())
	} else {
		f.refuse("settings", errNotObject.Error())
	}
	return nil
}
