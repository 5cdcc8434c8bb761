package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sys/unix"
)

// Bounds of a connection (security.md 3).
const (
	maxHeaderBytes = 16 << 10
	headersWithin  = 5 * time.Second
	bodyWithin     = 30 * time.Second
	answerWithin   = 60 * time.Second
	idleFor        = 120 * time.Second
	stopWithin     = 20 * time.Second
	// maxConnections of one listener, as far as the system's limit of open files allows.
	maxConnections = 16384
	// filesKeptFree are for the stores and the packages on the shelf, which has 16 releases of 14.
	filesKeptFree = 384
	// maxSocketPath by unix(7), without its final zero.
	maxSocketPath = 107
	// maxStreams an HTTP/2 connection may have open; an agent has one call in flight.
	maxStreams = 16
)

// Listener is one address with what is served there.
type Listener struct {
	Name   string
	net    net.Listener
	server *http.Server
}

// Listen opens a TCP address; config is nil for plain HTTP.
func Listen(ctx context.Context, name, address string, config *tls.Config, handler http.Handler, log *slog.Logger) (*Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("api: listen.%s: %w", name, err)
	}
	l := newListener(name, netutil.LimitListener(listener, connectionLimit()), handler, log)
	l.server.ReadTimeout, l.server.WriteTimeout = bodyWithin, answerWithin
	if config != nil {
		l.server.TLSConfig = config
		l.net = tls.NewListener(l.net, config)
	}
	return l, nil
}

// ListenSocket opens a unix socket for the owner alone. One that a killed process left behind is replaced: the caller
// holds the lock of the folder it is in.
func ListenSocket(ctx context.Context, name, path string, handler http.Handler, log *slog.Logger) (*Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("api: %s socket: %s: %d bytes are more than the %d a socket's path may have; choose a shorter data_dir",
			name, path, len(path), maxSocketPath)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("api: %s socket: %w", name, err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("api: %s socket: %w", name, err)
	}
	// The folder is 0700, so that nobody came in between.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("api: %s socket: %w", name, err), listener.Close())
	}
	return newListener(name, netutil.LimitListener(listener, 64), handler, log), nil
}

func newListener(name string, listener net.Listener, handler http.Handler, log *slog.Logger) *Listener {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &Listener{Name: name, net: listener, server: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headersWithin,
		IdleTimeout:       idleFor,
		MaxHeaderBytes:    maxHeaderBytes,
		Protocols:         protocols,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, MaxReadFrameSize: 16 << 10,
			MaxReceiveBufferPerConnection: maxBodyBytes, MaxReceiveBufferPerStream: 256 << 10,
			MaxDecoderHeaderTableSize: 4 << 10, MaxEncoderHeaderTableSize: 4 << 10,
		},
		ErrorLog: slog.NewLogLogger(quiet{log.Handler()}, slog.LevelDebug),
	}}
}

// quiet says nothing of a connection's faults but that there was one: net/http's words hold addresses.
type quiet struct{ slog.Handler }

// Handle of slog.Handler.
func (q quiet) Handle(ctx context.Context, record slog.Record) error {
	return q.Handler.Handle(ctx, slog.NewRecord(record.Time, record.Level, "connection failed", record.PC))
}

// Address is where it listens, with the port the kernel chose.
func (l *Listener) Address() string { return l.net.Addr().String() }

// Run serves until the context ends, then finishes the calls under way.
func (l *Listener) Run(ctx context.Context) error {
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		stopped <- l.server.Shutdown(last)
	})
	err := l.server.Serve(l.net)
	if stop() {
		return fmt.Errorf("api: %s: %w", l.Name, err) // nobody asked it to end
	}
	if err := <-stopped; err != nil {
		return errors.Join(fmt.Errorf("api: %s: calls cut off: %w", l.Name, err), l.server.Close())
	}
	return nil
}

// Close ends a listener that does not run.
func (l *Listener) Close() error { return l.net.Close() }

// connectionLimit leaves files for the stores under the system's limit.
func connectionLimit() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	if limit.Cur > maxConnections+filesKeptFree {
		return maxConnections
	}
	return max(64, int(limit.Cur)-filesKeptFree)
}

// Probes adds /livez (the process answers) and /readyz (it takes data in).
func Probes(mux *http.ServeMux, disk *Disk) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := disk.Check(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
}
