package main

import (
	"fmt"
	"io"

	"github.com/dayline-project/dayline/shared/buildinfo"
	"github.com/dayline-project/dayline/shared/release"
)

func version(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintln(stderr, "Usage: dayline-agent version")
		return usedWrongly
	}
	fmt.Fprintln(stdout, buildinfo.Version)
	fmt.Fprintln(stderr, "releases:", release.BuiltWords())
	return done
}
