package main

const (
	statePath   = "/var/lib/dayline-agent"
	socketPath  = "/run/dayline/agent.sock"
	carrierPath = "/etc/dayline/enroll"
	ceilingPath = "/etc/dayline/ceiling.json"
)

// whereLogIs is where the service says why it ended.
const whereLogIs = "the system's log (on Linux: journalctl -u dayline-agent)"
