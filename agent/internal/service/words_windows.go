package service

// What people are told to do, in their system's words.
const (
	whereProgramsAre = `copy it to a folder of its own in C:\Program Files, and install from there`
	toBeObserved     = "sign out and in again; if that does not help, as administrator: dayline-agent restart"
	whyBlind         = "no helper in the session"
	notObserved      = "a session is not observed"
)
