package win_test

import (
	"slices"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
	"github.com/dayline-project/dayline/agent/internal/sys/win/wintest"
)

func TestNotices(t *testing.T) {
	const (
		class       = "DaylineNotices"
		closing     = 0x0010
		queryEnd    = 0x0011
		endSession  = 0x0016
		power       = 0x0218
		change      = 0x02b1
		timeChanged = 0x001e
	)
	d := wintest.NewDesktop(t)
	var told []uintptr
	n, err := win.OpenNotices(func() { told = append(told, 0) }, func(message uint32, wParam, lParam uintptr) {
		told = append(told, uintptr(message)+wParam+lParam)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range []uint32{closing, queryEnd, power, timeChanged, change, endSession} {
		d.Send(class, message, 0x10000, 0x20000)
	}
	n.Close()
	select {
	case <-n.Ended():
	default:
		t.Error("it goes on after its end")
	}
	if want := []uintptr{0, 0x30000 + power, 0x30000 + change, 0x30000 + endSession}; !slices.Equal(told, want) {
		t.Errorf("told %#x, want %#x", told, want)
	}
}
