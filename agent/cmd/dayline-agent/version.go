package main

import (
	"fmt"
	"io"

	"github.com/dayline-project/dayline/shared/buildinfo"
)

func version(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintln(stderr, "Usage: dayline-agent version")
		return usedWrongly
	}
	fmt.Fprintln(stdout, buildinfo.Version)
	return done
}
