// Package product is what the packages for all systems have in common: the linked agent, versions, the mark.
package product

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Publisher is who a system says made the agent.
const Publisher = "The Dayline project"

const module = "github.com/dayline-project/dayline"

// Link links the agent from the module around the working directory for a system and a processor, as Go names them;
// built is the time of the commit. Equal sources and arguments give equal bytes.
func Link(ctx context.Context, system, arch string, version Version, built time.Time) ([]byte, error) {
	scratch, err := os.MkdirTemp("", "dayline-link-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	linked := filepath.Join(scratch, "agent")
	// What the version control knows is told by version and built alone, so that a copy without it builds the same.
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", fmt.Sprintf("-s -w -X %[1]s/shared/buildinfo.Version=%[2]s -X %[1]s/shared/buildinfo.Built=%[3]s",
			module, version, built.UTC().Format(time.RFC3339)),
		"-o", linked, module+"/agent/cmd/dayline-agent")
	command.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+arch, "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w: %s", err, output)
	}
	return os.ReadFile(linked)
}
