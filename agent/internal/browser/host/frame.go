package host

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dayline-project/dayline/agent/internal/browser"
)

// ErrBadFrame is told of a frame that is too long, empty, no JSON, or more than one message. The connection it came from is
// beyond repair.
var ErrBadFrame = errors.New("host: bad frame")

// What a tab may tell: the extension keeps to it, and nobody else is believed to.
const (
	maxURL     = 2048
	maxTitle   = 512
	maxVersion = 64
)

// Write sends a message with one call of w.Write.
func Write(w io.Writer, m *browser.Message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("host: encode: %w", err)
	}
	if len(text) > browser.MaxMessage {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrBadFrame, len(text), browser.MaxMessage)
	}
	frame := binary.NativeEndian.AppendUint32(make([]byte, 0, 4+len(text)), uint32(len(text)))
	if _, err := w.Write(append(frame, text...)); err != nil {
		return fmt.Errorf("host: write: %w", err)
	}
	return nil
}

// Read takes the next message, within the bounds of what may be told. It reads no further than its end. io.EOF is told when the
// other side ended between two frames, ErrBadFrame of what must not be. A message of a kind that is not known is empty: the
// other side may be newer.
func Read(r io.Reader) (*browser.Message, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("host: read: %w", err)
	}
	size := binary.NativeEndian.Uint32(head[:])
	if size == 0 || size > browser.MaxMessage {
		return nil, fmt.Errorf("%w: %d bytes, 1 to %d expected", ErrBadFrame, size, browser.MaxMessage)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, fmt.Errorf("host: read: %w", err)
	}
	return decode(text)
}

func decode(text []byte) (*browser.Message, error) {
	m := new(browser.Message)
	if err := json.Unmarshal(text, m); err != nil {
		// The decoder's own words may quote what was sent, a title among it.
		return nil, fmt.Errorf("%w: no JSON message", ErrBadFrame)
	}
	n := 0
	for _, is := range [...]bool{m.Hello != nil, m.Tab != nil, m.Ask != "", m.Ack != nil, m.Again, m.Status != nil} {
		if is {
			n++
		}
	}
	if n > 1 {
		return nil, fmt.Errorf("%w: %d messages in one", ErrBadFrame, n)
	}
	if m.Hello != nil && len(m.Hello.Version) > maxVersion {
		m.Hello.Version = ""
	}
	if m.Tab != nil {
		bound(m.Tab)
	}
	return m, nil
}

// bound takes from a tab what must not be told: of a private window everything, else what is no page's address or too long to
// be an extension's.
func bound(t *browser.Tab) {
	if t.Private {
		*t = browser.Tab{Window: t.Window, Private: true}
		return
	}
	page := strings.HasPrefix(t.URL, "http://") || strings.HasPrefix(t.URL, "https://")
	if !page || len(t.URL) > maxURL {
		t.URL = ""
	}
	if title := []rune(t.Title); len(title) > maxTitle {
		t.Title = string(title[:maxTitle])
	}
}
