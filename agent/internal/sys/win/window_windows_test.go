package win_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
	"github.com/dayline-project/dayline/agent/internal/sys/win/wintest"
)

func TestWindow(t *testing.T) {
	d := wintest.NewDesktop(t)
	long := strings.Repeat("ä", 600)
	w := d.Open(long, "DaylineTest")
	if win.Foreground() != w || win.ClassOf(w) != "DaylineTest" || win.TitleOf(w) != long[:2*512] {
		t.Errorf("in front %#x, class %q, title of %d bytes", win.Foreground(), win.ClassOf(w), len(win.TitleOf(w)))
	}
	process, thread := win.Owner(w)
	if int(process) != os.Getpid() || thread == 0 {
		t.Errorf("of process %d, thread %d", process, thread)
	}
	if inside := win.Children(w); len(inside) != 0 {
		t.Errorf("inside %v", inside)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if path, err := win.Executable(process); err != nil || !strings.EqualFold(path, self) {
		t.Errorf("runs %q, %v; want %q", path, err, self)
	}
	if name, err := win.ProgramFile(process); err != nil || !strings.EqualFold(name, filepath.Base(self)) {
		t.Errorf("runs a file %q, %v", name, err)
	}
	d.Close(w)
	if process, thread := win.Owner(w); win.ClassOf(w) != "" || win.TitleOf(w) != "" || process != 0 || thread != 0 {
		t.Error("a window that is gone says something")
	}
	if path, err := win.Executable(0); err == nil {
		t.Errorf("no process runs %q", path)
	}
	if name, err := win.ProgramFile(0xfffffff0); name != "" || err != nil {
		t.Errorf("a process that is not there runs %q, %v", name, err)
	}
}

func TestRemote(t *testing.T) {
	for path, want := range map[string]bool{`C:\windows\regedit.exe`: false, `\\server\share\program.exe`: true, `\\?\C:\program.exe`: true, "": true} {
		if got := win.Remote(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}

func TestLastInput(t *testing.T) {
	d := wintest.NewDesktop(t)
	before, _, err := win.LastInput()
	if err != nil {
		t.Fatal(err)
	}
	d.Move()
	for deadline := time.Now().Add(20 * time.Second); ; {
		last, now, err := win.LastInput()
		if err != nil {
			t.Fatal(err)
		}
		if last != before {
			if now-last > 10_000 {
				t.Errorf("moved just now, told as %d ms ago", now-last)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no input was told in 20 s")
		}
	}
}

func TestClocks(t *testing.T) {
	boot := win.InterruptTime()
	mono, err := win.UnbiasedInterruptTime()
	if err != nil || mono <= 0 || boot < mono-time.Second {
		t.Errorf("%v since the computer began, %v of it awake, %v", boot, mono, err)
	}
	for deadline := time.Now().Add(20 * time.Second); win.InterruptTime() == boot; {
		if time.Now().After(deadline) {
			t.Fatal("the clock stands")
		}
	}
}

func TestVersion(t *testing.T) {
	v, err := win.VersionOf(`C:\windows\regedit.exe`)
	if err != nil || v.FileDescription == "" || v.ProductName == "" {
		t.Errorf("regedit says %+v, %v", v, err)
	}
	for _, path := range []string{`C:\windows\win.ini`, `C:\windows\no.exe`, "", "a\x00b"} {
		if v, err := win.VersionOf(path); err == nil {
			t.Errorf("%q says %+v", path, v)
		}
	}
}
