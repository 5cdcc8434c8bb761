package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// pair is a certificate and key in files, read again when either changes. A pair that cannot be read keeps the last
// good one in force.
type pair struct {
	certFile, keyFile string
	now               func() time.Time
	log               *slog.Logger
	mu                sync.Mutex
	current           *tls.Certificate
	seen              [2]mark
	checkAt           time.Time
}

// mark tells one state of a file from the next.
type mark struct {
	modified time.Time
	size     int64
}

func openPair(certFile, keyFile string, now func() time.Time, log *slog.Logger) (*pair, error) {
	p := &pair{certFile: certFile, keyFile: keyFile, now: now, log: log}
	if err := p.read(p.marks()); err != nil {
		return nil, err
	}
	return p, nil
}

// get gives the present certificate. The files are looked at once a second at most.
func (p *pair) get() (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); now.After(p.checkAt) {
		p.checkAt = now.Add(time.Second)
		if marks := p.marks(); marks != p.seen {
			if err := p.read(marks); err != nil {
				p.log.Error("certificate not read again; the last good one stays", "error", err)
			} else {
				p.log.Info("certificate read again")
			}
		}
	}
	return p.current, nil
}

func (p *pair) marks() (marks [2]mark) {
	for i, name := range []string{p.certFile, p.keyFile} {
		if info, err := os.Stat(name); err == nil {
			marks[i] = mark{info.ModTime(), info.Size()}
		}
	}
	return marks
}

func (p *pair) read(marks [2]mark) error {
	p.seen = marks
	certificate, err := tls.LoadX509KeyPair(p.certFile, p.keyFile)
	if err != nil {
		return fmt.Errorf("certificate: tls.cert and tls.key: %w", err)
	}
	p.current = &certificate
	return nil
}
