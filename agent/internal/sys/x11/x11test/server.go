// Package x11test gives tests an X server of their own, and on it windows and a window manager that do exactly what
// they are told, so that a test knows what it should see.
package x11test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Server is a running Xvfb.
type Server struct {
	// Display is its name, ":7".
	Display string
	command *exec.Cmd
}

// Start runs an Xvfb on a display that the kernel chooses, or, for a test that lets one come back, on the one named.
func Start(display string) (*Server, error) {
	path, err := exec.LookPath("Xvfb")
	if err != nil {
		return nil, fmt.Errorf("x11test: these tests need an X server: install xvfb: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("x11test: %w", err)
	}
	defer read.Close()
	args := []string{"-displayfd", "3", "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"}
	if display != "" {
		args = append([]string{display}, args...)
	}
	s := &Server{command: exec.Command(path, args...)}
	s.command.ExtraFiles = []*os.File{write}
	dieWithParent(s.command)
	err = s.command.Start()
	write.Close()
	if err != nil {
		return nil, fmt.Errorf("x11test: start Xvfb: %w", err)
	}
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		s.Stop()
		return nil, fmt.Errorf("x11test: Xvfb told no display (is %s in use?): %w", display, err)
	}
	s.Display = ":" + strings.TrimSpace(number)
	return s, nil
}

// Stop ends the server and waits until it is gone, its display free again.
func (s *Server) Stop() {
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
	// Killed, it leaves its lock and its socket behind.
	number := strings.TrimPrefix(s.Display, ":")
	if number != "" {
		_ = os.Remove("/tmp/.X" + number + "-lock")
		_ = os.Remove("/tmp/.X11-unix/X" + number)
	}
}
