package update

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/release"
)

// A device may run its watcher as a process of its own, and one of the two die at any moment, again and again.
const (
	watchIn = "DAYLINE_TEST_WATCH_IN"
	dies    = "DAYLINE_TEST_DIES"
	watcher = "watcher"
	service = "service"
	diesIn  = 150 * time.Millisecond
)

// dieSometime has this process killed some time, where it is the one that dies.
func dieSometime(who string) {
	if os.Getenv(dies) == who {
		time.AfterFunc(rand.N(diesIn), func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
	}
}

// apart runs the watcher as a process till its end, and does what it wants of the service.
func (d machine) apart(ctx context.Context) error {
	process := exec.Command(os.Args[0])
	process.Env, process.Stderr = append(os.Environ(), watchIn+"="+d.folder), os.Stderr
	wants, err := process.StdoutPipe()
	if err != nil {
		return err
	}
	done, err := process.StdinPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(wants); lines.Scan(); {
		act := d.Start
		if lines.Text() == "stop" {
			act = d.Stop
		}
		if err := act(ctx); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(done, "done") // to one that may be dead
	}
	return process.Wait()
}

// distant is the device to the watcher's process.
type distant struct {
	machine
	answers *bufio.Reader
}

func (d distant) want(act string) error {
	fmt.Println(act)
	_, err := d.answers.ReadString('\n')
	return err
}

func (d distant) Stop(context.Context) error  { return d.want("stop") }
func (d distant) Start(context.Context) error { return d.want("start") }

// watch is the watcher's process.
func watch(folder string, in io.Reader) error {
	dieSometime(watcher)
	probation = tortured
	d := distant{machine{&computer{folder: folder, reached: true}}, bufio.NewReader(in)}
	w := &Watcher{
		Folder: d.state(), Buffer: d.buffer(), Host: d, System: release.Linux, Built: trustedIn(folder),
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	return w.Run(context.Background())
}

// Whichever of the two is killed, and run again as a service manager does, the other goes on beside it, and both come to their end.
func TestNoKillOfOneLosesAnAgent(t *testing.T) {
	for _, who := range []string{watcher, service} {
		for _, kind := range []string{"works", "deaf", "spoils"} {
			t.Run(who+" of what "+kind, func(t *testing.T) {
				t.Parallel()
				killed, lives := 0, 8*soak()
				for range lives {
					l := newLife(t, kind)
					l.dies = who
					l.on(func(int, time.Duration) bool { return false })
					l.settled(kind)
					killed += strings.Count(l.log.String(), "signal: killed")
				}
				t.Logf("%d lives, %d watchers killed", lives, killed)
			})
		}
	}
}
