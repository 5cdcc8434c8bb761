package session

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

// TestMain is a helper where a launcher started it.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "session" {
		os.Exit(beHelper(os.Args[3]))
	}
	os.Exit(m.Run())
}

// childVariable says how a helper behaves: as one should where it is not set.
const childVariable = "DAYLINE_TEST_CHILD"

func beHelper(handle string) int {
	number, err := strconv.ParseUint(handle, 10, 64)
	if err != nil {
		return 2
	}
	pipe, err := win.OpenPipe(uintptr(number))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	switch os.Getenv(childVariable) {
	case "deaf":
		_ = Write(pipe, &Message{Hello: &Hello{}})
		_, _ = windows.WaitForSingleObject(windows.CurrentProcess(), windows.INFINITE)
	case "goes":
		windows.ExitProcess(win.LogoffStatus)
	case "is taken":
		windows.ExitProcess(win.TerminatedStatus)
	case "speaks":
		fmt.Fprintln(os.Stderr, "a word")
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 4*spokenMost))
		return 3
	}
	err = NewHelper(Config{
		Observer: newStage(), Inherited: true, Desktop: "windows", OSSession: "told by itself",
		Dial: func(context.Context) (net.Conn, error) { return pipe, nil },
	}).Run(context.Background())
	if err != nil {
		return 1
	}
	return 0
}

// launchOne starts a helper in the only session there is.
func launchOne(t *testing.T, launcher Launcher) Launched {
	t.Helper()
	sessions, err := launcher.Sessions()
	if err != nil || len(sessions) != 1 {
		t.Fatalf("sessions %+v, %v", sessions, err)
	}
	helper, err := launcher.Launch(sessions[0])
	if err != nil {
		t.Fatal(err)
	}
	own, err := win.OwnSID()
	if err != nil {
		t.Fatal(err)
	}
	if peer := helper.Peer(); peer.User != own || peer.PID == 0 || peer.OSSession != sessions[0].ID || peer.Root {
		t.Errorf("launched %+v", peer)
	}
	return helper
}

func TestALaunchedHelperIsServedAndEndsWithItsPipe(t *testing.T) {
	const byToken = "by its token"
	for name, launcher := range map[string]Launcher{byToken: NewLauncher(slog.Default()), "as ourselves": NewOwnLauncher(slog.Default())} {
		t.Run(name, func(t *testing.T) {
			guests := &hall{make(chan Peer, 1), make(chan Peer, 1)}
			server, err := Listen(socketFor(t), guests, slog.Default())
			if err != nil {
				t.Fatal(err)
			}
			defer server.listener.Close()
			helper := launchOne(t, launcher)
			ctx, stop := context.WithCancel(t.Context())
			served := make(chan struct{})
			go func() {
				server.Attend(ctx, helper)
				close(served)
			}()
			came := <-guests.came
			if came.OSSession != helper.Peer().OSSession || came.Login.Account == "" {
				t.Errorf("came %+v", came)
			}
			if told := helper.Peer().Login; name == byToken && told != came.Login {
				t.Errorf("the session says it is %+v, the system %+v", told, came.Login)
			}
			stop()
			<-served
			<-guests.gone
			if going, err := helper.End(20 * time.Second); going || err == nil || !strings.Contains(err.Error(), "0x1") {
				t.Errorf("ended %v, %v, want by itself with status 1", going, err)
			}
		})
	}
}

func TestAHelperThatIsToldToStopsByItself(t *testing.T) {
	helper := launchOne(t, NewOwnLauncher(slog.Default()))
	if _, err := Read(helper.Conn()); err != nil {
		t.Fatal(err)
	}
	if err := Write(helper.Conn(), &Message{Stop: &Stop{EndedBy: "shutdown", Within: time.Second}}); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(helper.Conn()); err != io.EOF {
		t.Errorf("its pipe: %v", err)
	}
	if going, err := helper.End(20 * time.Second); going || err != nil {
		t.Errorf("ended %v, %v", going, err)
	}
}

func TestAHelperThatDoesNotEndIsEnded(t *testing.T) {
	t.Setenv(childVariable, "deaf")
	helper := launchOne(t, NewOwnLauncher(slog.Default()))
	if _, err := Read(helper.Conn()); err != nil {
		t.Fatal(err)
	}
	if _, err := helper.End(10 * time.Millisecond); err == nil || !strings.Contains(err.Error(), "did not end") {
		t.Errorf("ended with %v", err)
	}
	if _, err := Read(helper.Conn()); err != io.EOF {
		t.Errorf("it lives: %v", err)
	}
}

func TestAHelperThatItsSessionTookAlong(t *testing.T) {
	for _, how := range []string{"goes", "is taken"} {
		t.Setenv(childVariable, how)
		if going, err := launchOne(t, NewOwnLauncher(slog.Default())).End(20 * time.Second); !going {
			t.Errorf("it %s: ended %v, %v", how, going, err)
		}
	}
}

// heard takes what is logged.
type heard chan string

func (h heard) Write(line []byte) (int, error) {
	h <- string(line)
	return len(line), nil
}

func TestWhatAHelperSaysIsLoggedWithinBounds(t *testing.T) {
	t.Setenv(childVariable, "speaks")
	log := make(heard, 10)
	helper := launchOne(t, NewOwnLauncher(slog.New(slog.NewTextHandler(log, nil))))
	if line := <-log; !strings.Contains(line, `line="a word"`) || !strings.Contains(line, "session="+helper.Peer().OSSession) {
		t.Errorf("logged %s", line)
	}
	if _, err := helper.End(20 * time.Second); err == nil || !strings.Contains(err.Error(), "0x3") {
		t.Errorf("it was kept waiting: %v", err)
	}
	select {
	case line := <-log:
		t.Errorf("logged %d bytes too many", len(line))
	default:
	}
}

func TestAHelperInheritsNothingElse(t *testing.T) {
	near, far, err := newPair(win.BothEnds)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	helper := launchOne(t, NewOwnLauncher(slog.Default()))
	if _, err := Read(helper.Conn()); err != nil {
		t.Fatal(err)
	}
	if err := windows.CloseHandle(far); err != nil {
		t.Fatal(err)
	}
	near.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := near.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("another holds the pipe: %v", err)
	}
	helper.Conn().Close()
	helper.End(20 * time.Second)
}

func TestASessionOfSomebodyElseGetsNoHelper(t *testing.T) {
	launcher := NewLauncher(slog.Default())
	sessions, err := launcher.Sessions()
	if err != nil || len(sessions) != 1 {
		t.Fatalf("sessions %+v, %v", sessions, err)
	}
	for _, session := range []LoginSession{{ID: sessions[0].ID, User: "S-1-5-21-1-2-3-4"}, {ID: "x", User: sessions[0].User}} {
		if helper, err := launcher.Launch(session); err == nil {
			helper.Conn().Close()
			helper.End(0)
			t.Errorf("launched in %+v", session)
		}
	}
}
