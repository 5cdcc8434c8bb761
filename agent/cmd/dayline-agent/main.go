// Command dayline-agent is the agent: its service, its session helper, and what people and scripts ask of it. Each
// subcommand has a file of its own.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/dayline-project/dayline/agent/internal/browser/host"
	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/enroll"
)

// How a command ends.
const (
	done        = 0
	failed      = 1
	usedWrongly = 2
)

// The service and the helper run all day beside a person's work: collecting garbage early costs them little, since
// little is alive, and memory is what they are noticed by.
const (
	gcPercent   = 50
	memoryLimit = 20 << 20
)

// command is a subcommand; run gives the exit status.
type command struct {
	name, usage string
	run         func(args []string, stdout, stderr io.Writer) int
}

func commands() []command {
	return []command{
		{"run", "the service and one session, in the foreground", run},
		{"enroll", "enrol this device: enroll STRING, or enroll - to read it from standard input", enrolDevice},
		{"status", "whether it runs, what is collected, what waits to be sent", status},
		{"my-day", "open in the browser what was recorded of you, and who looked at it", myDay},
		{"doctor", "check everything and say how to mend it", doctor},
		{"pause", "pause collection until resume or midnight, where the account allows it", pause},
		{"resume", "end the pause", resume},
		{"install", "install the system service and the session helper", install},
		{"start", "start the installed service", start},
		{"stop", "stop it", stop},
		{"restart", "stop it and start it again", restart},
		{"uninstall", "remove them, and the state too unless --keep-data", uninstall},
		{"replay", "run the time engine over a recorded trace", replay},
		{"service", "the system service; the system starts it", serve},
		{"session", "the session helper; the login session starts it", session},
		{"update", "what exchanges the program; the system starts it", update},
		{"version", "the version", version},
	}
}

func main() {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
	// Nothing here computes for long: one thread at a time wakes less and keeps a megabyte less.
	runtime.GOMAXPROCS(1)
	if host.Called(os.Args[1:]) {
		os.Exit(nativeHost(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(dispatch(os.Args[1:], os.Stdout, os.Stderr))
}

func dispatch(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		help(stderr)
		return usedWrongly
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(args[1:], stdout, stderr)
		}
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		help(stdout)
		return done
	}
	fmt.Fprintf(stderr, "dayline-agent: there is no command %q\n\n", args[0])
	help(stderr)
	return usedWrongly
}

func help(w io.Writer) {
	fmt.Fprint(w, "Dayline measures the working day on this computer, visibly: dayline-agent status says what is collected.\n\nUsage: dayline-agent COMMAND [--state DIR] …\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.usage)
	}
	fmt.Fprint(w, "\nExit status: 0 done, 1 failed, 2 used wrongly.\n")
}

// options are the flags every command has.
type options struct {
	*flag.FlagSet
	state string
}

func newOptions(name, arguments string, stderr io.Writer) *options {
	o := &options{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError)}
	o.SetOutput(stderr)
	o.StringVar(&o.state, "state", defaultState(), "the folder that keeps key, settings and buffer")
	o.Usage = func() {
		fmt.Fprintf(stderr, "Usage: dayline-agent %s [flags] %s\n", name, arguments)
		o.PrintDefaults()
	}
	return o
}

// parse reads flags, also those after arguments; done is false where the command should end with the status.
func (o *options) parse(args []string, arguments int) (given []string, status int, ok bool) {
	for {
		switch err := o.Parse(args); {
		case errors.Is(err, flag.ErrHelp):
			return nil, done, false
		case err != nil:
			return nil, usedWrongly, false
		}
		if o.NArg() == 0 {
			break
		}
		given, args = append(given, o.Arg(0)), o.Args()[1:]
	}
	if len(given) > arguments {
		o.Usage()
		return nil, usedWrongly, false
	}
	return given, done, true
}

// level of the log; the collector may change it by a directive.
var level slog.LevelVar

func logTo(w io.Writer) slog.Handler {
	return slog.NewTextHandler(w, &slog.HandlerOptions{Level: &level})
}

// fail tells an error and gives the status.
func fail(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "dayline-agent: %v%s\n", err, advice(err))
	return failed
}

// advice is what to do about an error that people meet first.
func advice(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return " (only an administrator may do this: " + asAdministrator + "; or keep the state in a folder of yours: --state DIR)"
	case errors.Is(err, enroll.ErrNotEnrolled):
		return "; get an enrolment string and run: dayline-agent enroll STRING"
	case errors.Is(err, errNotRunning):
		return "; as administrator: dayline-agent start"
	case errors.Is(err, buffer.ErrLocked):
		return "; stop that one first (the service, as administrator: dayline-agent stop)"
	}
	return ""
}
