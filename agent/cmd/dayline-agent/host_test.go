package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/browser"
	"github.com/dayline-project/dayline/agent/internal/browser/host"
	"github.com/dayline-project/dayline/agent/internal/service"
	"github.com/dayline-project/dayline/shared/extension"
)

// hostFor is how long a host may take to answer before it is given up.
const hostFor = 20 * time.Second

// ofFirefox are the arguments that Firefox gives.
func ofFirefox(t *testing.T) []string {
	return []string{filepath.Join(t.TempDir(), "org.dayline.host.json"), extension.FirefoxID}
}

// hostProcess is this program as a browser, which the test is, started it.
type hostProcess struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.Reader
}

func startHost(t *testing.T, line ...string) *hostProcess {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hostFor)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	return &hostProcess{t: t, cmd: cmd, in: in, out: out}
}

// say tells the host something and gives its answer.
func (h *hostProcess) say(m *browser.Message) *browser.Message {
	h.t.Helper()
	if err := host.Write(h.in, m); err != nil {
		h.t.Fatal(err)
	}
	answer, err := host.Read(h.out)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer
}

// status is what the popup is told.
func (h *hostProcess) status() popup {
	h.t.Helper()
	answer, shown := h.say(&browser.Message{Ask: "status"}), popup{}
	if err := json.Unmarshal(answer.Status, &shown); err != nil {
		h.t.Fatalf("answered %+v: %v", answer, err)
	}
	return shown
}

// hear runs the ear of a session of the test's own.
func hear(t *testing.T) *host.Ear {
	t.Helper()
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	ear, ended := host.NewEar("", slog.New(slog.DiscardHandler)), make(chan error)
	go func() { ended <- ear.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return ear
}

func told(t *testing.T, ear *host.Ear) browser.Told {
	t.Helper()
	select {
	case told := <-ear.Told():
		return told
	case <-time.After(hostFor):
		t.Fatal("the session hears nothing")
		return browser.Told{}
	}
}

func TestABrowserStartsItsHost(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	line := append([]string{self}, ofFirefox(t)...)
	// Chromium on Windows starts a host by a shell, and elsewhere a manifest may name a script.
	shell := append([]string{"sh", "-c", `"$@"; exit $?`, "sh"}, line...)
	if runtime.GOOS == "windows" {
		shell = append([]string{"cmd.exe", "/d", "/c"}, line...)
	}
	ear := hear(t)
	for _, test := range []struct {
		line   []string
		killed bool
	}{{line, true}, {shell, false}} {
		h := startHost(t, append(test.line, "--state", t.TempDir())...)
		if shown := h.status(); shown.Running || !strings.Contains(shown.Problem, "dayline-agent start") {
			t.Errorf("without a service the popup shows %+v", shown)
		}
		if answer := h.say(&browser.Message{Hello: &browser.Hello{Version: "1.2.3"}}); answer.Ack == nil {
			t.Errorf("answered %+v", answer)
		}
		who := told(t, ear)
		if who.Browser != os.Getpid() || who.Version != "1.2.3" {
			t.Errorf("%s tells %+v; we are %d", test.line[0], who, os.Getpid())
		}
		if answer := h.say(&browser.Message{Tab: &browser.Tab{Window: 1, Title: "one"}}); answer.Ack == nil || !answer.Ack.Session {
			t.Errorf("answered %+v", answer)
		}
		if tab := told(t, ear); tab.Host != who.Host || tab.Tab == nil || tab.Tab.Title != "one" {
			t.Errorf("told %+v", tab)
		}
		if test.killed {
			_ = h.cmd.Process.Kill()
		} else {
			h.in.Close()
		}
		if gone := told(t, ear); !gone.Gone || gone.Host != who.Host {
			t.Errorf("told %+v", gone)
		}
		if err := h.cmd.Wait(); err != nil && !test.killed {
			t.Errorf("it ended with %v", err)
		}
	}
}

func TestAnExtensionThatIsNotOursIsRefused(t *testing.T) {
	for _, args := range [][]string{
		{ofFirefox(t)[0], "other@example.com"},
		{"chrome-extension://abcdefghijklmnopabcdefghijklmnop/"},
	} {
		var stdout, stderr bytes.Buffer
		if status := nativeHost(args, strings.NewReader(""), &stdout, &stderr); status != failed || stdout.Len() > 0 || stderr.Len() == 0 {
			t.Errorf("%q: status %d, says %q and %q", args[1:], status, stdout.String(), stderr.String())
		}
	}
}

// The service tells an administrator of everybody; the popup is about the one who looks at it.
func TestThePopupIsAboutOnePerson(t *testing.T) {
	since := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := &service.Status{Problem: "a problem", SettingsSince: &since, Logins: []service.Collected{
		{Login: `HOST\ada`, Collect: true, Titles: true, URLs: "full", Notice: "of ada"},
		{Login: `HOST\ben`, Collect: true, Paused: true, URLs: "host", Schedule: map[string][]string{"mon": {"09:00-17:00"}}},
	}}
	if got := popupOf(s, `HOST\ben`); got != (popup{
		Running: true, Problem: "a problem", Login: `HOST\ben`, Collect: true, Paused: true, URLs: "host", Scheduled: true, SettingsSince: &since,
	}) {
		t.Errorf("ben is shown %+v", got)
	}
	if got := popupOf(s, `HOST\cleo`); got != (popup{Running: true, Problem: "a problem", Login: `HOST\cleo`, SettingsSince: &since}) {
		t.Errorf("cleo is shown %+v", got)
	}
}
