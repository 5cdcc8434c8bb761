package session

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"os/user"
	"strconv"
	"strings"
	"testing"
	"time"
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
	pipe, err := Inherit(number)
	if err != nil {
		return 2
	}
	how, what, _ := strings.Cut(os.Getenv(childVariable), " ")
	switch how {
	case "deaf":
		forever := make(chan os.Signal, 1)
		signal.Notify(forever, os.Interrupt)
		_ = Write(pipe, &Message{Hello: &Hello{}})
		<-forever
	case "speaks":
		fmt.Fprintln(os.Stderr, what)
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 1<<18))
	case "tells":
		fmt.Fprintln(os.Stderr, os.Stderr.Fd())
	case "exits":
		status, _ := strconv.Atoi(what)
		return status
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
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if peer := helper.Peer(); peer.User != me.Uid || peer.PID == 0 || peer.OSSession != sessions[0].ID || peer.Root {
		t.Errorf("launched %+v", peer)
	}
	return helper
}

func TestALaunchedHelperIsServedAndEndsWithItsPipe(t *testing.T) {
	launchers := map[string]Launcher{"as ourselves": NewOwnLauncher(slog.Default())}
	if every := NewLauncher(slog.Default()); every != nil {
		launchers["by its token"] = every
	}
	for name, launcher := range launchers {
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
			stop()
			<-served
			<-guests.gone
			if going, err := helper.End(20 * time.Second); going || err == nil || !strings.HasSuffix(err.Error(), "1") {
				t.Errorf("ended %v, %v, want by itself", going, err)
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
	if _, err := helper.End(10 * time.Millisecond); err == nil || strings.Contains(err.Error(), "status") {
		t.Errorf("ended with %v", err)
	}
	if _, err := Read(helper.Conn()); err != io.EOF {
		t.Errorf("it lives: %v", err)
	}
}
