package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"

	"github.com/dayline-project/dayline/agent/internal/service"
	helper "github.com/dayline-project/dayline/agent/internal/session"
	"github.com/dayline-project/dayline/shared/episode"
)

// managed is a handler under a service manager of the test's own.
type managed struct {
	requests chan svc.ChangeRequest
	statuses chan svc.Status
	ended    chan uint32
	// notices gives the channel of them once the work has begun.
	notices chan (<-chan service.Notice)
}

// manage starts a handler whose work ends as told once its context does.
func manage(work func(ctx context.Context) error) *managed {
	m := &managed{requests: make(chan svc.ChangeRequest), statuses: make(chan svc.Status, 100), ended: make(chan uint32, 1),
		notices: make(chan (<-chan service.Notice), 1)}
	h := &handler{stopWithin: stopWithin, log: slog.New(slog.DiscardHandler), work: func(ctx context.Context, notices <-chan service.Notice) error {
		m.notices <- notices
		return work(ctx)
	}}
	go func() {
		specific, status := h.Execute(nil, m.requests, m.statuses)
		if specific != (status != 0) {
			status = 99
		}
		m.ended <- status
	}()
	return m
}

func (m *managed) expect(t *testing.T, state svc.State) svc.Status {
	t.Helper()
	status := <-m.statuses
	if status.State != state {
		t.Fatalf("state %d, want %d", status.State, state)
	}
	return status
}

func byTheWordOf(ctx context.Context) episode.EndedBy {
	<-ctx.Done()
	var ending helper.Ending
	errors.As(context.Cause(ctx), &ending)
	return ending.By
}

func TestTheServiceEndsByTheWordOfTheControl(t *testing.T) {
	for control, want := range map[svc.Cmd]episode.EndedBy{
		svc.Stop: episode.ByEnd, svc.Shutdown: episode.ByShutdown, svc.PreShutdown: episode.ByShutdown,
	} {
		words := make(chan episode.EndedBy, 1)
		m := manage(func(ctx context.Context) error {
			words <- byTheWordOf(ctx)
			return nil
		})
		m.expect(t, svc.StartPending)
		running := m.expect(t, svc.Running)
		const needed = svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown | svc.AcceptSessionChange | svc.AcceptPowerEvent
		if running.Accepts != needed {
			t.Errorf("accepts %b, want %b", running.Accepts, needed)
		}
		m.requests <- svc.ChangeRequest{Cmd: control}
		m.expect(t, svc.StopPending)
		if word := <-words; word != want {
			t.Errorf("control %d: ended by %q, want %q", control, word, want)
		}
		if status := <-m.ended; status != 0 {
			t.Errorf("control %d: ended with %d", control, status)
		}
	}
}

func TestNoticesReachTheServiceAndMoreThanItTakesAreLeftOut(t *testing.T) {
	m := manage(func(ctx context.Context) error {
		<-ctx.Done()
		return nil
	})
	m.expect(t, svc.StartPending)
	m.expect(t, svc.Running)
	m.requests <- svc.ChangeRequest{Cmd: svc.SessionChange, EventType: 5}
	m.requests <- svc.ChangeRequest{Cmd: svc.PowerEvent, EventType: 0x12}
	for range 3 * noticed {
		m.requests <- svc.ChangeRequest{Cmd: svc.SessionChange, EventType: 6}
	}
	now := svc.Status{State: svc.Running, Accepts: accepted}
	m.requests <- svc.ChangeRequest{Cmd: svc.Interrogate, CurrentStatus: now}
	if status := m.expect(t, svc.Running); status != now {
		t.Errorf("asked, it answered %+v", status)
	}
	notices := <-m.notices
	if first, second := <-notices, <-notices; first != service.NoticeSessions || second != service.NoticeResumed {
		t.Errorf("notices %v, %v", first, second)
	}
	m.requests <- svc.ChangeRequest{Cmd: svc.Stop}
	if status := <-m.ended; status != 0 {
		t.Errorf("ended with %d", status)
	}
}

func TestAStopThatLastsIsReportedAndBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		m := manage(func(context.Context) error {
			<-release
			return nil
		})
		m.expect(t, svc.StartPending)
		m.expect(t, svc.Running)
		began := time.Now()
		m.requests <- svc.ChangeRequest{Cmd: svc.Stop}
		if status := <-m.ended; status == 0 {
			t.Error("a stop that did not come to its end was called one that did")
		}
		if took := time.Since(began); took != stopWithin {
			t.Errorf("stopped after %s, want %s", took, stopWithin)
		}
		for point := uint32(1); len(m.statuses) > 0; point++ {
			if status := m.expect(t, svc.StopPending); status.CheckPoint != point || time.Duration(status.WaitHint)*time.Millisecond <= reportEvery {
				t.Errorf("at check point %d: %+v", point, status)
			}
		}
	})
}

func TestAServiceThatFailsSaysSo(t *testing.T) {
	m := manage(func(context.Context) error { return errors.New("disk full") })
	if status := <-m.ended; status == 0 {
		t.Error("a failure was called an end in order: nothing would start the service again")
	}
}

func TestALogThatSomebodyKeepsIsNoReasonNotToServe(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	if err := prepare(state, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	log, err := windows.UTF16PtrFromString(filepath.Join(state, logFile))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := windows.CreateFile(log, windows.GENERIC_READ, 0, nil, windows.CREATE_NEW, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(kept)
	defer debug.SetCrashOutput(nil, debug.CrashOptions{}) // it holds a file open
	var said bytes.Buffer
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := serveLogged(ctx, state, slog.NewTextHandler(&said, nil), nil); err != nil {
		t.Error(err)
	}
	if !strings.Contains(said.String(), "log will not be written") {
		t.Errorf("said %s", &said)
	}
}

func TestWithoutAnAdministratorsRightsItIsSaidHowToGetThem(t *testing.T) {
	err := fmt.Errorf("service: install: %w", windows.ERROR_ACCESS_DENIED)
	if words := advice(err); !strings.Contains(words, "Run as administrator") || strings.Contains(words, "sudo") {
		t.Errorf("advice: %s", words)
	}
}

func TestEachStateFolderHasAPipeOfItsOwn(t *testing.T) {
	if pipe := socketOf(defaultState()); pipe != `\\.\pipe\dayline-agent` {
		t.Errorf("the service listens at %s", pipe)
	}
	one, same, other := socketOf(`C:\Temp\one`), socketOf(`c:\temp\x\..\ONE`), socketOf(`C:\Temp\other`)
	if one != same || one == other || one == socketOf(defaultState()) || !strings.HasPrefix(one, `\\.\pipe\dayline-agent-`) {
		t.Errorf("pipes %s, %s, %s", one, same, other)
	}
}
