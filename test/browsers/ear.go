package browsers

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/dayline-project/dayline/test/process"
)

// Ear hears what native hosts tell, beside the session's own: so that a test knows when an extension has told something, and need
// not guess.
type Ear struct {
	listener net.Listener

	mu    sync.Mutex
	heard []Heard
}

// Heard is one message of one host.
type Heard struct {
	At time.Time
	// Browser is the process of the host's browser.
	Browser int
	Tab     Tabbed
}

// Tabbed is a tab as it is told.
type Tabbed struct {
	Window  int64  `json:"window"`
	Private bool   `json:"private"`
	URL     string `json:"url"`
	Title   string `json:"title"`
}

// NewEar listens where hosts knock that have this folder for their XDG_RUNTIME_DIR.
func NewEar(runtime string) (*Ear, error) {
	folder := filepath.Join(runtime, "dayline")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("browsers: ear: %w", err)
	}
	listener, err := net.Listen("unix", filepath.Join(folder, "browser-"+strconv.Itoa(os.Getpid())+".sock"))
	if err != nil {
		return nil, fmt.Errorf("browsers: ear: %w", err)
	}
	e := &Ear{listener: listener}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go e.hear(conn)
		}
	}()
	return e, nil
}

// Close stops listening.
func (e *Ear) Close() { e.listener.Close() }

// hear takes in what one host tells, until it ends.
func (e *Ear) hear(conn net.Conn) {
	defer conn.Close()
	var head [4]byte
	browser := 0
	for {
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		text := make([]byte, binary.NativeEndian.Uint32(head[:]))
		if _, err := io.ReadFull(conn, text); err != nil {
			return
		}
		var m struct {
			Hello *struct {
				Browser int `json:"browser"`
			} `json:"hello"`
			Tab *Tabbed `json:"tab"`
		}
		if json.Unmarshal(text, &m) != nil {
			return
		}
		if m.Hello != nil {
			browser = m.Hello.Browser
		}
		if m.Tab != nil {
			e.mu.Lock()
			e.heard = append(e.heard, Heard{At: time.Now(), Browser: browser, Tab: *m.Tab})
			e.mu.Unlock()
		}
	}
}

// All is everything that was heard.
func (e *Ear) All() []Heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Heard(nil), e.heard...)
}

// Hears waits until a tab is told that fits, not before since, and gives the first.
func (e *Ear) Hears(ctx context.Context, since time.Time, what string, fits func(Heard) bool) (found Heard, err error) {
	err = process.Wait(ctx, patience, "browsers: told: "+what, func() error {
		all := e.All()
		for i := len(all) - 1; i >= 0 && !all[i].At.Before(since); i-- {
			if fits(all[i]) {
				found = all[i]
			}
		}
		if found.At.IsZero() {
			return fmt.Errorf("%d tabs were told before", len(all))
		}
		return nil
	})
	return found, err
}

// HearsAddress waits until the address is told.
func (e *Ear) HearsAddress(ctx context.Context, since time.Time, address string) (Heard, error) {
	return e.Hears(ctx, since, address, func(h Heard) bool { return h.Tab.URL == address })
}
