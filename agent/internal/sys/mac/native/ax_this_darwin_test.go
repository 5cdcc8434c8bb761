package native

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// inFront is this Mac, and the window that has the focus in the application in front, as the terminal is that runs this;
// nil where the terminal was not permitted accessibility, which is checked instead.
func inFront(t *testing.T) (mac.System, mac.Element, mac.App) {
	t.Helper()
	s, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	app, _ := s.Front()
	root := s.Application(app.PID)
	defer root.Release()
	found, err := root.Part("AXFocusedWindow")
	if !s.Trusted() {
		if !errors.Is(err, mac.ErrNotTrusted) {
			t.Errorf("not permitted, it answers %v", err)
		}
		o, err := s.Observe(app.PID, func(string, uint64) {})
		if err == nil {
			defer o.Close()
			err = o.Add(root, "AXTitleChanged")
		}
		if !errors.Is(err, mac.ErrNotTrusted) {
			t.Errorf("not permitted, an observer is %v", err)
		}
		t.Log("accessibility is not permitted: nothing else is checked")
		return s, nil, app
	}
	if found == nil || err != nil {
		t.Fatalf("%s shows %v, %v", app.Bundle, found, err)
	}
	return s, found, app
}

func TestThisMacsWindow(t *testing.T) {
	_, w, _ := inFront(t)
	if w == nil {
		return
	}
	defer w.Release()
	title, err := w.Text("AXTitle")
	if err != nil || title == "" {
		t.Errorf("its title is %q, %v", title, err)
	}
	texts, err := w.Texts("AXTitle", "AXNoSuchThing", "AXRole", "AXPosition")
	if err != nil || fmt.Sprintf("%q", texts) != fmt.Sprintf("%q", []string{title, "", "AXWindow", ""}) {
		t.Errorf("together they are %q, %v", texts, err)
	}
	if text, err := w.Text("AXNoSuchThing"); text != "" || err != nil {
		t.Errorf("what it lacks is %q, %v", text, err)
	}
	_, again, _ := inFront(t)
	defer again.Release()
	if again.ID() != w.ID() {
		t.Errorf("the same window is %x and %x", w.ID(), again.ID())
	}
	parts, err := w.Parts("AXChildren", 2)
	if err != nil || len(parts) == 0 || len(parts) > 2 {
		t.Errorf("of its parts two are %d, %v", len(parts), err)
	}
	for _, part := range parts {
		if part.ID() == w.ID() {
			t.Error("a part has its window's ID")
		}
		part.Release()
	}
	if parts, err := w.Parts("AXTitle", 2); len(parts) != 0 || err != nil {
		t.Errorf("a title has parts: %d, %v", len(parts), err)
	}
}

// TestThisMacsTitleChanges has the terminal change its window's title.
func TestThisMacsTitleChanges(t *testing.T) {
	s, w, app := inFront(t)
	if w == nil {
		return
	}
	defer w.Release()
	heard := make(chan uint64, 100)
	o, err := s.Observe(app.PID, func(notification string, element uint64) {
		if notification == "AXTitleChanged" {
			heard <- element
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	for range 2 { // the second time it is followed already
		if err := o.Add(w, "AXTitleChanged"); err != nil {
			t.Fatal(err)
		}
	}
	terminal, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	_, _ = fmt.Fprintf(terminal, "\x1b]0;dayline %d\x07", time.Now().Unix())
	select {
	case element := <-heard:
		if element != w.ID() {
			t.Errorf("of %x, not of the window %x", element, w.ID())
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing was told")
	}
	for range 2 {
		if err := o.Remove(w, "AXTitleChanged"); err != nil {
			t.Error(err)
		}
	}
}

// TestThisMacsProgramThatHangs stops a program and asks it. The log says how long that took: the system's own patience would
// be several seconds.
func TestThisMacsProgramThatHangs(t *testing.T) {
	s, w, _ := inFront(t)
	if w == nil {
		return
	}
	w.Release()
	program := exec.Command("/System/Applications/Calculator.app/Contents/MacOS/Calculator")
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	defer program.Wait()
	defer program.Process.Kill()
	root := s.Application(int32(program.Process.Pid))
	defer root.Release()
	for deadline := time.Now().Add(20 * time.Second); ; {
		if text, err := root.Text("AXTitle"); text != "" && err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("it never answers: %v", err)
		}
	}
	if err := program.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	from := time.Now()
	_, err := root.Text("AXTitle")
	t.Logf("given up after %v", time.Since(from))
	if !errors.Is(err, mac.ErrLate) {
		t.Errorf("it hangs, and answers %v", err)
	}
}
