package session

import (
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

func TestAHelperThatItsSessionTookAlong(t *testing.T) {
	for status, taken := range map[uint32]bool{win.LogoffStatus: true, win.TerminatedStatus: true, 2: false} {
		t.Setenv(childVariable, fmt.Sprint("exits ", status))
		if going, err := launchOne(t, NewOwnLauncher(slog.Default())).End(20 * time.Second); going != taken || err == nil {
			t.Errorf("status %#x: ended %v, %v", status, going, err)
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
	t.Setenv(childVariable, "speaks a word")
	log := make(heard, 10)
	helper := launchOne(t, NewOwnLauncher(slog.New(slog.NewTextHandler(log, nil))))
	if line := <-log; !strings.Contains(line, `line="a word"`) || !strings.Contains(line, "session="+helper.Peer().OSSession) {
		t.Errorf("logged %s", line)
	}
	// It goes on: who writes is not kept waiting.
	if _, err := Read(helper.Conn()); err != nil {
		t.Error(err)
	}
	helper.Conn().Close()
	helper.End(20 * time.Second)
	select {
	case line := <-log:
		t.Errorf("logged %d bytes too many", len(line))
	default:
	}
}

// A program of the person's may take what the helper has, and keep it.
func TestNobodyListensToWhoIsLeftOfAHelper(t *testing.T) {
	t.Setenv(childVariable, "tells")
	log := make(heard, 10)
	helper := launchOne(t, NewOwnLauncher(slog.New(slog.NewTextHandler(log, nil))))
	_, told, _ := strings.Cut(<-log, "line=")
	there, err := strconv.ParseUint(strings.TrimSpace(told), 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	process, err := windows.OpenProcess(windows.PROCESS_DUP_HANDLE, false, uint32(helper.Peer().PID))
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(process)
	var taken windows.Handle
	if err := windows.DuplicateHandle(process, windows.Handle(there), windows.CurrentProcess(), &taken, 0, false, windows.DUPLICATE_SAME_ACCESS); err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(taken)
	helper.Conn().Close()
	helper.End(20 * time.Second)
	for until := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
		var written uint32
		if windows.WriteFile(taken, []byte("x"), &written, nil) != nil {
			break
		}
		if time.Now().After(until) {
			t.Fatal("somebody listens still")
		}
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

func TestASessionKnowsWhoLoggedIn(t *testing.T) {
	helper := launchOne(t, NewLauncher(slog.Default()))
	defer helper.End(20 * time.Second)
	defer helper.Conn().Close()
	if login, err := LoginOf(t.Context(), helper.Peer().User); err != nil || helper.Peer().Login != login {
		t.Errorf("the session says %+v, the system %+v, %v", helper.Peer().Login, login, err)
	}
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
