package main

import (
	"fmt"

	"github.com/dayline-project/dayline/shared/buildinfo"
	"github.com/dayline-project/dayline/shared/release"
)

type versionCommand struct{}

// Run prints the version.
func (c *versionCommand) Run(i *invocation) error {
	fmt.Fprintln(i.err, "releases:", release.BuiltWords())
	_, err := fmt.Fprintf(i.out, "dayline-collector %s (protocol %d)\n", buildinfo.Version, buildinfo.Protocol)
	return err
}
