package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/dayline-project/dayline/agent/internal/service"
	"github.com/dayline-project/dayline/shared/release"
)

// releaseCheck tells whose releases this build trusts. To trust nobody's is how some are built; a key that is none is a broken build.
func releaseCheck() service.Check {
	_, err := release.Built()
	return service.Check{Name: "releases", OK: err == nil || errors.Is(err, release.ErrNoKeys), Found: release.BuiltWords()}
}

// doctor checks everything: 0 where all is right, else 1.
func doctor(args []string, stdout, stderr io.Writer) int {
	o := newOptions("doctor", "", stderr)
	asJSON := o.Bool("json", false, "print JSON")
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	var checks []service.Check
	switch err := ask(o.state, "doctor", &checks); {
	case errors.Is(err, errNotRunning):
		checks = []service.Check{{Name: "service", Found: err.Error(), Fix: "as administrator: dayline-agent start (or, where it is not installed: dayline-agent install); if it ends again, see " + whereLogIs}}
	case err != nil:
		return fail(stderr, err)
	}
	checks = append(checks, service.SystemChecks()...)
	checks = append(checks, releaseCheck())
	if *asJSON {
		if err := printJSON(stdout, checks); err != nil {
			return fail(stderr, err)
		}
	}
	status := done
	for _, check := range checks {
		word := "ok "
		if !check.OK {
			word, status = "FIX", failed
		}
		if *asJSON {
			continue
		}
		fmt.Fprintf(stdout, "%s  %-24s %s\n", word, check.Name, check.Found)
		if check.Fix != "" {
			fmt.Fprintf(stdout, "     → %s\n", check.Fix)
		}
	}
	return status
}
