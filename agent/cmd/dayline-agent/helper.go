package main

import "io"

// session is the helper of one login session, for the service that keeps its state there.
func session(args []string, _, stderr io.Writer) int {
	o := newOptions("session", "", stderr)
	socket := o.String("socket", "", "the service's socket (default: that of the state folder)")
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	if *socket == "" {
		*socket = socketOf(o.state)
	}
	return runSession([]string{"--socket", *socket}, stderr)
}
