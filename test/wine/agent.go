package wine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dayline-project/dayline/test/process"
)

// Agent is where the agent's program is.
const Agent = `C:\Program Files\Dayline\dayline-agent.exe`

// PutAgent puts the agent's program onto the machine.
func (m *Machine) PutAgent() error {
	return m.copy("./agent/cmd/dayline-agent", Agent)
}

// InstallAgent has the agent install itself as a service, which runs from then on.
func (m *Machine) InstallAgent(ctx context.Context) error {
	if _, err := m.Run(ctx, Agent, "install"); err != nil {
		return err
	}
	return m.ShowAgent(ctx)
}

// ShowAgent lets an installed agent see the desktop, and starts its service anew: Wine's own need, see the command's comment.
func (m *Machine) ShowAgent(ctx context.Context) error {
	const interactive = `C:\interactive.exe`
	if err := m.copy("./test/wine/interactive", interactive); err != nil {
		return err
	}
	defer os.Remove(m.Path(interactive))
	if _, err := m.Run(ctx, interactive, "dayline-agent"); err != nil {
		return err
	}
	_, err := m.Run(ctx, Agent, "restart")
	return err
}

// Seen waits until the agent's helper, of which there is one, has seen all there is to see, however busy this computer is.
func (m *Machine) Seen(ctx context.Context) error {
	helper := m.PIDs("session --pipe")
	if len(helper) != 1 {
		return fmt.Errorf("wine: seen: %d helpers run", len(helper))
	}
	if err := process.Rest(ctx, patience, []int{m.server.PID()}, helper); err != nil {
		return fmt.Errorf("wine: seen: %w", err)
	}
	return nil
}

// copy builds a program of ours and puts it somewhere.
func (m *Machine) copy(source, path string) error {
	file, err := Build(source, "")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("wine: put %s: %w", path, err)
	}
	target := m.Path(path)
	return errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), os.WriteFile(target, text, 0o755))
}
