package main

import (
	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/shared/unit"
)

const (
	statePath   = "/var/lib/dayline-agent"
	socketPath  = "/run/dayline/agent.sock"
	ceilingPath = "/etc/dayline/ceiling.json"
)

// whereLogIs is where the service says why it ended.
const whereLogIs = "the system's log (on Linux: journalctl -u dayline-agent)"

// systemCarriers are where an administrator leaves an enrolment string.
func systemCarriers() []enroll.Carrier { return []enroll.Carrier{enroll.File(unit.EnrollFile)} }
