package main

import (
	"fmt"

	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/preference"
	"github.com/dayline-project/dayline/agent/internal/service"
)

const (
	statePath  = service.MacState
	socketPath = service.MacSocket
	// A management profile has the enrolment string there.
	carrierPath = ""
	ceilingPath = "/Library/Application Support/Dayline/ceiling.json"
)

// whereLogIs is where the service says why it ended.
const whereLogIs = statePath + "/agent.log, and crashes.txt beside it"

// managedString is the enrolment string that a management profile set for this computer.
func managedString() (string, error) {
	text, err := preference.Find(preference.Folders, service.MacBundle, "EnrollmentString")
	switch {
	case err != nil:
		return "", fmt.Errorf("%w; the one of the profile cannot be used: %w", enroll.ErrNoString, err)
	case text == "":
		return "", enroll.ErrNoString
	}
	return text, nil
}
