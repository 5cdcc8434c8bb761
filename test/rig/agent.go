package rig

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dayline-project/dayline/test/process"
)

// Agent is one device's agent: its state folder and its processes.
type Agent struct {
	// State is the folder the agent keeps its key, settings and buffer in.
	State string

	bin     Binaries
	dir     string
	env     []string
	service *process.Process
	session *process.Process
}

// NewAgent prepares an agent whose files go below dir. The environment is that of its login session.
func NewAgent(bin Binaries, dir string, env []string) *Agent {
	return &Agent{State: filepath.Join(dir, "state"), bin: bin, dir: dir, env: env}
}

// Enroll enrols the device by an enrolment string.
func (a *Agent) Enroll(ctx context.Context, enrolmentString string) error {
	_, err := a.Run(ctx, "enroll", "--state", a.State, enrolmentString)
	return err
}

// Run runs another subcommand of the agent and gives what it prints.
func (a *Agent) Run(ctx context.Context, args ...string) ([]byte, error) {
	return run(ctx, a.env, "", a.bin.Agent(), args...)
}

// StartService starts the service.
func (a *Agent) StartService() (err error) {
	a.service, err = a.start("service")
	return err
}

// StartSession starts the helper of the login session.
func (a *Agent) StartSession() (err error) {
	a.session, err = a.start("session")
	return err
}

// Start starts both in the foreground of one process tree, as a person does with `run`.
func (a *Agent) Start() (err error) {
	a.service, err = a.start("run")
	return err
}

func (a *Agent) start(command string) (*process.Process, error) {
	return process.Start(process.Command{Name: command, Path: a.bin.Agent(), Args: []string{command, "--state", a.State}, Env: a.env, Dir: a.dir})
}

// Service is the running service (or `run`), Session the running helper; nil where not started.
func (a *Agent) Service() *process.Process { return a.service }

// Session is the running helper.
func (a *Agent) Session() *process.Process { return a.session }

// Looking are the processes that look at the desktop: the helper while it runs.
func (a *Agent) Looking() []int {
	if a.session == nil {
		return nil
	}
	return []int{a.session.PID()}
}

// KillService ends the service without warning.
func (a *Agent) KillService() { a.service.Kill(); a.service = nil }

// KillSession ends the helper without warning.
func (a *Agent) KillSession() { a.session.Kill(); a.session = nil }

// Stop asks what runs to end, the service first, so that it closes the sessions as a planned stop does.
func (a *Agent) Stop() error {
	var failed error
	for _, p := range []**process.Process{&a.service, &a.session} {
		if *p == nil {
			continue
		}
		if err := (*p).Stop(15 * time.Second); err != nil && failed == nil {
			failed = fmt.Errorf("%w\n%s", err, (*p).Tail())
		}
		*p = nil
	}
	return failed
}

// Logs is everything the agent's processes printed.
func (a *Agent) Logs() string {
	var all string
	for _, name := range []string{"service", "session", "run"} {
		text, err := os.ReadFile(filepath.Join(a.dir, name+".log"))
		if err == nil {
			all += string(text)
		}
	}
	return all
}
