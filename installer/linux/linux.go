// Package linux builds what installs the agent on Linux: a package of Debian's kind, one of Red Hat's, and an archive with a
// script for everything else.
package linux

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/release"
)

const name = release.Product

const homepage = "https://github.com/dayline-project/dayline"

const summary = "measures the working day on this computer, visibly"

// Agent is one build of the agent for Linux.
type Agent struct {
	Version release.Version
	// Built is the time of the commit it is built from.
	Built time.Time
	// Arch is the processor as Go names it: amd64 or arm64.
	Arch string
	// Believed is whom it believes.
	Believed product.Believed
}

// Package is what the packages are made of. Equal ones give equal bytes.
type Package struct {
	Agent
	// Program is the agent's executable.
	Program []byte
}

// Build links the agent from the module around the working directory.
func (a Agent) Build(ctx context.Context) (Package, error) {
	program, err := product.Link(ctx, "linux", a.Arch, a.Version, a.Built, a.Believed)
	if err != nil {
		return Package{}, fmt.Errorf("linux: %w", err)
	}
	return Package{a, program}, nil
}

// ordered is the version as package managers order it: a tilde comes before everything, the end too
// (deb-version(7), https://rpm-software-management.github.io/rpm/manual/dependencies.html#versions).
func (a Agent) ordered() string { return strings.ReplaceAll(a.Version.String(), "-", "~") }
