// Package process starts programs for the tests and for `make run`, and ends each by its id together with all it
// started, so that nothing is left running whatever went wrong. It also waits for conditions, which is what its users
// do instead of sleeping.
package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Command is a program to start.
type Command struct {
	// Name of the process in errors; its output goes to Name.log in Dir.
	Name string
	Path string
	Args []string
	// Env is the whole environment.
	Env []string
	// Dir is where the output goes and the process starts; made if missing.
	Dir string
	// ExtraFiles become file descriptors 3 and up.
	ExtraFiles []*os.File
	// LastSignal is what it gets when this process ends without having stopped it; SIGKILL unless told otherwise.
	LastSignal syscall.Signal
}

// Process is a running program, leader of a process group of its own.
type Process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start starts a program. It ends when this process does, however that comes about.
func Start(command Command) (*Process, error) {
	if err := os.MkdirAll(command.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("process: start %s: %w", command.Name, err)
	}
	p := &Process{name: command.Name, log: filepath.Join(command.Dir, command.Name+".log"), done: make(chan struct{})}
	output, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("process: start %s: %w", command.Name, err)
	}
	defer output.Close()
	p.cmd = exec.Command(command.Path, command.Args...)
	p.cmd.Env, p.cmd.Dir, p.cmd.ExtraFiles = command.Env, command.Dir, command.ExtraFiles
	p.cmd.Stdout, p.cmd.Stderr = output, output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: cmp.Or(command.LastSignal, syscall.SIGKILL)}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("process: start %s: %w", command.Name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// PID of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is why it ended, nil for status 0; meaningful once Done is closed.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Kill ends the process at once (SIGKILL) and waits for it; its children are left to notice.
func (p *Process) Kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.done
}

// Stop asks the process to end (SIGTERM), gives it the time, and then ends what is left of its group. It says so if
// it had to be killed or ended with another status than 0 or the signal's.
func (p *Process) Stop(within time.Duration) error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(within)
	defer timer.Stop()
	var late error
	select {
	case <-p.done:
	case <-timer.C:
		late = fmt.Errorf("process: stop %s: still running after %s", p.name, within)
	}
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	<-p.done
	if late != nil {
		return late
	}
	var exit *exec.ExitError
	if errors.As(p.err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGTERM {
			return nil
		}
	}
	if p.err != nil {
		return fmt.Errorf("process: stop %s: %w", p.name, p.err)
	}
	return nil
}

// Log is the file its output goes to.
func (p *Process) Log() string { return p.log }

// Tail is the end of what the process printed, for errors.
func (p *Process) Tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

// Wait asks again and again, less and less often (every 2 ms at first, four times a second in the end), until the
// condition holds. It gives up with the condition's last error when ctx ends or the time is over.
func Wait(ctx context.Context, within time.Duration, what string, condition func() error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	pause := 2 * time.Millisecond
	for {
		err := condition()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: not within %s: %w", what, within, err)
		case <-time.After(pause):
		}
		pause = min(pause+pause/4+time.Microsecond, 250*time.Millisecond)
	}
}
