package main

import (
	"fmt"
	"io"

	"github.com/dayline-project/dayline/agent/internal/service"
)

func pause(args []string, stdout, stderr io.Writer) int {
	return setPause("pause", args, stdout, stderr)
}

func resume(args []string, stdout, stderr io.Writer) int {
	return setPause("resume", args, stdout, stderr)
}

// setPause asks the service; what holds for a person is asked for by that person's account.
func setPause(what string, args []string, stdout, stderr io.Writer) int {
	o := newOptions(what, "", stderr)
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	var told service.Collected
	if err := ask(o.state, what, &told); err != nil {
		return fail(stderr, err)
	}
	fmt.Fprintf(stdout, "%s: %s\n", told.Login, describe(&told))
	return done
}
