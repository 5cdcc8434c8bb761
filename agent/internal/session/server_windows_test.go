package session

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os/user"
	"strings"
	"testing"
	"time"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

// socketFor is a name that no pipe has.
func socketFor(*testing.T) string { return `\\.\pipe\dayline-test-` + rand.Text() }

// occupy takes the place that Wine offers a client before anybody accepts one; Windows has none.
func occupy(t *testing.T, path string) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if conn, err := winio.DialPipeContext(ctx, path); err == nil {
		t.Cleanup(func() { conn.Close() })
	}
}

func TestALocalAccountIsKnownByItsName(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	login, err := LoginOf(t.Context(), me.Uid)
	if _, name, _ := strings.Cut(me.Username, `\`); err != nil || login.Authority != "" || login.Account != name || login.Name != me.Username {
		t.Errorf("%s is %+v, %v", me.Uid, login, err)
	}
	system, err := LoginOf(t.Context(), systemSID)
	if err != nil || system.Authority != "S-1-5" || system.Account != "18" {
		t.Errorf("the system is %+v, %v", system, err)
	}
	for _, sid := range []string{"S-1-5-21-1-2-3-4", "root"} {
		if login, err := LoginOf(t.Context(), sid); err == nil {
			t.Errorf("%q is %+v", sid, login)
		}
	}
}

// Somebody who has the name keeps the service from answering, and from nothing else.
func TestANameThatAnotherHasIsTaken(t *testing.T) {
	name := socketFor(t)
	near, far, err := win.NewPair(name, "D:P(A;;GA;;;WD)", win.BothEnds)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	defer windows.CloseHandle(far)
	if _, err := listen(name); !errors.Is(err, errTaken) {
		t.Errorf("two have the name: %v", err)
	}
}

func TestWhatIsNoPipeIsNotIdentified(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	if who, err := identify(here); err == nil {
		t.Errorf("it is %+v", who)
	}
}

func TestThePipesOwnerIsOurselves(t *testing.T) {
	path, _ := serveEcho(t)
	conn := dial(t, path)
	pipe, err := handleOf(conn)
	if err != nil {
		t.Fatal(err)
	}
	owner, err := win.OwnerOf(pipe)
	if err != nil {
		t.Fatal(err)
	}
	own, err := win.OwnSID()
	if err != nil {
		t.Fatal(err)
	}
	if owner != own && owner != administratorsSID {
		t.Errorf("made by %s, we are %s", owner, own)
	}
}
