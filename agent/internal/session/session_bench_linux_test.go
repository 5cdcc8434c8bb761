package session

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/x11"
	"github.com/dayline-project/dayline/agent/internal/sys/x11/x11test"
	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/stream"
)

// BenchmarkSession runs the session process on an X server and measures targets T1 to T3 for its half: 300 switches
// of the window in front, 200 ms apart, then 30 s in which nothing happens.
func BenchmarkSession(b *testing.B) {
	const switches, apart, quiet = 300, 200 * time.Millisecond, 30 * time.Second
	server, err := x11test.Start("")
	if err != nil {
		b.Fatal(err)
	}
	defer server.Stop()
	d := x11test.NewDesktop(b, server.Display)
	d.Manage()
	windows := [2]x11.Window{d.Open("even", "Class"), d.Open("odd", "Class")}
	for b.Loop() {
		pid, titles := startSession(b, server.Display)
		began := cpuOf(b, pid)
		for i := range switches {
			w := windows[i%2]
			d.Title(w, "switch "+strconv.Itoa(i))
			d.Focus(w)
			<-time.After(apart)
		}
		switched := cpuOf(b, pid)
		<-time.After(quiet)
		rested := cpuOf(b, pid)
		d.Focus(0)
		seen := 0
		for deadline := time.After(5 * time.Second); seen < switches; {
			select {
			case title := <-titles:
				if title == "switch "+strconv.Itoa(seen) {
					seen++
				}
				continue
			case <-deadline:
			}
			break
		}
		perSwitch := float64((switched - began).Milliseconds()) / switches
		perPoll := float64((rested - switched).Milliseconds()) / (quiet.Seconds() / 10)
		day := 8 * time.Hour.Seconds()
		b.ReportMetric(float64(seen), "seen/300")
		b.ReportMetric(perSwitch, "cpu-ms/switch")
		b.ReportMetric(perPoll, "cpu-ms/poll")
		b.ReportMetric((2500*perSwitch+day/10*perPoll)/1000/day*100, "%core/day")
		b.ReportMetric(float64(residentOf(b, pid))/1024, "MB-resident")
	}
}

// startSession builds the agent and runs its session half; the titles of the episodes that end come on the channel.
func startSession(b *testing.B, display string) (pid int, titles <-chan string) {
	b.Helper()
	folder := b.TempDir()
	binary, socket := filepath.Join(folder, "dayline-agent"), filepath.Join(folder, "socket")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "github.com/dayline-project/dayline/agent/cmd/dayline-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		b.Fatal(err)
	}
	command := exec.Command(binary, "session", "--socket", socket)
	command.Env = append(os.Environ(), "DISPLAY="+display)
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	conn, err := listener.Accept()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		listener.Close()
		conn.Close()
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	settings := episode.DefaultSettings()
	settings.Settle = 0
	raw, err := json.Marshal(settings)
	if err != nil {
		b.Fatal(err)
	}
	told := make(chan string, 1000)
	started := make(chan struct{})
	begun := sync.OnceFunc(func() { close(started) })
	go func() {
		for {
			m, err := Read(conn)
			switch {
			case err != nil:
				return
			case m.Hello != nil:
				for _, answer := range []*Message{{Welcome: &Welcome{Login: stream.Login{Name: `HOUSE\ada`}}}, {Pause: &Pause{}}, {Settings: &Settings{Collect: true, Episode: raw}}} {
					_ = Write(conn, answer)
				}
			case m.Capture != nil && len(m.Capture.Subjects) > 0:
				begun()
			case m.Closed != nil:
				_ = Write(conn, &Message{Stored: &Stored{Number: m.Closed.Number}})
				told <- m.Closed.Episode.Title
			}
		}
	}()
	select {
	case <-started:
	case <-time.After(20 * time.Second):
		b.Fatal("the session does not begin")
	}
	return command.Process.Pid, told
}

// cpuOf is the processor time of a process so far (proc(5), stat: utime and stime, in hundredths of a second; the
// schedstat file has nanoseconds).
func cpuOf(b *testing.B, pid int) time.Duration {
	b.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(tasks) == 0 {
		b.Fatal("no such process")
	}
	var all time.Duration
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		all += time.Duration(ns)
	}
	return all
}

// residentOf is the resident memory of a process, in KB.
func residentOf(b *testing.B, pid int) int {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return kb
		}
	}
	b.Fatal("no VmRSS")
	return 0
}
