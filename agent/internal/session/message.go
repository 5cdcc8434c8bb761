// Package session is about the login sessions of a computer: the helper that runs in each, and the messages between
// a helper (or a person's command) and the service. The service takes who is asking from the operating system, never
// from a message.
//
// On the wire a message is a frame: its length as 4 bytes, big-endian, then one JSON object of at most 64 KiB. A bad
// frame ends the connection.
package session

import (
	"encoding/json"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/stream"
)

// MaxFrame is the largest frame either side accepts, in bytes.
const MaxFrame = 64 << 10

// Protocol of the pipe. A helper of another protocol is refused and started anew from the present binary.
const Protocol = 1

// Message is what travels: exactly one field is set.
type Message struct {
	// From a helper.
	Hello      *Hello      `json:"hello,omitempty"`
	Closed     *Closed     `json:"closed,omitempty"`
	Checkpoint *Checkpoint `json:"checkpoint,omitempty"`
	Capture    *Capture    `json:"capture,omitempty"`
	// From a person's command.
	Ask *Ask `json:"ask,omitempty"`

	// From the service.
	Welcome  *Welcome  `json:"welcome,omitempty"`
	Settings *Settings `json:"settings,omitempty"`
	Pause    *Pause    `json:"pause,omitempty"`
	Stored   *Stored   `json:"stored,omitempty"`
	Stop     *Stop     `json:"stop,omitempty"`
	Answer   *Answer   `json:"answer,omitempty"`
}

// Hello is a helper's first message.
type Hello struct {
	Protocol int `json:"protocol"`
	// Run names this run of observation: 16 hex digits, random, kept across reconnections of the same process.
	Run string `json:"run"`
	// OSSession is the session's id in the operating system's words ("c2", "2"), where known.
	OSSession string `json:"os_session,omitempty"`
	// Display is the display watched (":0"), where there is one: two helpers on one would count its time twice.
	Display string `json:"display,omitempty"`
	// Desktop: x11, wayland, windows, macos.
	Desktop string `json:"desktop"`
	// Version of its program. After an update one of the version before may come back.
	Version string `json:"version,omitempty"`
}

// Closed is a closed episode. The helper keeps it until the service has stored it and sends it again after a
// reconnection; the service stores each number of a run once.
type Closed struct {
	Number  uint64 `json:"number"`
	Product string `json:"product,omitempty"`
	// Bundle is the program's identifier on a Mac.
	Bundle  string          `json:"bundle,omitempty"`
	Episode episode.Episode `json:"episode"`
}

// Checkpoint is the episode going on; nil where none is.
type Checkpoint struct {
	Open    *episode.Episode `json:"open,omitempty"`
	Product string           `json:"product,omitempty"`
	Bundle  string           `json:"bundle,omitempty"`
	// IdleMS since the last input; -1 unknown.
	IdleMS int64 `json:"idle_ms"`
	// Keep: store it durably, not only in memory.
	Keep bool `json:"keep,omitempty"`
}

// Capture is the level reached, sent when it changes.
type Capture struct {
	Subjects []CaptureLevel `json:"subjects"`
	// Missing are the permissions that lack, each with what to do about it, in people's words.
	Missing []string `json:"missing,omitempty"`
	// EmptiedTitles since the helper started.
	EmptiedTitles int64 `json:"emptied_titles,omitempty"`
	// Errors of our own, never with a title or an address.
	Errors []string `json:"errors,omitempty"`
}

// CaptureLevel of one desktop or browser.
type CaptureLevel struct {
	Subject string `json:"subject"`
	// Level: full, title_only, application_only, none.
	Level  string `json:"level"`
	Reason string `json:"reason,omitempty"`
	// Of a browser, as observe.Level has them.
	Extension      string `json:"extension,omitempty"`
	ExtensionMS    int64  `json:"extension_ms,omitempty"`
	FrontSeconds   int64  `json:"front_seconds,omitempty"`
	AddressSeconds int64  `json:"address_seconds,omitempty"`
}

// Ask is a person's question or wish: status, doctor, pause, resume, my-day.
type Ask struct {
	What string `json:"what"`
}

// Welcome answers Hello; Refused says why the helper has to end.
type Welcome struct {
	Login   stream.Login `json:"login"`
	Refused string       `json:"refused,omitempty"`
}

// Settings for this login. With Collect false nothing is captured, and Reason says why.
type Settings struct {
	Collect bool   `json:"collect"`
	Reason  string `json:"reason,omitempty"`
	// Episode is the time rules' resolved settings, as shared/episode reads them (its Revision included).
	Episode json.RawMessage `json:"episode,omitempty"`
	// UnknownPrivate: "blank" (a browser window of unknown privacy counts as private) or "title".
	UnknownPrivate string `json:"unknown_private,omitempty"`
	// Accessibility: may a page's address be read through the system's accessibility interface?
	Accessibility bool `json:"accessibility,omitempty"`
	// NamesOnly: the settings require what this agent lacks; application names only.
	NamesOnly bool `json:"names_only,omitempty"`
}

// Pause tells the person's own pause.
type Pause struct {
	Paused bool `json:"paused"`
}

// Stored acknowledges Closed up to and including Number.
type Stored struct {
	Number uint64 `json:"number"`
}

// Stop asks the helper to close its episodes (the word is the ending: end, logoff, shutdown) within the time.
type Stop struct {
	EndedBy episode.EndedBy `json:"ended_by"`
	Within  time.Duration   `json:"within"`
}

// Answer to an Ask: a JSON document, or an error in people's words.
type Answer struct {
	Document json.RawMessage `json:"document,omitempty"`
	Error    string          `json:"error,omitempty"`
}
