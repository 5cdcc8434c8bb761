package session

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrBadFrame is told of a frame that is too long, empty, no JSON, or not exactly one message. The connection it came
// from is beyond repair and has to be closed (security.md 5).
var ErrBadFrame = errors.New("session: bad frame")

// Encode gives a message as one frame: 4 bytes of length, big-endian, then the JSON.
func Encode(m *Message) ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("session: encode: %w", err)
	}
	if len(text) > MaxFrame {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrBadFrame, len(text), MaxFrame)
	}
	frame := make([]byte, 4, 4+len(text))
	binary.BigEndian.PutUint32(frame, uint32(len(text)))
	return append(frame, text...), nil
}

// Write sends a message with one call of w.Write.
func Write(w io.Writer, m *Message) error {
	frame, err := Encode(m)
	if err != nil {
		return err
	}
	if _, err := w.Write(frame); err != nil {
		return fmt.Errorf("session: write: %w", err)
	}
	return nil
}

// Read takes the next message. It reads no further than the message's end and never allocates more than MaxFrame.
// io.EOF is told when the other side ended between two frames, ErrBadFrame of what must not be.
func Read(r io.Reader) (*Message, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("session: read: %w", err)
	}
	size := binary.BigEndian.Uint32(head[:])
	if size == 0 || size > MaxFrame {
		return nil, fmt.Errorf("%w: %d bytes, 1 to %d expected", ErrBadFrame, size, MaxFrame)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, fmt.Errorf("session: read: %w", err)
	}
	return Decode(text)
}

// Decode reads the JSON of one message. Fields it does not know are passed over: the other side may be newer.
func Decode(text []byte) (*Message, error) {
	m := new(Message)
	if err := json.Unmarshal(text, m); err != nil {
		// The decoder's own words may quote what was sent, a title among it.
		return nil, fmt.Errorf("%w: no JSON message", ErrBadFrame)
	}
	if n := m.set(); n != 1 {
		return nil, fmt.Errorf("%w: %d messages in one", ErrBadFrame, n)
	}
	return m, nil
}

// set counts the fields that are set.
func (m *Message) set() int {
	n := 0
	for _, is := range [...]bool{
		m.Hello != nil, m.Closed != nil, m.Checkpoint != nil, m.Capture != nil, m.Ask != nil,
		m.Welcome != nil, m.Settings != nil, m.Pause != nil, m.Stored != nil, m.Stop != nil, m.Answer != nil,
	} {
		if is {
			n++
		}
	}
	return n
}
