package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/api"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// socketName of the administration in the data folder.
const socketName = "admin.sock"

// maxAnswerBytes bounds one message of the collector's.
const maxAnswerBytes = 256 << 20

// address of the collector, to whoever comes through its socket.
const address = "http://collector"

// admin gives a client of the running collector, through its socket.
func (i *invocation) admin() (adminv1connect.AdminServiceClient, error) {
	client, err := i.client()
	if err != nil {
		return nil, err
	}
	// Packing takes longer than a socket does.
	return adminv1connect.NewAdminServiceClient(client, address, connect.WithReadMaxBytes(maxAnswerBytes), connect.WithAcceptCompression("gzip", nil, nil)), nil
}

// client calls the running collector through its socket.
func (i *invocation) client() (*http.Client, error) {
	set, err := loadConfig(i.configDir)
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(set.Collector.DataDir, socketName)
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", socket)
			return conn, reached(socket, err)
		},
		// A report may take its time to begin; a backup, all of it. The signals end a command.
		DisableCompression: true,
		// The socket takes few connections at once: a command leaves none behind. (Saying so in each call, as
		// DisableKeepAlives does, would have the collector refuse some before it has read them.)
		MaxIdleConnsPerHost: -1,
	}
	return &http.Client{Transport: acting{transport, i.as}}, nil
}

// acting says as whom calls are made.
type acting struct {
	http.RoundTripper
	as string
}

// RoundTrip of http.RoundTripper.
func (a acting) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.as != "" {
		r = r.Clone(r.Context())
		r.Header.Set(api.AsHeader, a.as)
	}
	return a.RoundTripper.RoundTrip(r)
}

// reached turns a dialling error into words that name the socket.
func reached(socket string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return &notRunningError{socket}
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no access to %s: run this as root or as the collector's own account", socket)
	}
	return fmt.Errorf("%s: %w", socket, err)
}

// notRunningError: nobody listens at the socket.
type notRunningError struct{ socket string }

// Error says what to do about it.
func (e *notRunningError) Error() string {
	return fmt.Sprintf("the collector is not running: nobody listens at %s; start it with `dayline-collector serve`", e.socket)
}

// isNotRunning tells whether a call failed since no collector runs.
func isNotRunning(err error) bool { return errors.As(err, new(*notRunningError)) }
