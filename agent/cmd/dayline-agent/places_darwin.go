package main

const (
	statePath   = "/Library/Application Support/Dayline/agent"
	socketPath  = "/var/run/dayline/agent.sock"
	carrierPath = ""
	ceilingPath = "/Library/Application Support/Dayline/ceiling.json"
)
