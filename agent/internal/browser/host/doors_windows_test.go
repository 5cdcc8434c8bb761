package host

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

// placeFor is a name that no pipe has.
func placeFor(*testing.T) string { return `\\.\pipe\dayline-test-` + rand.Text() }

// occupy takes the place that Wine offers a client before anybody accepts one, once somebody listens; Windows has none.
func occupy(t *testing.T, place string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		if conn, err := winio.DialPipeContext(ctx, place); err == nil {
			t.Cleanup(func() { conn.Close() })
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal("nobody listens")
		case <-ticker.C:
		}
	}
}

func TestASessionHasAPipeOfItsOwn(t *testing.T) {
	session, err := win.OwnSession()
	if err != nil {
		t.Fatal(err)
	}
	found := doors("")
	if len(found) != 1 || !strings.HasPrefix(found[0], `\\.\pipe\dayline-browser-`) {
		t.Fatalf("session %d has %q", session, found)
	}
}

// Who was faster keeps the name, and browsers are heard once it is free.
func TestANameThatAnotherHasIsTaken(t *testing.T) {
	place := placeFor(t)
	near, far, err := win.NewPair(place, "D:P(A;;GA;;;WD)", win.BothEnds)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	defer windows.CloseHandle(far)
	if l, err := listen(place); err == nil {
		l.Close()
		t.Error("two have the name")
	}
}
