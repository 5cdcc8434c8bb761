package browser

import "encoding/json"

// MaxMessage bounds a message on every hop, in bytes (security.md 5), MaxPerSecond how many an extension may send.
const (
	MaxMessage   = 64 << 10
	MaxPerSecond = 20
)

// Message is what travels between extension, native host and session: exactly one field is set. On every hop it is one JSON
// object, preceded by its length in 4 bytes of the machine's own order, as browsers wish
// (https://developer.chrome.com/docs/extensions/develop/concepts/native-messaging).
type Message struct {
	// Hello comes first, from the extension and, with its browser filled in, from the host.
	Hello *Hello `json:"hello,omitempty"`
	// Tab comes whenever it changed, and when asked for.
	Tab *Tab `json:"tab,omitempty"`
	// Ask is a question of the extension's, for its popup: "status".
	Ask string `json:"ask,omitempty"`

	// Ack is the host's answer to each Hello and Tab.
	Ack *Ack `json:"ack,omitempty"`
	// Again: tell the tab again, although it did not change. From the session, by the host.
	Again bool `json:"again,omitempty"`
	// Status answers Ask: what is collected of this person here.
	Status json.RawMessage `json:"status,omitempty"`
}

// Hello says who speaks.
type Hello struct {
	// Version of the extension.
	Version string `json:"version"`
	// Browser is the process of the browser that started the host. The host fills it in, whatever the extension says.
	Browser int `json:"browser,omitempty"`
}

// Tab is the active tab of the browser's window that has the focus.
type Tab struct {
	// Window is the extension's number of that window; -1: as far as the browser tells, none of its windows has the focus that the
	// extension may see.
	Window int64 `json:"window"`
	// Private: it is a private window, of which nothing else is told.
	Private bool `json:"private,omitempty"`
	// URL is http or https, without a user's name, password and fragment; empty for all else.
	URL     string `json:"url,omitempty"`
	Title   string `json:"title,omitempty"`
	Audible bool   `json:"audible,omitempty"`
}

// Ack tells the extension that it was heard; Session: a session's helper hears, too.
type Ack struct {
	Session bool `json:"session"`
}

// Told is what a session hears of one native host.
type Told struct {
	// Host is this session's number of the host's connection, never used again.
	Host uint64
	// Browser is the process of its browser, Version that of its extension. They come with each.
	Browser int
	Version string
	// Tab is nil where nothing but the above is told.
	Tab *Tab
	// Gone: the connection has ended.
	Gone bool
}
