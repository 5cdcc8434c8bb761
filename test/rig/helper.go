package rig

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
)

// Helper speaks to an agent's service as a session's helper does, so that a test can bring episodes of any day
// without living through it.
type Helper struct {
	conn   net.Conn
	run    string
	number uint64
}

// Helper connects and waits until the service lets it collect.
func (a *Agent) Helper(ctx context.Context) (*Helper, error) {
	run := make([]byte, 8)
	rand.Read(run) // never fails: crypto/rand ends the program instead
	h := &Helper{run: hex.EncodeToString(run)}
	return h, h.Connect(ctx, a)
}

// Connect connects again, as a helper does whose service was gone.
func (h *Helper) Connect(ctx context.Context, a *Agent) (err error) {
	h.conn, err = (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(a.State, "agent.sock"))
	if err != nil {
		return fmt.Errorf("rig: helper: %w", err)
	}
	if err := h.send(map[string]any{"hello": map[string]any{"protocol": 1, "run": h.run, "desktop": "x11"}}); err != nil {
		return err
	}
	_, err = h.receive(patience, func(m *answer) bool { return m.Settings != nil && m.Settings.Collect })
	return err
}

// Close ends the connection.
func (h *Helper) Close() { h.conn.Close() }

// Store brings closed episodes and waits until the service has all of them on disk.
func (h *Helper) Store(episodes ...episode.Episode) error {
	for _, e := range episodes {
		h.number++
		if err := h.send(map[string]any{"closed": map[string]any{"number": h.number, "product": "Card", "episode": e}}); err != nil {
			return err
		}
	}
	_, err := h.receive(patience, func(m *answer) bool { return m.Stored != nil && m.Stored.Number >= h.number })
	return err
}

// Stay keeps the session in use until the service ends it, or Close does.
func (h *Helper) Stay() {
	for {
		if m, err := h.receive(24*time.Hour, func(*answer) bool { return true }); err != nil || m.Stop != nil {
			h.Close()
			return
		}
	}
}

// answer is what of the service's messages is looked at.
type answer struct {
	Welcome *struct {
		Refused string `json:"refused"`
	} `json:"welcome"`
	Settings *struct {
		Collect bool   `json:"collect"`
		Reason  string `json:"reason"`
	} `json:"settings"`
	Stored *struct {
		Number uint64 `json:"number"`
	} `json:"stored"`
	Stop *struct{} `json:"stop"`
}

func (h *Helper) send(message any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	frame := append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
	if err := h.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err = h.conn.Write(frame)
	return err
}

func (h *Helper) receive(within time.Duration, enough func(*answer) bool) (*answer, error) {
	if err := h.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return nil, err
	}
	var head [4]byte
	for {
		if _, err := io.ReadFull(h.conn, head[:]); err != nil {
			return nil, fmt.Errorf("rig: helper: %w", err)
		}
		text := make([]byte, binary.BigEndian.Uint32(head[:]))
		if _, err := io.ReadFull(h.conn, text); err != nil {
			return nil, fmt.Errorf("rig: helper: %w", err)
		}
		var m answer
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(&m); err != nil {
			return nil, err
		}
		if m.Welcome != nil && m.Welcome.Refused != "" {
			return nil, errors.New("rig: helper: refused: " + m.Welcome.Refused)
		}
		if enough(&m) {
			return &m, nil
		}
	}
}

// Again brings the episode that was brought last once more, under its own number.
func (h *Helper) Again(e episode.Episode) error {
	h.number--
	return h.Store(e)
}
