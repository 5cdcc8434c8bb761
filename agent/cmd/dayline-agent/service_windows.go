package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"

	"github.com/dayline-project/dayline/agent/internal/journal"
	"github.com/dayline-project/dayline/agent/internal/service"
	helper "github.com/dayline-project/dayline/agent/internal/session"
)

const (
	// stopWithin bounds a stop: two seconds for the helpers, a call under way, and three for the last upload.
	stopWithin = 15 * time.Second
	// reportEvery is how often a stop that lasts tells the service manager that it goes on.
	reportEvery = time.Second
	// noticed are the notices that may wait: more say nothing new.
	noticed = 16
)

// serveManaged is the service as Windows' service manager runs it.
func serveManaged(state string, stderr io.Writer) int {
	return underManager(stderr, func(ctx context.Context, events slog.Handler, notices <-chan service.Notice) error {
		return serveLogged(ctx, state, events, notices)
	})
}

// underManager has Windows' service manager run work, whose events its log takes. Nothing that is written to a console is seen.
func underManager(stderr io.Writer, work func(ctx context.Context, events slog.Handler, notices <-chan service.Notice) error) int {
	events := slog.DiscardHandler
	if log, err := journal.OpenEvents(service.Name); err == nil {
		events = log
	}
	h := &handler{stopWithin: stopWithin, log: slog.New(events), work: func(ctx context.Context, notices <-chan service.Notice) error {
		return work(ctx, events, notices)
	}}
	// Of a service that is alone in its process the name is not looked at.
	err := svc.Run(service.Name, h)
	if errors.Is(err, windows.ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
		err = fmt.Errorf("%w (this is for Windows itself to start; as administrator: dayline-agent start)", err)
	}
	if err != nil {
		return fail(stderr, fmt.Errorf("service manager: %w", err))
	}
	return done
}

// handler answers the service manager while work works.
type handler struct {
	work       func(ctx context.Context, notices <-chan service.Notice) error
	stopWithin time.Duration
	log        *slog.Logger
}

// accepted are the controls that are to be sent:
// https://learn.microsoft.com/windows/win32/api/winsvc/ns-winsvc-service_status
const accepted = svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown | svc.AcceptSessionChange | svc.AcceptPowerEvent

// Execute implements svc.Handler. A status other than 0 lets the recovery actions act.
func (h *handler) Execute(_ []string, requests <-chan svc.ChangeRequest, statuses chan<- svc.Status) (specific bool, status uint32) {
	statuses <- svc.Status{State: svc.StartPending}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	notices, ended := make(chan service.Notice, noticed), make(chan error, 1)
	go func() { ended <- h.work(ctx, notices) }() // ends with ctx
	statuses <- svc.Status{State: svc.Running, Accepts: accepted}
	for {
		select {
		case err := <-ended:
			return h.over(err)
		case request := <-requests:
			if request.Cmd == svc.Interrogate {
				statuses <- request.CurrentStatus
				continue
			}
			end, notice := order(uint32(request.Cmd), request.EventType)
			if end != "" {
				cancel(helper.Ending{By: end})
				return h.over(h.stop(ended, requests, statuses))
			}
			if notice != 0 {
				select {
				case notices <- notice:
				default:
				}
			}
		}
	}
}

// stop waits for the work to end, and tells the service manager meanwhile that it is coming to that.
func (h *handler) stop(ended <-chan error, requests <-chan svc.ChangeRequest, statuses chan<- svc.Status) error {
	pending := svc.Status{State: svc.StopPending, WaitHint: uint32((3 * reportEvery).Milliseconds())}
	deadline, ticker := time.NewTimer(h.stopWithin), time.NewTicker(reportEvery)
	defer deadline.Stop()
	defer ticker.Stop()
	for {
		pending.CheckPoint++
		statuses <- pending
		select {
		case err := <-ended:
			return err
		case <-requests: // whatever it asks, it is told that we stop
		case <-ticker.C:
		case <-deadline.C:
			return fmt.Errorf("service: not stopped within %s", h.stopWithin)
		}
	}
}

// over tells how it ended.
func (h *handler) over(err error) (specific bool, status uint32) {
	if err == nil {
		return false, uint32(windows.NO_ERROR)
	}
	h.log.Error("service failed", "error", err)
	return true, failed
}
