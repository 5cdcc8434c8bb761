package main

const (
	statePath   = "/var/lib/dayline-agent"
	socketPath  = "/run/dayline/agent.sock"
	carrierPath = "/etc/dayline/enroll"
	ceilingPath = "/etc/dayline/ceiling.json"
)
