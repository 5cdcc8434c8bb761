//go:build unix && !darwin

package service

// What people are told to do, in their system's words.
const (
	whereProgramsAre = "copy it to /usr/local/bin as root, and install from there"
	toBeObserved     = "log out and in again, or run in the session: dayline-agent session"
	whyBlind         = "no helper in the session"
	notObserved      = "a session is not observed"
)
