// Package product is what the packages for all systems have in common: the linked agent, the mark.
package product

import (
	"context"
	"crypto/rsa"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/shared/release"
)

// Publisher is who a system says made the agent.
const Publisher = "The Dayline project"

// Believed is whom a program believes.
type Believed struct {
	// ExtensionKey packed the browser extension, nil for none; StoreIDs are what stores list it under.
	ExtensionKey *rsa.PublicKey
	StoreIDs     []string
	// Releases are the keys that sign releases; none for the zero value.
	Releases release.Trusted
}

// LinkFlags are what the linker is told (-ldflags) so that a program believes them, and nobody else.
func (b Believed) LinkFlags() (string, error) {
	var flags []string
	if b.ExtensionKey != nil {
		flag, err := extension.LinkFlag(b.ExtensionKey, b.StoreIDs...)
		if err != nil {
			return "", err
		}
		flags = append(flags, flag)
	}
	if len(b.Releases.Keys) > 0 {
		flag, err := b.Releases.LinkFlag()
		if err != nil {
			return "", err
		}
		flags = append(flags, flag)
	}
	return strings.Join(flags, " "), nil
}

const module = "github.com/dayline-project/dayline"

// notInlined are packages whose functions the compiler puts nowhere but in their own place, and functionsEvery is how many bytes
// apart functions begin at the least (the linker's own number on amd64 is 32). What these do the agent does a few times a minute at
// most, and it weighs 0.5 MB more where it is also in others. The Makefile has both, too.
const functionsEvery = "16"

var notInlined = []string{"google.golang.org/protobuf/...", "crypto/...", "net/...", "encoding/..."}

// compilerFlags tell the compiler of notInlined.
func compilerFlags() (flags []string) {
	for _, packages := range notInlined {
		flags = append(flags, "-gcflags="+packages+"=-l")
	}
	return flags
}

// Link links the agent from the module around the working directory for a system and a processor, as Go names them;
// built is the time of the commit; the agent believes whom it is told, and those alone. Equal sources and arguments give equal
// bytes.
func Link(ctx context.Context, system, arch string, version release.Version, built time.Time, believed Believed) ([]byte, error) {
	scratch, err := os.MkdirTemp("", "dayline-link-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	believing, err := believed.LinkFlags()
	if err != nil {
		return nil, err
	}
	flags := fmt.Sprintf("-s -w -funcalign="+functionsEvery+" -X %[1]s/shared/buildinfo.Version=%[2]s -X %[1]s/shared/buildinfo.Built=%[3]s %[4]s",
		module, version, built.UTC().Format(time.RFC3339), believing)
	linked := filepath.Join(scratch, "agent")
	// What the version control knows is told by version and built alone, so that a copy without it builds the same.
	arguments := slices.Concat([]string{"build", "-trimpath", "-buildvcs=false"}, compilerFlags(),
		[]string{"-ldflags", flags, "-o", linked, module + "/agent/cmd/dayline-agent"})
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+arch, "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w: %s", err, output)
	}
	return os.ReadFile(linked)
}
