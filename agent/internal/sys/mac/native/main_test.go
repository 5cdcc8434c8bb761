//go:build linux

package native

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// These variables have this program be Main with one of the works instead of the tests, with the stub or, where none is
// named, with no library at all.
const (
	workVariable = "DAYLINE_NATIVE_WORK"
	stubVariable = "DAYLINE_NATIVE_STUB"
)

var works = map[string]func() int{
	"seven": func() int { return 7 },
	"a broken notice": func() int {
		s, err := Open()
		if err != nil {
			return 1
		}
		s.Follow(func(mac.Notice) { panic("broken") })
		stub.post("NSWorkspaceDidWakeNotification", 0, "", "", "")
		select {}
	},
	"open": func() int {
		if _, err := Open(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 8
		}
		return 0
	},
}

func runWork(work func() int) int {
	if stubPath = os.Getenv(stubVariable); stubPath != "" {
		if err := loadStub(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return Main(work)
}

func TestMainOfOtherProcesses(t *testing.T) {
	for _, c := range []struct {
		work, stub string
		code       int
		says       string
	}{
		{"seven", stubPath, 7, ""},
		{"open", stubPath, 0, ""},
		{"seven", "", 7, ""},
		{"open", "", 8, "native: load: "},
		{"a broken notice", stubPath, 2, "panic: broken"},
	} {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), workVariable+"="+c.work, stubVariable+"="+c.stub)
		said, err := command.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if code := command.ProcessState.ExitCode(); code != c.code || !strings.Contains(string(said), c.says) {
			t.Errorf("%s ended with %d, want %d:\n%s", c.work, code, c.code, said)
		}
	}
}

func TestMainStaysAwake(t *testing.T) {
	balanced(t)
	if n := stub.activities(); n != 1 {
		t.Errorf("%d activities while Main runs", n)
	}
	w := open(t)
	rest := w.stayAwake()
	during := stub.activities()
	rest()
	if after := stub.activities(); during != 2 || after != 1 {
		t.Errorf("%d activities during another, %d after", during, after)
	}
}
