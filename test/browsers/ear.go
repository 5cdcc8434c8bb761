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
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/dayline-project/dayline/test/process"
)

// Ear hears what native hosts tell, beside the session's own: so that a test knows when an extension has told something, and need
// not guess.
type Ear struct {
	listener net.Listener

	mu sync.Mutex
	// now is what each host that is connected told last.
	now map[net.Conn]Told
	// all is in the order of coming.
	all []Told
}

// Told is a tab as a host tells it.
type Told struct {
	At      time.Time `json:"-"`
	Window  int64     `json:"window"`
	Private bool      `json:"private"`
	URL     string    `json:"url"`
	Title   string    `json:"title"`
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
	e := &Ear{listener: listener, now: map[net.Conn]Told{}}
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
	defer e.forget(conn)
	var head [4]byte
	for {
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		text := make([]byte, binary.NativeEndian.Uint32(head[:]))
		if _, err := io.ReadFull(conn, text); err != nil {
			return
		}
		var m struct {
			Tab *Told `json:"tab"`
		}
		if json.Unmarshal(text, &m) != nil {
			return
		}
		if m.Tab != nil {
			m.Tab.At = time.Now()
			e.mu.Lock()
			e.now[conn] = *m.Tab
			e.all = append(e.all, *m.Tab)
			e.mu.Unlock()
		}
	}
}

func (e *Ear) forget(conn net.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.now, conn)
}

// All is everything that was told.
func (e *Ear) All() []Told {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.all)
}

// Hears waits until this address is what a host told last.
func (e *Ear) Hears(ctx context.Context, address string) (found Told, err error) {
	err = process.Wait(ctx, patience, "browsers: told: "+address, func() error {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, found = range e.now {
			if found.URL == address {
				return nil
			}
		}
		return fmt.Errorf("%d hosts tell something else, one %+v", len(e.now), found)
	})
	return found, err
}
