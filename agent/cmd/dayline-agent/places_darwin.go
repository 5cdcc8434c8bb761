package main

import (
	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/preference"
	"github.com/dayline-project/dayline/agent/internal/service"
)

const (
	statePath   = service.MacState
	socketPath  = service.MacSocket
	ceilingPath = "/Library/Application Support/Dayline/ceiling.json"
)

// whereLogIs is where the service says why it ended.
const whereLogIs = statePath + "/agent.log, and crashes.txt beside it"

// systemCarriers are where an administrator leaves an enrolment string.
func systemCarriers() []enroll.Carrier {
	return []enroll.Carrier{enroll.Managed("the management profile", managedString)}
}

// managedString is the enrolment string that a management profile set for this computer.
func managedString() (string, error) {
	text, err := preference.Find(preference.Folders, service.MacBundle, "EnrollmentString")
	if text == "" && err == nil {
		err = enroll.ErrNoString
	}
	return text, err
}
